"""Rows of the validation: what is promised, what a simulation found, and whether that holds."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np

NO = "**no**"
HEAD = """\
| claim | simulated as | result ± its (largest) standard error | must be | holds? |
|---|---|---|---|---|"""


@dataclass(frozen=True)
class Size:
    """How many studies are simulated, as a share of the full number, and how many standard errors
    a result may lie beyond its bound before the claim counts as broken."""

    scale: float
    tolerance: float

    def studies(self, full: int) -> int:
        """How many of so many at full size."""
        return max(12, round(full * self.scale))


FULL = Size(1.0, 2.0)
SHORT = Size(1 / 40, 3.0)


@dataclass(frozen=True)
class Cell:
    """One number with its Monte-Carlo standard error, 0 for one that was computed exactly."""

    name: str
    value: float
    error: float
    unit: str = " %"


@dataclass(frozen=True)
class Bound:
    """Where a result must lie, ends included; everywhere when it is only reported."""

    low: float = -math.inf
    high: float = math.inf

    def beyond(self, value: float) -> float:
        """How far a value lies outside."""
        return max(self.low - value, value - self.high, 0.0)

    def text(self, unit: str) -> str:
        """The bound in a cell of the table."""
        if math.isinf(self.low) and math.isinf(self.high):
            return "reported"
        if math.isinf(self.low):
            return f"≤ {_number(self.high)}{unit}"
        if math.isinf(self.high):
            return f"≥ {_number(self.low)}{unit}"
        return f"{_number(self.low)} to {_number(self.high)}{unit}"


REPORTED = Bound()
RARELY = Bound(high=5)
COVERS = Bound(low=95)
ABOUT = Bound(low=94)


@dataclass(frozen=True)
class Row:
    """One claim: its cells, and a bound for each of them, or one for all."""

    claim: str
    simulated: str
    cells: tuple[Cell, ...]
    bounds: tuple[Bound, ...]

    def holds(self, size: Size) -> str:
        """yes; within error; no; or – for what is only reported."""
        pairs = self._bounded()
        if all(bound == REPORTED for _, bound in pairs):
            return "–"
        if any(bound.beyond(one.value) > size.tolerance * one.error for one, bound in pairs):
            return NO
        return "within error" if any(bound.beyond(one.value) for one, bound in pairs) else "yes"

    def markdown(self, size: Size) -> str:
        """The row of the table. Cells of one name stand together."""
        by_name: dict[str, list[Cell]] = {}
        for one in self.cells:
            by_name.setdefault(one.name, []).append(one)
        results = "; ".join(_text(name, cells) for name, cells in by_name.items())
        bounds = dict.fromkeys(bound.text(one.unit) for one, bound in self._bounded())
        must = "; ".join(bounds)
        return f"| {self.claim} | {self.simulated} | {results} | {must} | {self.holds(size)} |"

    def _bounded(self) -> list[tuple[Cell, Bound]]:
        bounds = self.bounds * len(self.cells) if len(self.bounds) == 1 else self.bounds
        return list(zip(self.cells, bounds, strict=True))


def share(name: str, hits: int, n: int) -> Cell:
    """A share of studies in percent; its error from (hits + 1) / (n + 2), so that it is never 0."""
    smooth = (hits + 1) / (n + 2)
    return Cell(name, 100 * hits / n, 100 * math.sqrt(smooth * (1 - smooth) / n))


def mean(name: str, values: list[float], unit: str = " %") -> Cell:
    """The mean over studies."""
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Cell(name, float(np.mean(values)), error, unit)


def chance(*about: object) -> np.random.Generator:
    """The fixed chance of one simulation, which no other one shares."""
    return np.random.default_rng(zlib.crc32(repr(about).encode()))


def _text(name: str, cells: list[Cell]) -> str:
    digits = 1 if cells[0].unit in (" %", " points") else 0
    values = " / ".join(_number(one.value, digits) for one in cells)
    worst = max(one.error for one in cells)
    error = f" ± {_number(worst, digits)}" if worst else ""
    return f"{name}: {values}{error}{cells[0].unit}" if name else f"{values}{error}{cells[0].unit}"


def _number(value: float, digits: int | None = None) -> str:
    return (f"{value:g}" if digits is None else f"{value:.{digits}f}").replace("-", "−")
