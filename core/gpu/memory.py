"""How much memory this worker needed at most."""

from __future__ import annotations

import gc
import resource
import sys

import torch


def peak_memory_bytes(device: torch.device) -> int:
    """Bytes: what torch held on the GPU, or what the whole process held on a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def free_memory() -> None:
    """Gives back what is no longer referred to."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
