"""Blind pairs in the browser: what goes out, what comes back, and the component that shows it.

Whatever leaves through `data_for` reaches the browser, so it is made of BlindPair, the rubric and
counts alone: no system, no run, no path, no side map. tests/test_rating.py compares it byte for
byte with that of a study whose systems are swapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import InvalidInput
from core.projects import Criterion
from core.study.pairs import FLAGS, SIDES, BlindJudgement, BlindPair
from core.study.study import StudyProgress
from pages.components.assets import asset

_component = st.components.v2.component(
    "touchstone_blind_pair",
    html='<div class="rate"></div>',
    css=asset("evaluation/blind_pair.css"),
    js=asset(
        "components/changes.js",
        "components/drafts.js",
        "evaluation/blind_pair_form.js",
        "evaluation/blind_pair_view.js",
        "evaluation/blind_pair_keys.js",
        "evaluation/blind_pair.js",
    ),
)

Outcome = tuple[str, str]
"""A judgement's id, and why it was refused ("" when it is saved)."""


def data_for(
    *,
    person_id: str,
    study_id: str,
    rubric: Sequence[Criterion],
    pairs: Sequence[tuple[BlindPair, str]],
    progress: StudyProgress,
    outcomes: Sequence[Outcome] = (),
    taken_back: tuple[str, str, str] | None = None,
    nothing: str = "",
) -> dict[str, Any]:
    """The component's data; `pairs` are each with the judgement id that the server made for it.

    `taken_back`: the id of a judgement, of its new presentation, and why it was refused ("").
    """
    back = (
        dict(zip(("id", "presentation_id", "message"), taken_back, strict=True))
        if taken_back
        else None
    )
    return {
        "person": person_id,
        "study": {
            "id": study_id,
            "flags": list(FLAGS),
            "criteria": [
                {"name": c.name, "question": c.question, "anchors": list(c.anchors)} for c in rubric
            ],
        },
        "queue": [_shown(pair, judgement_id) for pair, judgement_id in pairs],
        "progress": {
            "judged": progress.judged,
            "least": progress.least,
            "pairs": progress.pairs,
            "outputs": progress.outputs,
        },
        "saved": [judgement_id for judgement_id, refusal in outcomes if not refusal],
        "refused": [{"id": i, "message": refusal} for i, refusal in outcomes if refusal],
        "taken_back": back,
        "nothing": nothing,
    }


def _shown(pair: BlindPair, judgement_id: str) -> dict[str, Any]:
    return {
        "id": pair.presentation_id,
        "judgement_id": judgement_id,
        "number": pair.number,
        "total": pair.total,
        "instruction": pair.instruction,
        "input": pair.input,
        "reference": pair.reference or "",
        "left": pair.left,
        "right": pair.right,
    }


def blind_pair(data: Mapping[str, Any], key: str) -> None:
    """Mount the component; what the person submits arrives as the trigger `judgements`, the id of
    one they take back as `take_back`."""
    _component(
        data=dict(data),
        key=key,
        on_judgements_change=lambda: None,
        on_take_back_change=lambda: None,
    )


def judgement_from(item: Any) -> BlindJudgement:
    """One submission as the browser sent it. Raises InvalidInput for anything else."""
    try:
        return BlindJudgement(
            judgement_id=_text(item, "judgement_id"),
            presentation_id=_text(item, "presentation_id"),
            choice=item["choice"],
            ratings={side: dict(item["ratings"][side]) for side in SIDES},
            flags={side: tuple(item["flags"][side]) for side in SIDES},
            remarks={side: dict(item["remarks"][side]) for side in SIDES},
            comment=_text(item, "comment"),
            correction=_text(item, "correction"),
            seconds=float(item["seconds"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput(
            "The browser sent a judgement that cannot be read. Reload the page and save it again."
        ) from None


def _text(item: Mapping[str, Any], name: str) -> str:
    if not isinstance(item[name], str):
        raise TypeError(name)
    return str(item[name])
