"""Beside the verdict: what would change it, which metrics may speak, where it does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.errors import TouchstoneError
from core.evidence.slices import FEWEST, Slice
from core.study.findings import Comparison
from core.study.sensitivity import Sensitivity
from core.study.sentences import says_words, written
from core.study.verdicts import points
from core.workflows.evaluation import slice_work
from core.workflows.evaluation.results import StudyResult
from core.workflows.evaluation.slice_work import NearTraining
from pages.components import page, session
from pages.components.errors import show
from pages.evaluation import result_charts
from pages.evaluation.result_charts import in_points, metric_name
from pages.evaluation.topics_offer import offer_topics

if TYPE_CHECKING:
    from pages.components.session import StoreType


def sensitivity_view(found: Comparison, seen: Sensitivity) -> None:
    """The verdict counted otherwise, one row each."""
    st.subheader("What would change this verdict?", anchor=False)
    rows = sensitivity_rows(found, seen)
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, f"sensitivity-{found.candidate_id}.csv")
    st.caption(_survival(found, seen))


def sensitivity_rows(found: Comparison, seen: Sensitivity) -> list[dict[str, str]]:
    """The verdict counted otherwise, for people and as CSV: a number has no plus there, which a
    spreadsheet would take for a formula."""
    rows = [{"Counted": "As above", "Net points": written(in_points(found.net), 0)}]
    rows += [
        {
            "Counted": f"Without {one.rater} ({page.counted(one.judgements, 'judgement')})",
            "Net points": "nothing left" if one.net is None else points(one.net).removeprefix("+"),
        }
        for one in seen.without_one_rater
    ]
    variants = [(one.what, one.net) for one in seen.variants]
    if found.blinding and found.blinding.left_out:
        variants.append((found.blinding.what_is_left_out, found.blinding.rest))
    return rows + [
        {"Counted": what, "Net points": written(in_points(net), 0)} for what, net in variants
    ]


def _survival(found: Comparison, seen: Sensitivity) -> str:
    parts = []
    survives = found.sign_survives(seen.survives)
    if seen.survives_each_rater is None and seen.net:
        parts.append("One rater alone judged: a second one would show whether it is their taste.")
    elif survives is not None:
        kept = "stays" if survives else "does not stay"
        parts.append(f"The sign {kept} in every row.")
    if seen.reversals is not None:
        times = page.counted(seen.reversals, "judgement")
        parts.append(f"{times} the other way would undo the claim.")
    return " ".join(parts) or "There is no preference either way that something could undo."


def ranking_view(result: StudyResult) -> None:
    """All systems in one order, where there are three or more."""
    if not result.evidence.ranking or result.withheld:
        return
    st.subheader("All systems together", anchor=False)
    baseline = result.study.baseline.name
    rows = [
        {
            "Rank": f"{k} ({one.first} to {one.last})",
            "System": result.study.name_of(one.system_id),
            f"Preferred to {baseline}": "—"
            if one.beats.value is None
            else written(one.beats, 0, percent=True),
        }
        for k, one in enumerate(result.evidence.ranking, 1)
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, "ranking.csv")
    _meetings(result)
    through = "" if result.evidence.meetings else ": candidates meet through the baseline"
    st.caption(
        "Of the pairs in which one of the two is preferred, the share won. Ranks by Bradley–Terry, "
        f"examples resampled{through}. They hold for one look, the verdicts above for every one."
    )


def _meetings(result: StudyResult) -> None:
    rows = [
        {
            "Candidates": f"{result.study.name_of(one.first)} – {result.study.name_of(one.second)}",
            "The first is preferred": written(one.share, 0, percent=True),
            "Tied pairs": page.number(one.tied),
        }
        for one in result.evidence.meetings
    ]
    if rows:
        st.dataframe(rows, hide_index=True, height="content")
        result_charts.download(rows, "candidates.csv")


def trust_view(result: StudyResult, found: Comparison) -> None:
    """Each automatic metric against the raters."""
    trust = result.evidence.of(found.candidate_id).trust
    st.subheader("May the automatic metrics speak?", anchor=False)
    if not trust:
        st.write("The answers of this study have no automatic scores yet.")
        return
    rows = [
        {
            "Metric": metric_name(one.metric),
            "Kendall’s τ-b with the raters": written(one.tau_b),
            "Chooses what they chose": written(one.chooses, 0, percent=True),
            "Tells no difference": one.undecided,
            "Finding": "▲ agrees with these raters" if one.speaks else "○ not shown to agree",
        }
        for one in trust
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, f"metric-trust-{found.candidate_id}.csv")
    st.caption(
        "Per pair: the difference of the scores against which answer was preferred. A metric "
        "speaks for these raters where the interval of τ-b (1 agrees, 0 chance, −1 opposes) lies "
        "above 0; where it does not, a win by that metric is no sign of a better answer. It can "
        "choose what they chose only because it favours the same system everywhere."
    )


def slices_view(store: StoreType, actor: Actor, result: StudyResult, found: Comparison) -> None:
    """The net preference of each part of the examples, the weakest first, and what to do there."""
    there = result.evidence.of(found.candidate_id).slices
    st.subheader("Where does the candidate lose?", anchor=False)
    if not there:
        st.write(
            f"No part of the examples (by label, source or length) has {FEWEST} judged pairs yet."
        )
        offer_topics(store, actor, result.study.version_id, found.candidate_id)
        return
    rows = [
        {
            "Part": name_of(one),
            "Won": one.won,
            "Lost": one.lost,
            "Net points": written(in_points(one.net), 0),
            "Finding": says_words(one.says),
        }
        for one in there
    ]
    st.dataframe(rows, hide_index=True, height="content")
    result_charts.download(rows, f"slices-{found.candidate_id}.csv")
    st.caption(
        "The weakest first. The intervals hold for all parts together, so that a part is not "
        "called worse by chance because there are many."
    )
    offer_topics(store, actor, result.study.version_id, found.candidate_id)
    losing = {name_of(one): one for one in there if one.lost}
    if losing and actor.has(result.study.project_id, "lead"):
        _send(store, actor, result, found, losing)


def name_of(one: Slice) -> str:
    """A slice as people read it: “label tone: rude”."""
    return f"{one.name}: {one.value}"


def _send(
    store: StoreType, actor: Actor, result: StudyResult, found: Comparison, losing: dict[str, Slice]
) -> None:
    study_id, key = result.study.study_id, f"near {found.candidate_id}"
    with st.container(border=True):
        chosen = st.selectbox("Mend the training data of", list(losing), key=f"{key} part")
        kept = session.recall(key)
        if st.button("Find the nearest training examples", icon=":material/search:", key=key):
            with st.spinner("Comparing with the training split …"):
                kept = (chosen, _nearest(store, actor, study_id, found, losing[chosen]))
            session.remember(key, kept)
        if kept is None or kept[0] != chosen or kept[1] is None:
            return
        _near_table(kept[1])
        if kept[1] and st.button(
            f"Send {page.counted(len(kept[1]), 'example')} to annotation",
            icon=":material/assignment_return:", type="primary", key=f"{key} send",
            help="Reopens them with the reason. Dataset versions stay as they are.",
        ):  # fmt: skip
            ids = [one.example_id for one in kept[1]]
            sent, was_open = slice_work.send_to_annotation(store, actor, study_id, ids, chosen)
            session.forget(key)
            already = f", {was_open} were open already" if was_open else ""
            session.say(f"{page.counted(sent, 'example')} sent to annotation{already}.")
            st.rerun()


def _nearest(
    store: StoreType, actor: Actor, study_id: str, found: Comparison, part: Slice
) -> list[NearTraining] | None:
    try:
        return slice_work.nearest_training(
            store, actor, study_id, found.candidate_id, part.lost_examples
        )
    except TouchstoneError as error:
        show(error)
        return None


def _near_table(near: list[NearTraining]) -> None:
    if not near:
        st.write("No training example is like those that were lost: the data lack this part.")
        return
    st.dataframe(
        [
            {
                "Shared words": f"{one.similarity:.0f} of 100",
                "Instruction": one.instruction,
                "Input": one.input,
                "Output": one.output,
            }
            for one in near
        ],
        hide_index=True,
        height="content",
    )
