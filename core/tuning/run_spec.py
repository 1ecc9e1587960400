"""The frozen settings of a training run and of a generation, under the libraries' own names.

Pure: what can be wrong is refused here, before a worker starts, with how to mend it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, get_args

from core.errors import InvalidInput
from core.prompts import DEFAULT_TEMPLATE, PromptTemplate

Method = Literal["lora", "qlora"]
Precision = Literal["auto", "bf16", "fp32", "4bit"]
Scheduler = Literal["cosine", "linear", "constant"]
Overlong = Literal["refuse", "drop", "truncate"]
LIBRARIES = ("torch", "transformers", "peft", "tokenizers", "safetensors", "bitsandbytes")


class InvalidRunSpec(InvalidInput):
    """A setting of a run or a generation cannot be used; the message says how to mend it."""

    title = "These settings cannot be used"


@dataclass(frozen=True)
class RunSpec:
    """All that a training needs besides its data; the same spec and data give the same run.

    `base_model` is a folder, absolute or meant from the workspace, or a hub id that is already on
    this machine. `max_steps` -1 means by `num_train_epochs`. `warmup_steps` below 1 is a share of
    all steps, as in transformers 5. `eval_steps` 0 means once an epoch; `early_stopping_patience`
    counts evaluations without a better validation loss, 0 never stops early. Lengths are tokens.
    Empty hashes are not compared. Raises InvalidRunSpec.
    """

    run_id: str
    name: str
    base_model: str
    version_id: str
    base_model_hash: str = ""
    version_hash: str = ""
    template: str = DEFAULT_TEMPLATE
    template_hash: str = ""
    method: Method = "lora"
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    target_modules: str = "all-linear"
    learning_rate: float = 2e-4
    num_train_epochs: float = 3.0
    max_steps: int = -1
    per_device_train_batch_size: int = 8
    gradient_accumulation_steps: int = 1
    warmup_steps: float = 0.05
    lr_scheduler_type: Scheduler = "cosine"
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    max_length: int = 1024
    overlong: Overlong = "refuse"
    precision: Precision = "auto"
    early_stopping_patience: int = 3
    eval_steps: int = 0
    logging_steps: int = 10
    seed: int = 42
    library_versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _refuse_what_breaks(self, RUN_RULES)
        actual = PromptTemplate(self.template).hash
        if self.template_hash not in ("", actual):
            raise InvalidRunSpec("template_hash is not the hash of template. Take it from there.")
        object.__setattr__(self, "template_hash", actual)
        _refuse_unfit_precision(self.method, self.precision)

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Every setting that has a default, to fill a form with."""
        return {
            f.name: f.default
            for f in fields(cls)
            if f.default is not MISSING and f.name not in NOT_FOR_FORMS
        }

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal spec."""
        return {**asdict(self), "library_versions": dict(self.library_versions)}

    def job_spec(self) -> dict[str, Any]:
        """The content of the job folder's spec.json."""
        return {"kind": "train", **self.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunSpec:
        """The spec that `to_json` or `job_spec` wrote. Raises InvalidRunSpec for unknown names."""
        return cls(**_known(cls, values, also=("kind", "workspace")))


@dataclass(frozen=True)
class GenerationConfig:
    """How systems answer: `temperature` 0 takes the likeliest token; `shots` is how many worked
    examples a prompted base sees. Raises InvalidRunSpec."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    batch_size: int = 16
    seed: int = 42
    shots: int = 3

    def __post_init__(self) -> None:
        _refuse_what_breaks(self, GENERATION_RULES)
        # 0 and 0.0 are one setting and must have one hash.
        object.__setattr__(self, "temperature", float(self.temperature))

    @property
    def hash(self) -> str:
        """SHA-256 of the settings as sorted JSON, 64 hex digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GenerationConfig:
        """The config that `to_json` wrote. Raises InvalidRunSpec for unknown names."""
        return cls(**_known(cls, values))


def library_versions() -> dict[str, str]:
    """The installed versions of what a run depends on, found without importing any of it."""
    return {name: version(name) for name in LIBRARIES if _is_installed(name)}


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def weights_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of the folder's *.safetensors, sorted; 64 hex digits.

    Raises InvalidRunSpec when there are none.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InvalidRunSpec(f"{folder} holds no .safetensors file. Choose a folder with a model.")
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            total.update(f"{path.name}\n".encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


NOT_FOR_FORMS = frozenset({"base_model_hash", "version_hash", "template", "template_hash"})
Rule = tuple[str, Callable[[Any], bool], str]


def _whole(low: int, high: int = 2**31 - 1) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float, *, open_low: bool = False) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        if type(value) not in (int, float):
            return False
        return (low < value if open_low else low <= value) and bool(value <= high)

    return fits


def _one_of(kind: Any) -> Callable[[Any], bool]:
    return lambda value: value in get_args(kind)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


RUN_RULES: tuple[Rule, ...] = (
    ("run_id", _text, "must not be empty"),
    ("name", _text, "must not be empty: give the run a name"),
    ("base_model", _text, "must name a model folder"),
    ("version_id", _text, "must name a dataset version"),
    ("method", _one_of(Method), "must be lora or qlora"),
    ("lora_r", _whole(1, 1024), "must be a whole number from 1 to 1024; 8 to 64 is usual"),
    ("lora_alpha", _whole(1, 4096), "must be a whole number from 1 to 4096; 2 × lora_r is usual"),
    ("lora_dropout", _number(0, 0.9), "must be between 0 and 0.9"),
    ("target_modules", _text, "must be all-linear, or module names with commas between them"),
    ("learning_rate", _number(0, 1, open_low=True), "must be above 0, at most 1; 0.0002 is usual"),
    ("num_train_epochs", _number(0, 1000, open_low=True), "must be above 0 and at most 1000"),
    ("max_steps", lambda v: v == -1 or _whole(1)(v), "must be -1 (by epochs) or at least 1"),
    ("per_device_train_batch_size", _whole(1, 4096), "must be a whole number from 1 to 4096"),
    ("gradient_accumulation_steps", _whole(1, 4096), "must be a whole number from 1 to 4096"),
    ("warmup_steps", _number(0, 1e6), "must be a share below 1, or a number of steps"),
    ("lr_scheduler_type", _one_of(Scheduler), "must be cosine, linear or constant"),
    ("weight_decay", _number(0, 1), "must be between 0 and 1"),
    ("max_grad_norm", _number(0, 1e6, open_low=True), "must be above 0; 1 is usual"),
    ("max_length", _whole(8, 2**20), "must be a whole number of tokens, at least 8"),
    ("overlong", _one_of(Overlong), "must be refuse, drop or truncate"),
    ("precision", _one_of(Precision), "must be auto, bf16, fp32 or 4bit"),
    ("early_stopping_patience", _whole(0, 10**6), "must be 0 (never) or a number of evaluations"),
    ("eval_steps", _whole(0), "must be 0 (once an epoch) or a number of steps"),
    ("logging_steps", _whole(1), "must be at least 1"),
    ("seed", _whole(0), "must be a whole number from 0 to 2147483647"),
)
GENERATION_RULES: tuple[Rule, ...] = (
    ("max_new_tokens", _whole(1, 2**17), "must be a whole number from 1 to 131072"),
    ("temperature", _number(0, 5), "must be between 0 (the likeliest token) and 5"),
    ("batch_size", _whole(1, 4096), "must be a whole number from 1 to 4096"),
    ("seed", _whole(0), "must be a whole number from 0 to 2147483647"),
    ("shots", _whole(0, 64), "must be a whole number from 0 to 64"),
)


def _refuse_what_breaks(value: object, rules: tuple[Rule, ...]) -> None:
    wrong = [
        f"{name} {sentence} (it is {getattr(value, name)!r})."
        for name, fits, sentence in rules
        if not fits(getattr(value, name))
    ]
    if wrong:
        raise InvalidRunSpec(" ".join(wrong))


def _refuse_unfit_precision(method: Method, precision: Precision) -> None:
    if method == "lora" and precision == "4bit":
        raise InvalidRunSpec("LoRA on 4-bit weights is called QLoRA: set method to qlora.")
    if method == "qlora" and precision not in ("auto", "4bit"):
        raise InvalidRunSpec("QLoRA keeps the base in 4 bits: set precision to auto or 4bit.")


def _known(cls: type, values: Mapping[str, Any], also: tuple[str, ...] = ()) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    if unknown := sorted(set(values) - names - set(also)):
        raise InvalidRunSpec(f"Unknown settings: {', '.join(unknown)}. Take them out.")
    required = {f.name for f in fields(cls) if f.default is MISSING} - {"library_versions"}
    if missing := sorted(required - set(values)):
        raise InvalidRunSpec(f"Settings are missing: {', '.join(missing)}. Add them.")
    return {name: values[name] for name in values if name in names}
