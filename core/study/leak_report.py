"""What `core.study.leaks.scan` found; the server reads it without importing the scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

HIGHEST_BLIND_SHARE = 0.8
"""Of the pairs in which a mark is on the side of one and the same system: more is not blind."""


@dataclass(frozen=True)
class Measure:
    """How well one thing tells the systems apart: `share` of the pairs, 0.5 (as chance does) to 1;
    `p` that chance does as well, None where a former version did not compute it."""

    name: str
    share: float
    p: float | None = None


@dataclass(frozen=True)
class LeakReport:
    """What gives the systems away, in sentences that never say which system is which.

    `enough`: whether there were enough pairs to tell by length or format at all. `remedies`: the
    changes to what raters see that would close what was found (`core.study.transforming`).
    """

    findings: tuple[str, ...]
    measures: tuple[Measure, ...]
    blind: bool
    enough: bool = True
    remedies: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LeakReport:
        """The report that `to_json` wrote, or one of a former version."""
        if "length_auc" in values:  # it compared the answers of all pairs with each other
            measured = (("Length", values["length_auc"]), ("Format", values["format_auc"]))
            measures = tuple(Measure(name, auc) for name, auc in measured)
        else:
            measures = tuple(Measure(**one) for one in values["measures"])
        return cls(
            tuple(values["findings"]),
            measures,
            values["blind"],
            values.get("enough", True),
            tuple(values.get("remedies", ())),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
