"""What `core.study.leaks.scan` found; the server reads it without importing the scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

HIGHEST_BLIND_AUC = 0.8


@dataclass(frozen=True)
class LeakReport:
    """What gives the systems away, in sentences; AUCs in 0.5 (cannot be told) to 1 (always).

    `enough`: whether there were enough pairs to tell by length or format at all.
    """

    findings: tuple[str, ...]
    length_auc: float
    format_auc: float
    blind: bool
    enough: bool = True

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LeakReport:
        """The report that `to_json` wrote."""
        return cls(**{**values, "findings": tuple(values["findings"])})

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
