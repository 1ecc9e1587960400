"""Tuning methods: one tagged value each. A new one is a class here and an entry in METHODS.

A method says what peft is to be told (`peft_config`) and which of a run's settings have another
good default for it (`defaults`). The worker needs no code of its own for a method of peft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from core.tuning.settings import InvalidRunSpec, refuse_what_breaks


@dataclass(frozen=True)
class Method:
    """What all methods have. Raises InvalidRunSpec.

    `precisions` are those that the base's weights can be kept in, `defaults` the run's settings
    that have another good default with this method.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]] = ("auto", "bf16", "fp32")
    defaults: ClassVar[Mapping[str, Any]] = {}
    allows_checkpointing: ClassVar[bool] = True

    def __post_init__(self) -> None:
        refuse_what_breaks(self)

    def peft_config(self) -> dict[str, Any] | None:
        """What makes the adapter's peft config, its `peft_type` included; None: no adapter."""
        raise NotImplementedError

    @property
    def virtual_tokens(self) -> int:
        """Positions of the model's context that the method fills with what it learned."""
        return 0


def _modules(names: str) -> str | list[str]:
    """all-linear, or module names with commas between them, as peft takes them."""
    listed = [one for name in names.split(",") if (one := name.strip())]
    return listed[0] if listed == ["all-linear"] else listed


@dataclass(frozen=True)
class Lora(Method):
    """Low-rank adapters beside frozen weights (arXiv:2106.09685). `target_modules`: all-linear, or
    names with commas between them."""

    name: ClassVar[str] = "lora"
    label: ClassVar[str] = "LoRA"
    summary: ClassVar[str] = "Trains small matrices beside the frozen weights; the usual choice."
    variant: ClassVar[Mapping[str, Any]] = {}

    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    target_modules: str = "all-linear"

    def peft_config(self) -> dict[str, Any]:
        return {
            "peft_type": "LORA",
            "r": self.lora_r,
            "lora_alpha": self.lora_alpha,
            "lora_dropout": self.lora_dropout,
            "target_modules": _modules(self.target_modules),
            **self.variant,
        }


@dataclass(frozen=True)
class RsLora(Lora):
    """LoRA scaled by alpha ÷ √rank instead of alpha ÷ rank (arXiv:2312.03732)."""

    name: ClassVar[str] = "rslora"
    label: ClassVar[str] = "rsLoRA"
    summary: ClassVar[str] = (
        "LoRA whose strength does not fade as the rank grows: for ranks of 32+."
    )
    variant: ClassVar[Mapping[str, Any]] = {"use_rslora": True}
    defaults: ClassVar[Mapping[str, Any]] = {"lora_r": 32, "lora_alpha": 16}


@dataclass(frozen=True)
class Dora(Lora):
    """LoRA on the direction of the weights, their magnitude learned apart (arXiv:2402.09353)."""

    name: ClassVar[str] = "dora"
    label: ClassVar[str] = "DoRA"
    summary: ClassVar[str] = "LoRA with a learned magnitude: often better at low ranks, slower."
    variant: ClassVar[Mapping[str, Any]] = {"use_dora": True}


@dataclass(frozen=True)
class Qlora(Lora):
    """LoRA beside a base whose weights are kept in 4 bits (NF4, double quantisation)."""

    name: ClassVar[str] = "qlora"
    label: ClassVar[str] = "QLoRA"
    summary: ClassVar[str] = "LoRA beside 4-bit weights: slower, for models that do not fit else."
    precisions: ClassVar[tuple[str, ...]] = ("auto", "4bit")


@dataclass(frozen=True)
class Loha(Method):
    """Adapter modules of Hadamard products of low-rank matrices (LoHa, arXiv:2108.06098)."""

    name: ClassVar[str] = "loha"
    label: ClassVar[str] = "LoHa"
    summary: ClassVar[str] = (
        "Adapter modules of a higher rank than LoRA's at the same size; slower."
    )
    defaults: ClassVar[Mapping[str, Any]] = {"learning_rate": 1e-3}

    loha_r: int = 8
    loha_alpha: int = 16
    target_modules: str = "all-linear"

    def peft_config(self) -> dict[str, Any]:
        return {
            "peft_type": "LOHA",
            "r": self.loha_r,
            "alpha": self.loha_alpha,
            "target_modules": _modules(self.target_modules),
        }


@dataclass(frozen=True)
class Ia3(Method):
    """One learned factor for each output of each layer (IA3, arXiv:2205.05638)."""

    name: ClassVar[str] = "ia3"
    label: ClassVar[str] = "IA3"
    summary: ClassVar[str] = "Learns one factor an output of each layer: the smallest files."
    defaults: ClassVar[Mapping[str, Any]] = {"learning_rate": 1e-2}

    target_modules: str = "all-linear"

    def peft_config(self) -> dict[str, Any]:
        return {
            "peft_type": "IA3",
            "target_modules": _modules(self.target_modules),
            "feedforward_modules": [],
        }


@dataclass(frozen=True)
class PromptTuning(Method):
    """Learned embeddings before every prompt (arXiv:2104.08691). They start as the embeddings of
    `init_text`, or of tokens drawn from the vocabulary where it is empty."""

    name: ClassVar[str] = "prompt_tuning"
    label: ClassVar[str] = "Prompt tuning"
    summary: ClassVar[str] = "Learns a prompt of embeddings; kilobytes, and the weakest learner."
    defaults: ClassVar[Mapping[str, Any]] = {"learning_rate": 3e-2}

    num_virtual_tokens: int = 20
    init_text: str = ""

    @property
    def virtual_tokens(self) -> int:
        return self.num_virtual_tokens

    def peft_config(self) -> dict[str, Any]:
        text = self.init_text.strip()
        start = {"prompt_tuning_init_text": text} if text else {}
        return {
            "peft_type": "PROMPT_TUNING",
            "num_virtual_tokens": self.num_virtual_tokens,
            "prompt_tuning_init": "TEXT" if text else "SAMPLE_VOCAB",
            **start,
        }


@dataclass(frozen=True)
class PrefixTuning(Method):
    """Learned keys and values before every prompt, in each layer (arXiv:2101.00190)."""

    name: ClassVar[str] = "prefix_tuning"
    label: ClassVar[str] = "Prefix tuning"
    summary: ClassVar[str] = "Learns keys and values for each layer that stand before the prompt."
    allows_checkpointing: ClassVar[bool] = False
    defaults: ClassVar[Mapping[str, Any]] = {"learning_rate": 3e-2}

    num_virtual_tokens: int = 20

    @property
    def virtual_tokens(self) -> int:
        return self.num_virtual_tokens

    def peft_config(self) -> dict[str, Any]:
        return {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": self.num_virtual_tokens}


@dataclass(frozen=True)
class Full(Method):
    """All weights, kept and computed with in fp32; final/ holds a whole model."""

    name: ClassVar[str] = "full"
    label: ClassVar[str] = "Full fine-tuning"
    summary: ClassVar[str] = "Trains every weight: the most memory (16 bytes a parameter and more)."
    precisions: ClassVar[tuple[str, ...]] = ("auto", "fp32")
    defaults: ClassVar[Mapping[str, Any]] = {"learning_rate": 2e-5}

    def peft_config(self) -> None:
        return None


_ALL: tuple[type[Method], ...] = (
    Lora,
    Qlora,
    RsLora,
    Dora,
    Loha,
    Ia3,
    PromptTuning,
    PrefixTuning,
    Full,
)
METHODS: Mapping[str, type[Method]] = {method.name: method for method in _ALL}


# What can learn a head for labels beside it; the others are made for models that write.
CLASSIFIERS = (Lora.name, Full.name)


def methods_for(head: str) -> tuple[str, ...]:
    """The names of the methods that train this head."""
    return CLASSIFIERS if head == "classification" else tuple(METHODS)


USUAL_RATE = 2e-4
# Of the learning rate that reference answers are learned with: a preference is lost, and with it
# the language, at rates that answers bear.
PREFERENCE_RATE = 0.25


def preference_defaults(method: type[Method]) -> dict[str, Any]:
    """The settings that have another good default when this method learns preferences (dpo): a
    lower learning rate, and half as many pairs at once as there would be examples, as each has two
    answers."""
    rate = method.defaults.get("learning_rate", USUAL_RATE)
    return {
        "learning_rate": PREFERENCE_RATE * rate,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
    }


def refuse_unfit_head(method: Method, head: str) -> None:
    """Raises InvalidRunSpec when the method cannot train this head."""
    fitting = methods_for(head)
    if method.name not in fitting:
        raise InvalidRunSpec(
            f"Method (method) must be {' or '.join(fitting)} to choose a label (head: {head}); "
            f"it is {method.name}."
        )


def method_from_json(values: Mapping[str, Any]) -> Method:
    """The method that `method_to_json` wrote. Raises InvalidRunSpec for unknown ones."""
    name = str(values.get("name"))
    if name not in METHODS:
        raise InvalidRunSpec(f"Method (method) must be {' or '.join(METHODS)} (it is {name!r}).")
    kind = METHODS[name]
    settings = {key: value for key, value in values.items() if key != "name"}
    if unknown := sorted(set(settings) - {field.name for field in fields(kind)}):
        raise InvalidRunSpec(
            f"{kind.label} has no settings called {', '.join(unknown)}. Take them out."
        )
    return kind(**settings)


def method_to_json(method: Method) -> dict[str, Any]:
    """The method's name and settings."""
    return {"name": method.name, **asdict(method)}


def refuse_unfit_precision(method: Method, precision: str) -> None:
    """Raises InvalidRunSpec when the method cannot keep its base in this precision."""
    if precision not in method.precisions:
        hint = " LoRA on 4-bit weights is called QLoRA." if precision == "4bit" else ""
        raise InvalidRunSpec(
            f"Precision (precision) must be {' or '.join(method.precisions)} for {method.label} "
            f"(it is {precision!r}).{hint}"
        )
