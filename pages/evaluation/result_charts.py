"""Charts of the results page: points with their intervals, verdict counts, reviews over time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.exporting.tables import to_csv
from core.scoring.metrics import metric as metric_named
from core.statistics.estimates import Estimate
from core.study.findings import Comparison
from core.study.sentences import written
from core.study.verdicts import Verdict
from core.wording import begun, figure
from core.workflows.evaluation.score_report import SystemScores
from pages.components import charts

ROW = 62
VERDICTS: dict[Verdict, str] = {
    "candidate": "{candidate} better",
    "baseline": "{baseline} better",
    "tie_good": "both good",
    "tie_bad": "both bad",
    "cannot_judge": "could not be judged",
}
VERDICT_COLOURS = {"candidate": charts.CANDIDATE, "baseline": charts.BASELINE}
ROLES = (("baseline", 0.17, charts.BASELINE), ("candidate", -0.17, charts.CANDIDATE))
Names = Mapping[str, str]


def points(
    fig: Any,
    rows: Sequence[tuple[float, Estimate]],
    *,
    name: str,
    colour: str,
    digits: int = 2,
    percent: bool = False,
) -> None:
    """Add one point with its interval per (height, estimate); what has no value is left out."""
    given = [(y, e) for y, e in rows if e.value is not None]
    values = [float(e.value) for _, e in given if e.value is not None]
    fig.add_scatter(
        x=values,
        y=[y for y, _ in given],
        mode="markers+text",
        name=safe(name),
        text=[f"{value:.0%}" if percent else figure(value, digits) for value in values],
        textposition="top center",
        marker={"color": colour, "size": 11},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_reach(e.value, e.high) for _, e in given],
            "arrayminus": [_reach(e.low, e.value) for _, e in given],
            "color": colour,
            "thickness": 2.5,
            "width": 6,
        },
        customdata=[written(e, 0 if percent else digits, percent=percent) for _, e in given],
        hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        cliponaxis=False,
    )


def _reach(low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else high - low


def rows_axis(fig: Any, labels: Sequence[str], width: int = 22) -> None:
    """Name the heights 0, -1, -2 … from the top down."""
    words = ["<br>".join(safe(line) for line in textwrap.wrap(label, width)) for label in labels]
    heights = [-k for k in range(len(labels))]
    fig.update_yaxes(
        tickvals=heights, ticktext=words, range=[0.6 - len(labels), 0.6], showgrid=False
    )
    fig.update_layout(height=max(150, ROW * len(labels) + 70))


def safe(text: str) -> str:
    """A person's words where Plotly reads a little HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def scores_chart(
    title: str, report: Sequence[SystemScores], metric: str, colours: Mapping[str, str]
) -> None:
    """One point per system on one metric; from 0 to 1 where it can be neither less nor more."""
    fig = charts.figure(title, x=metric_name(metric))
    for k, scores in enumerate(report):
        if metric in scores.means:
            colour = colours[scores.system.system_id]
            mean = scores.means[metric].mean
            points(fig, [(-k, mean)], name=scores.system.name, colour=colour)
    rows_axis(fig, [scores.system.name for scores in report])
    if metric_named(metric).bounds == (0.0, 1.0):
        fig.update_xaxes(range=[-0.04, 1.02])
    rows = [
        {"system": s.system.name, "metric": metric, **as_row(s.means[metric].mean)}
        for s in report
        if metric in s.means
    ]
    charts.show(fig, rows, f"{metric.replace(':', '-')}.csv")


def metric_name(metric: str) -> str:
    """A metric as people read it."""
    return metric_named(metric).label


def as_row(estimate: Estimate) -> dict[str, Any]:
    """An estimate as the columns of a table."""
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "interval": f"{estimate.kind}, {estimate.method}",
    }


def download(rows: Sequence[Mapping[str, Any]], file_name: str) -> None:
    """Offer a table's rows as CSV beneath it."""
    charts.csv_button(lambda: to_csv(rows), file_name, f"csv {file_name}")


def net_chart(title: str, found: Comparison, names: Names) -> None:
    """The net preference with its interval against none, in points from -100 to 100."""
    name, net = names["candidate"], in_points(found.net)
    fig = charts.figure(title, x="net preference, in points")
    points(fig, [(0, net)], name=name, colour=charts.CANDIDATE, digits=0)
    rows_axis(fig, [name])
    fig.add_vline(x=0, line={"dash": "dot", "width": 1.5, "color": charts.BASELINE})
    fig.update_xaxes(range=[-104, 104], tickvals=[-100, -50, 0, 50, 100])
    _show(fig, [{"system": name, **as_row(net)}], "net-preference", found)


def in_points(share: Estimate) -> Estimate:
    """The same estimate in hundredths."""
    value, low, high = (
        None if x is None else 100 * x for x in (share.value, share.low, share.high)
    )
    return replace(share, value=value, low=low, high=high)


def verdicts_chart(title: str, found: Comparison, names: Names) -> None:
    """How many pairs ended in each verdict."""
    rows = [(v, words.format(**names), found.count(v)) for v, words in VERDICTS.items()]
    fig = charts.figure(title, x="pairs")
    fig.add_bar(
        x=[count for _, _, count in rows],
        y=[-k for k in range(len(rows))],
        orientation="h",
        marker={"color": [VERDICT_COLOURS.get(v, "#9aa5b1") for v, _, _ in rows]},
        text=[str(count) for _, _, count in rows],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x} pairs<extra></extra>",
    )
    rows_axis(fig, [label for _, label, _ in rows])
    fig.update_xaxes(rangemode="tozero", dtick=_whole(max(n for _, _, n in rows)))
    fig.update_layout(height=280)
    _show(fig, [{"verdict": label, "pairs": n} for _, label, n in rows], "verdicts", found)


def _whole(most: int) -> int | None:
    """Ticks at whole numbers where Plotly would cut few things into fractions."""
    return 1 if most <= 5 else None


def criteria_chart(title: str, found: Comparison, names: Names) -> None:
    """Mean rating 1–5 per criterion, baseline and candidate."""
    fig = charts.figure(title, x="mean rating, 1 to 5")
    for role, shift, colour in ROLES:
        rows = [(shift - k, getattr(c, role)) for k, c in enumerate(found.criteria)]
        points(fig, rows, name=names[role], colour=colour)
    rows_axis(fig, [criterion_name(c.criterion) for c in found.criteria])
    fig.update_xaxes(range=[0.9, 5.1], dtick=1)
    _legend(fig, extra=60 + 24 * len(found.criteria))
    table = [
        {"criterion": c.criterion, "system": names[role], **as_row(getattr(c, role))}
        for c in found.criteria
        for role, _, _ in ROLES
    ]
    _show(fig, table, "ratings", found)


def criterion_name(criterion: str) -> str:
    """A criterion as people read it; bias is the one of which more is less."""
    return "Bias (5: none)" if criterion == "bias" else begun(criterion)


def flags_chart(title: str, found: Comparison, names: Names) -> None:
    """The share of pairs in which a flag was raised, baseline and candidate, exact intervals."""
    fig = charts.figure(title, x="share of judged pairs")
    flags = list(found.flags)
    for k, (role, shift, colour) in enumerate(ROLES):
        rows = [(shift - at, found.flags[flag][k]) for at, flag in enumerate(flags)]
        points(fig, rows, name=names[role], colour=colour, percent=True)
    rows_axis(fig, [flag.capitalize() for flag in flags])
    fig.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    _legend(fig, extra=60 + 24 * len(flags))
    table = [
        {"flag": flag, "system": names[role], **as_row(found.flags[flag][k])}
        for flag in flags
        for k, (role, _, _) in enumerate(ROLES)
    ]
    _show(fig, table, "flags", found)


def _show(fig: Any, rows: Sequence[Mapping[str, Any]], name: str, found: Comparison) -> None:
    charts.show(fig, rows, f"{name}.csv", key=f"{name} {found.candidate_id}")


def _legend(fig: Any, extra: int) -> None:
    fig.update_layout(
        showlegend=True,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        height=fig.layout.height + extra,
    )


def days_chart(title: str, per_day: Sequence[tuple[str, int]]) -> None:
    """Judgements per day."""
    fig = charts.figure(title, y="judgements", height=240)
    days, counts = [day for day, _ in per_day], [count for _, count in per_day]
    fig.add_bar(
        width=min(0.7, 0.12 * len(days)),
        x=days, y=counts, marker={"color": charts.NEUTRAL}, text=counts, textposition="outside",
        cliponaxis=False, hovertemplate="%{x}: %{y}<extra></extra>",
    )  # fmt: skip
    fig.update_xaxes(type="category")
    fig.update_yaxes(rangemode="tozero", dtick=_whole(max(counts, default=0)))
    charts.show(fig, [{"day": d, "judgements": c} for d, c in per_day], "reviews-per-day.csv")
