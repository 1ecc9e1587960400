"""The frozen settings of a training run, under the libraries' own names.

Nested: data, base, prompt, objective, head, one method, optimiser, budget. Pure: what can be wrong
is refused here, before a worker starts, with how to mend it.

Every setting also has a plain name that is used once over all parts, so that forms and terminals
can say {"lora_r": 8, "max_steps": 20}. Specs were written flat, under these names, up to schema 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from core.prompts import PromptTemplate
from core.tuning.methods import (
    METHODS,
    Lora,
    Method,
    method_from_json,
    method_to_json,
    methods_for,
    preference_defaults,
    refuse_unfit_head,
    refuse_unfit_precision,
)
from core.tuning.settings import SETTINGS, InvalidRunSpec, refuse_what_breaks
from core.tuning.spec_parts import (
    Base,
    Budget,
    Data,
    Head,
    ObjectiveChoice,
    Optimiser,
    PromptChoice,
)

LIBRARIES = ("torch", "transformers", "peft", "tokenizers", "safetensors", "bitsandbytes")
PARTS: Mapping[str, Any] = {
    "data": Data,
    "base": Base,
    "prompt": PromptChoice,
    "objective": ObjectiveChoice,
    "optimiser": Optimiser,
    "budget": Budget,
}
OWN = ("run_id", "name", "head", "seed", "library_versions")
Learned = Literal["answers", "labels", "preferences"]
# What a run gets from its version, its base model and its project, and no form asks for.
GIVEN = frozenset(
    {
        "run_id",
        "name",
        "version_id",
        "version_hash",
        "train_split",
        "validation_split",
        "base_model",
        "model_id",
        "base_model_hash",
        "base_hub_id",
        "base_commit",
        "template",
        "label_field",
        "pairs_hash",
        "library_versions",
    }
)
# In spec.json for the worker, not for the run.
BESIDE = ("kind", "workspace", "template_hash", "rivals", "preferences")


@dataclass(frozen=True)
class RunSpec:
    """All that a training needs besides its examples; the same spec and data give the same run.

    Raises InvalidRunSpec.
    """

    run_id: str
    name: str
    data: Data
    base: Base
    prompt: PromptChoice = field(default_factory=PromptChoice)
    objective: ObjectiveChoice = field(default_factory=ObjectiveChoice)
    head: Head = "generation"
    method: Method = field(default_factory=Lora)
    optimiser: Optimiser = field(default_factory=Optimiser)
    budget: Budget = field(default_factory=Budget)
    seed: int = 42
    library_versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_what_breaks(self, dict.fromkeys(PARTS, ""))  # the parts have checked themselves
        refuse_unfit_head(self.method, self.head)
        refuse_unfit_precision(self.method, self.base.precision)
        if self.classifies and self.prefers:
            raise InvalidRunSpec(
                "Objective (objective) must be sft to choose a label (head: classification): "
                "preferences are between written answers."
            )
        checkpointing = self.budget.activation_checkpointing
        if checkpointing != "off" and not self.method.allows_checkpointing:
            raise InvalidRunSpec(
                "Activation checkpointing (activation_checkpointing) must be off for "
                f"{self.method.label}: it drops the keys and values that the method learns."
            )

    @property
    def classifies(self) -> bool:
        """Whether the model chooses a label instead of writing an answer."""
        return self.head == "classification"

    @property
    def prefers(self) -> bool:
        """Whether it learns from pairs of answers, of which one was preferred."""
        return self.objective.name == "dpo"

    @property
    def learns(self) -> Learned:
        """What the examples teach."""
        if self.prefers:
            return "preferences"
        return "labels" if self.classifies else "answers"

    def settings(self) -> dict[str, Any]:
        """Every setting under its plain name."""
        flat: dict[str, Any] = {name: getattr(self, name) for name in OWN}
        flat["method"] = self.method.name
        for part in ("method", *PARTS):
            value = getattr(self, part)
            flat |= {_plain(part, f.name): getattr(value, f.name) for f in fields(value)}
        return flat

    @classmethod
    def defaults(cls, method: str = Lora.name, objective: str = "sft") -> dict[str, Any]:
        """Every setting that has a default with this method and objective, under its plain name, to
        fill a form with. Raises InvalidRunSpec for unknown ones."""
        needed = {"run_id": "run", "name": "run", "version_id": "version", "base_model": "model"}
        asked = {**needed, "method": method, "objective": objective}
        flat = cls.from_settings(asked).settings()
        return {name: value for name, value in flat.items() if name not in GIVEN}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> RunSpec:
        """The spec of settings under their plain names; what is not given has the default that is
        good for the method and the objective. Raises InvalidRunSpec: all that is wrong, unknown or
        missing."""
        kind = METHODS.get(str(values.get("method", Lora.name)), Lora)
        own = preference_defaults(kind) if values.get("objective") == "dpo" else {}
        return _from_settings({**kind.defaults, **own, **values})

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal spec."""
        own = {name: getattr(self, name) for name in OWN}
        own["library_versions"] = dict(self.library_versions)
        parts = {name: asdict(getattr(self, name)) for name in PARTS}
        return {**own, **parts, "method": method_to_json(self.method)}

    def job_spec(self) -> dict[str, Any]:
        """The content of the job folder's spec.json."""
        return {"kind": "train", **self.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunSpec:
        """The spec that `to_json` or `job_spec` wrote, nested, or flat as older ones are.

        Raises InvalidRunSpec for unknown names.
        """
        # Before prompts had formats there was only the project's template.
        older = {} if "data" in values else {"prompt_style": "project"}
        return _from_settings({**older, **flattened(values)})


def complaint_about(name: str, settings: Mapping[str, Any]) -> str:
    """Why one of `settings` (by plain names) cannot be used, as a sentence; "" when it can."""
    setting = SETTINGS.get(name)
    if setting and not setting.fits(settings[name]):
        return setting.rule
    if name == "method" and settings[name] not in METHODS:
        return f"Method must be {' or '.join(METHODS)}."
    fitting = methods_for(str(settings.get("head", "")))
    if name == "method" and settings[name] not in fitting:
        return f"Method must be {' or '.join(fitting)} to choose a label."
    method = METHODS.get(settings.get("method", Lora.name))
    if name == "precision" and method and settings[name] not in method.precisions:
        return f"Precision must be {' or '.join(method.precisions)} for {method.label}."
    return ""


def flattened(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings under their plain names, wherever in the parts of a spec they stand."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name in (*PARTS, "method") and isinstance(value, Mapping):
            flat |= {_plain(name, key): one for key, one in value.items()}
        else:
            flat[name] = value
    return flat


def _plain(part: str, name: str) -> str:
    """The setting's name among those of all parts."""
    if part == "method":
        return "method" if name == "name" else name
    return str(PARTS[part].PLAIN.get(name, name))


def _from_settings(values: dict[str, Any]) -> RunSpec:
    _refuse_another_template(values)
    values = {**values, **as_now(values)}
    left = {name: value for name, value in values.items() if name not in BESIDE}
    given = {
        part: {f.name: left.pop(n) for f in fields(kind) if (n := _plain(part, f.name)) in left}
        for part, kind in PARTS.items()
    }
    of_methods = {f.name for kind in METHODS.values() for f in fields(kind)}
    method = {name: left.pop(name) for name in list(left) if name in of_methods}
    method["name"] = left.pop("method", Lora.name)
    if unknown := sorted(set(left) - set(OWN)):
        raise InvalidRunSpec(f"Unknown settings: {', '.join(unknown)}. Take them out.")
    if missing := _missing(left, given):
        raise InvalidRunSpec(f"Settings are missing: {', '.join(missing)}. Add them.")
    wrong: list[str] = []
    parts = {part: _made(kind, given[part], wrong) for part, kind in PARTS.items()}
    parts["method"] = _made(lambda **values: method_from_json(values), method, wrong)
    if wrong:
        raise InvalidRunSpec(" ".join(wrong))
    return RunSpec(**left, **parts)


def as_now(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that older versions wrote otherwise, as they are written now."""
    checkpointing = values.get("activation_checkpointing")
    if not isinstance(checkpointing, bool):
        return {}
    return {"activation_checkpointing": "full" if checkpointing else "off"}


def _missing(own: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]) -> list[str]:
    without_default = [
        _plain(part, f.name)
        for part, kind in PARTS.items()
        for f in fields(kind)
        if f.default is MISSING and f.name not in given[part]
    ]
    return sorted([*without_default, *(name for name in ("run_id", "name") if name not in own)])


def _made(make: Any, values: Mapping[str, Any], wrong: list[str]) -> Any:
    try:
        return make(**values)
    except InvalidRunSpec as error:
        wrong.append(error.message)
        return None


def _refuse_another_template(values: Mapping[str, Any]) -> None:
    expected = values.get("template_hash") or ""
    if expected and expected != PromptTemplate(values.get("template", PromptTemplate().text)).hash:
        raise InvalidRunSpec("template_hash is not the hash of template. Take it from there.")


def library_versions() -> dict[str, str]:
    """The installed versions of what a run depends on, found without importing any of it."""
    return {name: version(name) for name in LIBRARIES if _is_installed(name)}


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
