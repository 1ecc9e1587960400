"""How much memory this worker needed at most, and what to do when it does not suffice."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from typing import TypeVar

import psutil
import torch

from core.jobs.faults import is_out_of_memory

T = TypeVar("T")


def peak_memory_bytes(device: torch.device) -> int:
    """Bytes: what torch held on the GPU, or what the whole process held on a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def free_bytes(device: torch.device) -> int:
    """Bytes that may still be taken: on a GPU, what nobody holds and what torch holds in vain."""
    if device.type != "cuda":
        return int(psutil.virtual_memory().available)
    free, _ = torch.cuda.mem_get_info(device)
    held, used = torch.cuda.memory_reserved(device), torch.cuda.memory_allocated(device)
    return int(free + held - used)


def free_memory() -> None:
    """Gives back what is no longer referred to."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def until_it_fits(
    work: Callable[[], T], *, can_cut: Callable[[], bool], cut: Callable[[], None]
) -> T:
    """What `work` returns. As often as memory runs out, `cut` makes its portions smaller and it is
    done again; raises the out-of-memory error where `can_cut` says that they cannot be."""
    while True:
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or not can_cut():
                raise
        # Outside the except block, which still holds the tensors of what failed.
        free_memory()
        cut()
