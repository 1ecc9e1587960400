"""Rating blind pairs in the browser: a component that works over /work/rate.

The page gives it the study's rubric and who rates; every pair comes from the route, which is made
of BlindPair alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.projects import Criterion
from core.study.pairs import FLAGS
from pages.components.assets import asset

_component = st.components.v2.component(
    "touchstone_blind_pair",
    html='<div class="rate"></div>',
    css=asset("components/work.css", "evaluation/blind_pair.css"),
    js=asset(
        "components/changes.js",
        "components/drafts.js",
        "components/outbox.js",
        "components/work_client.js",
        "components/work_parts.js",
        "components/spans.js",
        "evaluation/blind_pair_form.js",
        "evaluation/blind_pair_view.js",
        "evaluation/blind_pair_words.js",
        "evaluation/blind_pair_spans.js",
        "evaluation/blind_pair_rated.js",
        "evaluation/blind_pair_keys.js",
        "evaluation/blind_pair_frame.js",
        "evaluation/blind_pair_entry.js",
        "evaluation/blind_pair_question.js",
        "evaluation/blind_pair.js",
    ),
)


def blind_pair(
    person_id: str,
    project_id: str,
    study_id: str,
    rubric: Sequence[Criterion],
    links: Sequence[Mapping[str, str]] = (),
) -> None:
    """Draw the component; `links` are where to go on when nothing is left to rate."""
    data = {
        "name": f"{study_id} {person_id}",
        "person": person_id,
        "project": project_id,
        "study": {
            "id": study_id,
            "flags": list(FLAGS),
            "criteria": [
                {"name": c.name, "question": c.question, "anchors": list(c.anchors)} for c in rubric
            ],
        },
        "links": [dict(link) for link in links],
    }
    _component(data=data, key=f"rate_{study_id}")
