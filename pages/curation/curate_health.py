"""Health on the Curate page: size, work, lengths, labels, and the topic map."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import streamlit as st

from core.checks.check import Check, MapPoint
from core.checks.health import THUMBS, size_sentence
from core.examples.topic_map import MOST_POINTS
from core.projects import Project
from core.workflows.curation import browsing, checks
from pages.components import charts, page, session
from pages.curation import example_filters

FIELD, TOPIC = "lengths_of", "topic_read"
LISTED = 20


def health(project: Project, check: Check) -> None:
    """The figures of the set as it is now, and the charts of the newest check."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    counts = browsing.counts(store, actor, project_id)
    usable = counts["total"] - counts["set_aside"]
    seconds = checks.seconds_spent(store, actor, project_id)
    reviewed = counts["accepted"] / usable if usable else 0.0
    distinct = check.result.distinct_prompts / max(1, check.result.examples)
    page.figures(
        [
            ("Examples", page.number(usable), "Set aside ones left out"),
            ("Accepted", page.percent(reviewed), "The share that a reviewer accepted"),
            ("Time spent", page.duration(seconds), "Writing and reviewing, as the pages measured"),
            (
                "Different questions",
                page.percent(distinct),
                "By instruction and input, when checked",
            ),
        ]
    )
    size(usable, counts["accepted"])
    lengths(check.result.lengths)
    for name, options in check.result.labels.items():
        labels(name, options)
    topics(check, checks.map_points(store, actor, project_id))


def size(usable: int, accepted: int) -> None:
    """How many examples there are, against the rules of thumb."""
    st.subheader("Size", anchor=False)
    st.write(f"{page.counted(usable, 'example')}: {size_sentence(usable)}")
    if accepted:
        st.write(f"{page.number(accepted)} of them accepted: {size_sentence(accepted)}")
    rules = ", ".join(f"{one.enough_for} {page.number(one.least)}" for one in THUMBS)
    st.caption(f"Rules of thumb, examples at least: {rules}.")


def lengths(found: Mapping[str, Mapping[str, Any]]) -> None:
    """A histogram of one field's lengths."""
    st.subheader("Lengths", anchor=False)
    given = [name for name, one in found.items() if one["counts"]]
    if not given:
        st.caption("All fields are empty.")
        return
    default = "output" if "output" in given else given[0]
    chosen = st.segmented_control("Field", given, default=default, required=True, key=FIELD)
    one = found[chosen or default]
    name = chosen or default
    edges, counts = one["edges"], one["counts"]
    spans = [
        page.number(low) if high - low == 1 else f"{page.number(low)}–{page.number(high - 1)}"
        for low, high in pairwise(edges)
    ]
    title = (
        f"Half of the {name}s have {page.number(one['median'])} characters or fewer, 95 % at most "
        f"{page.number(one['p95'])}"
    )
    fig = charts.figure(title, x="characters", y="examples", height=280)
    fig.add_bar(
        x=spans, y=counts, marker={"color": charts.NEUTRAL},
        hovertemplate="%{x} characters: %{y} examples<extra></extra>",
    )  # fmt: skip
    fig.update_xaxes(type="category", nticks=5, tickangle=0)
    rows = [{"characters": span, "examples": n} for span, n in zip(spans, counts, strict=True)]
    charts.show(fig, rows, f"lengths-{name}.csv")
    if one["empty"]:
        st.caption(f"{page.counted(one['empty'], f'{name} is', f'{name}s are')} empty.")


def labels(name: str, options: Mapping[str, int]) -> None:
    """How often each option of a label was chosen."""
    most, least = max(options, key=lambda o: options[o]), min(options, key=lambda o: options[o])
    ratio = options[most] / max(1, options[least])
    what = "output" if name == "output" else f"label “{name}”"
    title = f"The {what}: “{most}” is {page.number(ratio, 1)} times as frequent as “{least}”"
    if len(options) == 1:
        title = f"The {what} is always “{most}”"
    fig = charts.figure(title, x="examples", height=max(160, 60 + 30 * len(options)))
    fig.add_bar(
        x=list(options.values()), y=[shown(one) for one in options], orientation="h",
        marker={"color": charts.NEUTRAL}, hovertemplate="%{y}: %{x} examples<extra></extra>",
    )  # fmt: skip
    fig.update_yaxes(type="category", autorange="reversed")
    rows = [{"label": option, "examples": n} for option, n in options.items()]
    charts.show(fig, rows, f"labels-{name}.csv", key=f"labels_{name}")


def topics(check: Check, points: list[MapPoint]) -> None:
    """The topic map, and the examples of one topic."""
    st.subheader("Topics", anchor=False)
    if len(points) < 3:
        st.caption("Too few examples for a map.")
        return
    names = check.result.topics
    sizes = [sum(one.topic == k for one in points) for k in range(len(names))]
    share = max(sizes) / len(points)
    title = f"{page.counted(len(names), 'topic')}; the largest has {page.percent(share)} of the set"
    st.caption(
        "Instruction and input as points: near each other where they share telling words "
        "(TF-IDF, singular value decomposition). Topics are named by their words. "
        "Hover to read, click to open."
        + (
            f" A sample of {page.number(MOST_POINTS)}."
            if check.result.points == MOST_POINTS
            else ""
        )
    )
    fig = charts.figure(title, height=460)
    for k, name in enumerate(names):
        own = [one for one in points if one.topic == k]
        fig.add_scatter(
            x=[one.x for one in own], y=[one.y for one in own], mode="markers",
            name=shown(f"{name} ({page.number(len(own))})"),
            marker={"color": charts.SERIES[k % len(charts.SERIES)], "size": 7, "opacity": 0.7,
                    "symbol": ("circle", "diamond")[k // len(charts.SERIES) % 2]},
            text=[hovered(one) for one in own],
            customdata=[one.example_id for one in own],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.06, "yanchor": "top"})
    fig.update_xaxes(showticklabels=False, showgrid=False)
    fig.update_yaxes(showticklabels=False, showgrid=False)
    rows = [
        {"example": one.position, "topic": names[one.topic], "x": one.x, "y": one.y}
        for one in points
    ]
    clicked = charts.show(fig, rows, "topic-map.csv", choose=True)
    for one in (one for one in points if one.example_id in clicked):
        opened(one, names)
    listed(names, sizes, points)


def listed(names: list[str], sizes: list[int], points: list[MapPoint]) -> None:
    """The examples of a topic that somebody chooses."""
    chosen = st.selectbox(
        "Read the examples of a topic", range(len(names)), key=TOPIC, width=420,
        format_func=lambda k: f"{names[k]} ({page.number(sizes[k])})",
    )  # fmt: skip
    own = [one for one in points if one.topic == chosen]
    st.dataframe(
        [
            {"Example": one.position, "Instruction": one.instruction, "Input": one.input}
            for one in own[:LISTED]
        ],
        hide_index=True,
        height="content",
        column_config={"Example": st.column_config.NumberColumn(width="small")},
    )
    if len(own) > LISTED:
        st.caption(f"The first {LISTED} are listed.")
    st.page_link(
        "curation/examples.py",
        label="All examples of this topic on the Examples page",
        icon=":material/open_in_new:",
        query_params={example_filters.TOPIC: example_filters.topic_choice(chosen, names[chosen])},
    )


def opened(one: MapPoint, names: list[str]) -> None:
    """The example whose point somebody clicked."""
    with st.container(border=True):
        st.caption(shown(names[one.topic]))
        st.text(one.instruction or one.input)
        st.page_link(
            "curation/examples.py",
            label=f"Open example {page.number(one.position)}",
            icon=":material/open_in_new:",
            query_params={"example": one.example_id},
        )


def hovered(one: MapPoint) -> str:
    """What is read over a point: number and the beginning of the texts, in short lines."""
    text = " ".join(f"{one.instruction} {one.input}".split())[:160]
    lines = [text[k : k + 56] for k in range(0, len(text), 56)]
    return "<br>".join([f"Example {one.position}", *map(shown, lines)])


def shown(text: str) -> str:
    """A text in a chart, short, without markup."""
    cut = text if len(text) <= 60 else f"{text[:59]}…"
    return charts.plain_text(cut)
