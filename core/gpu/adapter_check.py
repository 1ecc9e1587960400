"""After a training: proof that what was saved is what was trained, on the very same base."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from core.errors import TouchstoneError
from core.gpu.adapters import is_adapter, tensor_hashes
from core.gpu.data import EncodedExample
from core.gpu.labelled import LabelledExample, class_logits

# Bits of the mantissa of what the logits are computed in. A reloaded model may get other kernels;
# then each rounds differently. On a CPU in fp32 nothing differs.
MANTISSA_BITS = {"fp32": 23, "4bit": 7, "bf16": 7}
# Differences in units in the last place at the size of a token's largest logit: the most for any
# one, and on average. In bf16 one unit at logits of 30 is 0.125.
MOST_UNITS, MEAN_UNITS = 8.0, 1.0
PROBES = 3


class AdapterNotProven(TouchstoneError):
    """The saved adapter does not answer as the trained one did."""

    title = "The saved adapter differs from the trained one"


@dataclass(frozen=True)
class Readings:
    """Logits of some probes, one (tokens, vocabulary) float32 tensor each, on the CPU; and the
    hashes of the saved tensors by name. `base` is empty where the model cannot be its own base:
    after full fine-tuning."""

    base: list[torch.Tensor]
    tuned: list[torch.Tensor]
    adapter: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Gap:
    """How far two readings are apart: absolute, and in units in the last place."""

    largest: float
    most_units: float
    mean_units: float

    @property
    def is_rounding(self) -> bool:
        """True when rounding alone explains it; never for what is no number."""
        return self.most_units <= MOST_UNITS and self.mean_units <= MEAN_UNITS

    def as_check(self, ok: bool) -> dict[str, Any]:
        """The check as it is kept in metrics.json."""
        units = {"units": round(self.most_units, 3), "mean_units": round(self.mean_units, 3)}
        return {"ok": ok, "largest_difference": self.largest, **units}


def read_logits(model: Any, probes: Sequence[EncodedExample], device: torch.device) -> list[Any]:
    """The logits of every token of each probe, each in a batch of its own; those of the virtual
    tokens before them are left out. Of a labelled probe those of its labels, (1, labels)."""
    with torch.inference_mode():
        return [_logits(model, probe, device).float().cpu() for probe in probes[:PROBES]]


def _logits(model: Any, probe: EncodedExample, device: torch.device) -> torch.Tensor:
    if isinstance(probe, LabelledExample):
        return class_logits(model, [probe.prompt], device)
    ids = torch.tensor([[*probe.prompt, *probe.answer]], device=device)
    logits: torch.Tensor = model(input_ids=ids, use_cache=False).logits
    return logits[0, -ids.shape[1] :]


def read_both(model: Any, probes: Sequence[EncodedExample], device: torch.device) -> Readings:
    """What a tuned model says with, and if it can without, its adapter, and what is saved of it."""
    base: list[torch.Tensor] = []
    if is_adapter(model):
        with model.disable_adapter():
            base = read_logits(model, probes, device)
    return Readings(base, read_logits(model, probes, device), tensor_hashes(model))


def prove(
    trained: Readings, fresh_base: list[torch.Tensor], reloaded: Readings, precision: str
) -> dict[str, Any]:
    """Checks with their largest differences, and a hash of each reading. The first of the four is
    about adapters alone.

    Raises AdapterNotProven when the trained model without adapter is not the fresh base, when the
    adapter changes nothing, or when the reloaded one differs from the trained one: in its answers
    by more than rounding in this precision, in its tensors at all.
    """
    bits = MANTISSA_BITS[precision]
    bases = [measure(one.base, fresh_base, bits) for one in (trained, reloaded) if one.base]
    change = measure(trained.tuned, trained.base or fresh_base, bits)
    reload = measure(reloaded.tuned, trained.tuned, bits)
    weights = trained.adapter == reloaded.adapter
    checks: dict[str, dict[str, Any]] = {}
    if bases:
        worst = max(bases, key=lambda gap: (not gap.is_rounding, gap.largest))
        checks["base_equals_fresh_base"] = worst.as_check(all(gap.is_rounding for gap in bases))
    checks |= {
        "tuned_differs_from_base": change.as_check(change.largest > 0),
        "reloaded_equals_trained": reload.as_check(reload.is_rounding),
        "saved_weights_equal_trained": {"ok": weights},
    }
    if failed := [name.replace("_", " ") for name, check in checks.items() if not check["ok"]]:
        raise AdapterNotProven(
            f"After reloading, this does not hold: {', '.join(failed)}. The adapter was not kept; "
            "check that the base model's files did not change, and train again."
        )
    hashes = {"base": _hash(fresh_base), "trained": _hash(trained.tuned)}
    return {**checks, "logits_sha256": {**hashes, "reloaded": _hash(reloaded.tuned)}}


def measure(ours: list[torch.Tensor], theirs: list[torch.Tensor], mantissa_bits: int) -> Gap:
    """The gap between two readings of the same probes."""
    gaps, units = [], []
    for one, other in zip(ours, theirs, strict=True):
        gap = (one - other).abs()
        # Every logit of a token is one sum of numbers of about the same size, whatever its own.
        size = torch.maximum(one.abs(), other.abs()).amax(-1, keepdim=True).clamp_min(1e-30)
        gaps.append(gap.flatten())
        units.append((gap / torch.exp2(size.log2().floor() - mantissa_bits)).flatten())
    every, all_units = torch.cat(gaps), torch.cat(units)
    return Gap(float(every.max()), float(all_units.max()), float(all_units.mean()))


def _hash(readings: list[torch.Tensor]) -> str:
    return hashlib.sha256(b"".join(r.numpy().tobytes() for r in readings)).hexdigest()
