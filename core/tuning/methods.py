"""Tuning methods: one tagged value each. A new one is a class here and an entry in METHODS.

A method says what peft is to be told (`peft_config`); the worker needs no code of its own for it,
unless it has virtual tokens (the loop's fast paths are wrong for those).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from core.tuning.settings import InvalidRunSpec, refuse_what_breaks


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters beside frozen weights. `target_modules`: all-linear, or names with commas
    between them. Raises InvalidRunSpec."""

    name: ClassVar[str] = "lora"
    label: ClassVar[str] = "LoRA"
    precisions: ClassVar[tuple[str, ...]] = ("auto", "bf16", "fp32")

    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    target_modules: str = "all-linear"

    def __post_init__(self) -> None:
        refuse_what_breaks(self)

    def peft_config(self) -> dict[str, Any]:
        """What makes the adapter's peft config, its `peft_type` included."""
        names = [name.strip() for name in self.target_modules.split(",")]
        return {
            "peft_type": "LORA",
            "r": self.lora_r,
            "lora_alpha": self.lora_alpha,
            "lora_dropout": self.lora_dropout,
            "target_modules": names[0] if names == ["all-linear"] else names,
        }


@dataclass(frozen=True)
class Qlora(Lora):
    """LoRA beside a base whose weights are kept in 4 bits (NF4, double quantisation)."""

    name: ClassVar[str] = "qlora"
    label: ClassVar[str] = "QLoRA"
    precisions: ClassVar[tuple[str, ...]] = ("auto", "4bit")


Method = Lora
METHODS: Mapping[str, type[Method]] = {method.name: method for method in (Lora, Qlora)}


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
