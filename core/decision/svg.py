"""Charts of a report as SVG: points with their intervals, and bars of counts. Sizes in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from core.wording import signed

WIDTH = 680
LEFT = 210
ROW = 30
FOOT = 28
BASELINE, CANDIDATE, NEITHER = "#64748b", "#b7791f", "#9aa5b1"


@dataclass(frozen=True)
class Point:
    """A value with its interval in a row; `low` and `high` None where there is none."""

    label: str
    value: float
    low: float | None
    high: float | None
    text: str
    colour: str = CANDIDATE


@dataclass(frozen=True)
class Bar:
    """A count with its label."""

    label: str
    count: int
    colour: str = NEITHER


def points_chart(
    title: str, points: Sequence[Point], low: float, high: float, ticks: Sequence[float]
) -> str:
    """Points with intervals on an axis from `low` to `high`; a dotted line at 0."""

    def at(value: float) -> float:
        return LEFT + (WIDTH - LEFT - 70) * (min(max(value, low), high) - low) / (high - low)

    bottom = ROW * len(points) + 6
    parts = [
        f'<line x1="{at(t):.1f}" y1="0" x2="{at(t):.1f}" y2="{bottom}" class="'
        f'{"zero" if t == 0 else "grid"}"/><text x="{at(t):.1f}" y="{bottom + 16}" '
        f'text-anchor="middle">{signed(t)}</text>'
        for t in ticks
    ]
    for k, point in enumerate(points):
        y = ROW * k + ROW / 2
        parts.append(_label(point.label, y))
        if point.low is not None and point.high is not None:
            parts.append(
                f'<line x1="{at(point.low):.1f}" y1="{y}" x2="{at(point.high):.1f}" y2="{y}" '
                f'stroke="{point.colour}" stroke-width="2.5"/>'
            )
        parts.append(
            f'<circle cx="{at(point.value):.1f}" cy="{y}" r="5" fill="{point.colour}"/>'
            f'<text x="{WIDTH - 62}" y="{y + 4}">{escape(point.text)}</text>'
        )
    return _svg(title, bottom + FOOT, parts)


def bars_chart(title: str, bars: Sequence[Bar]) -> str:
    """Bars of counts, one a row."""
    most = max([1, *(bar.count for bar in bars)])
    parts = []
    for k, bar in enumerate(bars):
        y, width = ROW * k + 4, (WIDTH - LEFT - 70) * bar.count / most
        parts.append(_label(bar.label, y + ROW / 2 - 4))
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{ROW - 10}" '
            f'fill="{bar.colour}"/><text x="{LEFT + width + 6:.1f}" y="{y + 15}">{bar.count}</text>'
        )
    return _svg(title, ROW * len(bars) + 4, parts)


def _label(text: str, y: float) -> str:
    short = text if len(text) <= 28 else f"{text[:27]}…"
    return f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(short)}</text>'


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
