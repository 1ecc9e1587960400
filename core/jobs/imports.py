"""Keeps pandas, which no job but those on dataset folders uses, out of a worker.

pyarrow imports it with its first array, to see whether it was given one of pandas; that takes half
a second. For a process that does this one job and no other.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.jobs.context import JobContext


class _WithoutPandas(MetaPathFinder):
    """Not an entry None in sys.modules: pyarrow, compiled by Cython, takes that for the module."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is left out of this job.", name=fullname)


def leave_out_pandas(_job: JobContext) -> None:
    """From now on pandas cannot be imported, where that has not happened yet."""
    sys.meta_path.insert(0, _WithoutPandas())
