"""A study's report as one HTML file: charts inside, nothing loaded, prints on A4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from core.decision.report import baseline_in, hash_of, names_in
from core.decision.svg import BASELINE, CANDIDATE, Bar, Point, bars_chart, points_chart
from core.scoring.metrics import metric
from core.study.comparing import Difference
from core.study.verdicts import points
from core.wording import signed

TEMPLATE = Path(__file__).with_name("report.html")
LIKELY_LARGEST = 4


def report_html(content: Mapping[str, Any]) -> str:
    """The report (as `core.decision.report` describes it) as a page."""
    names = names_in(content)
    page: str = _template().render(
        report=content,
        hash=hash_of(content),
        names=names,
        charts=[_charts(one, names, content) for one in content["candidates"]],
        baseline=baseline_in(content),
    )
    return page


@cache
def _template() -> Any:
    """Compiled once: that takes ten times as long as to fill it in."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {
        "interval": interval,
        "points": lambda share: "—" if share is None else points(share),
        "dash": lambda number: "—" if number is None else number,
        "known": known,
        "none_matches": none_matches,
        "metric": lambda name: metric(name).label,
        "day": lambda text: text.replace("T", " ").removesuffix("Z")[:16] + " UTC",
    }
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def interval(
    estimate: Mapping[str, Any] | None, digits: int = 2, scale: float = 1, unit: str = ""
) -> str:
    """“0.71 (0.64 to 0.78), n = 120”; with a unit “71 % (64 to 78), n = 120”."""
    if estimate is None or estimate["value"] is None:
        return "—"
    value, low, high = (
        None if estimate[name] is None else f"{scale * estimate[name]:.{digits}f}"
        for name in ("value", "low", "high")
    )
    bounds = "no interval" if low is None else f"{low} to {high}"
    return f"{value}{unit} ({bounds}), n = {estimate['n']}".replace("-", "−")


def known(difference: Mapping[str, Any]) -> bool:
    """Whether it is known that systems were asked differently in this."""
    return Difference.from_json(difference).is_known


def none_matches(scores: Sequence[Mapping[str, Any]]) -> bool:
    """Whether exact match is 0 for every system that has it."""
    means = [row["mean"]["value"] for row in scores if row["metric"] == "exact_match"]
    return bool(means) and not any(means)


def _charts(
    candidate: Mapping[str, Any], names: Mapping[str, str], content: Mapping[str, Any]
) -> dict[str, str]:
    name = names[candidate["candidate_id"]]
    baseline = baseline_in(content)["name"]
    counts = candidate["verdicts"]
    bars = [
        Bar(f"{name} better", counts.get("candidate", 0), CANDIDATE),
        Bar(f"{baseline} better", counts.get("baseline", 0), BASELINE),
        Bar("both good", counts.get("tie_good", 0)),
        Bar("both bad", counts.get("tie_bad", 0)),
        Bar("could not be judged", counts.get("cannot_judge", 0)),
    ]
    return {
        "net": _net(candidate["net"], name) if not content["withheld"] else "",
        "verdicts": bars_chart("How the pairs were first judged", bars),
        "criteria": _criteria(candidate["criteria"]) if not content["withheld"] else "",
    }


def _net(net: Mapping[str, Any], name: str) -> str:
    if net["value"] is None:
        return ""
    low, high = (None if net[k] is None else 100 * net[k] for k in ("low", "high"))
    point = Point(name, 100 * net["value"], low, high, points(net["value"]))
    return points_chart("Net preference in points", [point], -100, 100, (-100, -50, 0, 50, 100))


def _criteria(criteria: list[Mapping[str, Any]]) -> str:
    rows = [
        Point(one["criterion"], d["value"], d["low"], d["high"], signed(d["value"], 2))
        for one in criteria
        if (d := one["difference"])["value"] is not None
    ]
    ends = [abs(x) for row in rows for x in (row.value, row.low, row.high) if x is not None]
    reach = min(LIKELY_LARGEST, max([1.0, *ends]))
    reach = int(reach) if reach == int(reach) else int(reach) + 1
    ticks = range(-reach, reach + 1)
    return points_chart("Criteria, candidate minus baseline", rows, -reach, reach, ticks)
