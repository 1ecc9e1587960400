"""After a training: proof that what was saved is what was trained, on the very same base."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.errors import TouchstoneError
from core.gpu.data import EncodedExample

# Kernels may be chosen anew for a reloaded model; on a CPU in fp32 they are not, and it is exact.
TOLERANCE = {"fp32": 1e-4, "4bit": 2e-2, "bf16": 1e-1}
PROBES = 3


class AdapterNotProven(TouchstoneError):
    """The saved adapter does not answer as the trained one did."""

    title = "The saved adapter differs from the trained one"


@dataclass(frozen=True)
class Readings:
    """Logits of some probes, one (tokens, vocabulary) float32 tensor each, on the CPU."""

    base: list[torch.Tensor]
    tuned: list[torch.Tensor]


def read_logits(model: Any, probes: Sequence[EncodedExample], device: torch.device) -> list[Any]:
    """The logits of every token of each probe, each in a batch of its own."""
    with torch.inference_mode():
        return [
            model(input_ids=torch.tensor([[*p.prompt, *p.answer]], device=device), use_cache=False)
            .logits[0]
            .float()
            .cpu()
            for p in probes[:PROBES]
        ]


def read_both(model: Any, probes: Sequence[EncodedExample], device: torch.device) -> Readings:
    """What a PeftModel says without and with its adapter."""
    with model.disable_adapter():
        base = read_logits(model, probes, device)
    return Readings(base, read_logits(model, probes, device))


def prove(
    trained: Readings, fresh_base: list[torch.Tensor], reloaded: Readings, precision: str
) -> dict[str, Any]:
    """Three checks with their largest difference between logits, and a hash of each reading.

    Raises AdapterNotProven when the trained model without adapter is not the fresh base, when the
    adapter changes nothing, or when the reloaded one differs from the trained one.
    """
    bound = TOLERANCE[precision]
    base = max(_gap(trained.base, fresh_base), _gap(reloaded.base, fresh_base))
    change, reload = _gap(trained.tuned, trained.base), _gap(reloaded.tuned, trained.tuned)
    checks = {
        "base_equals_fresh_base": {"ok": base <= bound, "largest_difference": base},
        "tuned_differs_from_base": {"ok": change > 0, "largest_difference": change},
        "reloaded_equals_trained": {"ok": reload <= bound, "largest_difference": reload},
    }
    if failed := [name.replace("_", " ") for name, check in checks.items() if not check["ok"]]:
        raise AdapterNotProven(
            f"After reloading, this does not hold: {', '.join(failed)}. The adapter was not kept; "
            "check that the base model's files did not change, and train again."
        )
    hashes = {"base": _hash(fresh_base), "trained": _hash(trained.tuned)}
    return {
        **checks,
        "tolerance": bound,
        "logits_sha256": {**hashes, "reloaded": _hash(reloaded.tuned)},
    }


def _gap(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True))


def _hash(readings: list[torch.Tensor]) -> str:
    return hashlib.sha256(b"".join(r.numpy().tobytes() for r in readings)).hexdigest()
