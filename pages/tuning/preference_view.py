"""Preference tuning on the pages: which pairs there are, its curves, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import TouchstoneError
from core.tuning.curves import Curves, Point
from core.tuning.preferences import (
    LEFT_OUT,
    PAIR_SOURCES,
    PairSources,
    PreferenceSet,
    left_out_words,
    sources_words,
)
from core.tuning.run import Run
from core.workflows.tuning.preferences import preferences_by_choice
from pages.components import charts, errors, page, session

HOW = (
    "Preference pairs come from blind studies: which of two answers people preferred, and what "
    "they wrote as a better one. Let two systems answer the train or validation split, open a "
    "study of them for preference tuning, rate it, and close it. Negatives that a person confirmed "
    "under Curate, Proposals are pairs, too: the accepted answer is preferred to them."
)


def preference_pairs(version_id: str, start: object, key: str) -> PreferenceSet | None:
    """Let the person choose where the pairs come from, first as in `start`, with how many there are
    of each, and tell which a run on this version would learn from; None, with how to get some,
    where there are too few."""
    each = preferences_by_choice(session.store(), session.actor(), version_id)
    if not each["both"].pairs and not each["both"].left_out:
        page.empty("There are no preferences yet", HOW, "evaluation/studies.py", "Open a study")
        return None
    found = each[_chosen_sources(each, start, key)]
    try:
        found.refuse_too_few()
    except TouchstoneError as error:
        where = {"negatives": ("curation/curate.py", "Confirm negatives")}
        link = where.get(found.sources, ("evaluation/studies.py", "Open a study"))
        page.empty(error.title, errors.escaped(error.message), *link)
        return None
    st.info(errors.escaped(found.told()), icon=":material/thumbs_up_down:")
    return found


def _chosen_sources(
    each: Mapping[PairSources, PreferenceSet], start: object, key: str
) -> PairSources:
    first: PairSources = next((one for one in each if one == start), "both")
    chosen: PairSources = st.segmented_control(
        "Where the pairs come from",
        list(each),
        default=first,
        format_func=lambda one: f"{PAIR_SOURCES[one][0]} · {page.number(len(each[one].pairs))}",
        required=True,
        key=f"{key} pair sources",
        help="Ratings are what people preferred and corrected in closed studies. The choice is "
        "frozen with the run.",
    )
    if chosen == "negatives":
        st.caption(
            "Negatives by rules have the marks of their rules: a model can learn to avoid those "
            "alone. A study on the test split says whether its answers are better."
        )
    return chosen


def preference_figures(known: Curves) -> None:
    """How the held-out pairs stand at the newest evaluation, beside the loss and the speed."""
    page.figures(
        [
            (
                "Loss",
                page.number(known.loss[-1][1], 3) if known.loss else "—",
                "Mean over the last steps, in nats per pair; 0.693 is no preference at all.",
            ),
            (
                "Held-out accuracy",
                page.percent(_last(known.validation_accuracy)),
                "In so many of the held-out pairs the preferred answer is rewarded more.",
            ),
            (
                "Held-out reward margin",
                page.number(_last(known.validation_margin), 3),
                "By how much more, on average: beta times the change of log-probabilities.",
            ),
            ("Tokens per second", page.number(known.speed), "Tokens of questions and answers"),
        ]
    )


def _last(points: Sequence[Point]) -> float | None:
    return points[-1][1] if points else None


def preference_curves(known: Curves) -> None:
    """Accuracy and reward margin over the steps, in training and on the held-out pairs."""
    if not known.margin and not known.validation_margin:
        return
    accuracy, margin = _last(known.validation_accuracy), _last(known.validation_margin)
    told = "Preference accuracy in training"
    if accuracy is not None:
        told = f"{page.percent(accuracy)} of the held-out pairs are preferred as people did"
    _chart(told, "share of pairs", known.accuracy, known.validation_accuracy, "accuracy")
    told = "Reward margin in training"
    if margin is not None:
        told = f"Held-out reward margin {margin:.3f}"
    _chart(told, "reward margin", known.margin, known.validation_margin, "margin")


def _chart(
    title: str, what: str, training: Sequence[Point], validation: Sequence[Point], name: str
) -> None:
    fig = charts.figure(title, x="step", y=what, height=240)
    last = [points[-1][1] for points in (training, validation) if points]
    places = ("top right", "bottom right") if last[0] >= last[-1] else ("bottom right", "top right")
    for points, label, place, look in (
        (training, "training", places[0], {"colour": charts.BASELINE}),
        (
            validation,
            "held out",
            places[1],
            {"colour": charts.CANDIDATE, "dash": "dot", "markers": True},
        ),
    ):
        if points:
            steps, values = zip(*points, strict=True)
            charts.lines(fig, steps, values, name=label, label=place, **look)
    if name == "accuracy":
        fig.update_yaxes(range=[0, 1.05], tickformat=".0%")
    fig.update_layout(margin={"r": 84})  # the names stand behind the lines' ends
    rows = [{"step": step, f"training_{name}": value} for step, value in training]
    rows += [{"step": step, f"held_out_{name}": value} for step, value in validation]
    charts.show(fig, sorted(rows, key=lambda row: row["step"]), f"{name}.csv", key=name)


def learned_preferences(run: Run) -> None:
    """Where the pairs of a completed run came from, what was left out, and what it prefers now."""
    found = run.metrics.preferences if run.metrics else None
    if not found:
        st.caption("Which pairs it learned from is shown once the run is completed.")
        return
    _held_out(found)
    rows = [
        {"Study": study["name"], "Preference pairs": page.number(study["pairs"])}
        for study in found.get("studies", {}).values()
    ]
    if rows:
        st.dataframe(rows, hide_index=True, height="content")
    sources = sources_words(found.get("sources", {}))
    st.caption(
        errors.escaped(
            f"{page.counted(found.get('pairs', 0), 'pair')}: {sources}. None is of a test example. "
            f"{left_out_words(found.get('left_out', {}))} Frozen as data/train.parquet and "
            f"data/validation.parquet of the run's folder; SHA-256 {found.get('hash', '')[:12]}."
        )
    )
    if left_out := found.get("left_out"):
        st.dataframe(
            {
                "Left out": [words for why, words in LEFT_OUT.items() if why in left_out],
                "Pairs": [page.number(left_out[why]) for why in LEFT_OUT if why in left_out],
            },
            hide_index=True,
            height="content",
        )


def _held_out(found: Mapping[str, Any]) -> None:
    count = found.get("validation", 0)
    st.caption(
        f"Accuracy and margin are of {page.counted(count, 'held-out pair')}, which also chose the "
        "best step, so they flatter a little. Whether its answers are better, a study on the test "
        "split says."
    )


def right_figures(found: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """Accuracy and margin of the held-out pairs, as figures."""
    count = f"Of {page.counted(found.get('validation', 0), 'held-out pair')}"
    return [
        ("Held-out accuracy", page.percent(found.get("validation_preference_accuracy")), count),
        ("Reward margin", page.number(found.get("validation_reward_margin"), 3), count),
    ]
