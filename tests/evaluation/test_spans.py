"""Spans: marked words are kept by system, in code points, and who reads a pair sees them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.decision.report import read_report
from core.decision.verification import verify_report
from core.errors import InvalidInput
from core.study.pairs import Judgement
from core.study.spans import MOST, Span, check_spans, marked_parts, spans_from
from core.workflows.evaluation import rating, rating_drafts, reporting, results, studies
from pages.server.work_rate import judgement_from, rate
from tests.builders import a_project, a_store, an_actor
from tests.evaluation.test_results import Place
from tests.job_builders import run_here
from tests.study_builders import CRITERIA, a_system, a_version, answers_of

EMOJI = "👩‍🚀🙂 said: "
"""A browser counts more units in it than there are code points."""


class SpanPlace(Place):
    """Answers that begin with emoji."""

    def __init__(self, folder: Path) -> None:
        self.store = a_store(folder)
        self.project_id = a_project(self.store).project_id
        self.lead = an_actor(self.project_id)
        self.version_id = a_version(self.store, self.project_id, 12)
        self.base, self.tuned = (
            a_system(
                self.store, self.project_id, self.version_id, name,
                {
                    example_id: EMOJI + text
                    for example_id, text in answers_of(
                        self.store, self.version_id, shift
                    ).items()
                },
            )
            for name, shift in (("Model one", 0), ("Run two", 5))
        )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[SpanPlace]:
    made = SpanPlace(tmp_path)
    yield made
    made.store.close()


def a_body(task: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A submission as the browser sends it: hallucination on the left, bias on the right."""
    start = task["left"].index("would")
    return {
        "action": "judge", "submission_id": task["submission_id"],
        "presentation_id": task["presentation_id"], "choice": "right",
        "ratings": {"left": dict.fromkeys(CRITERIA, 5),
                    "right": {**dict.fromkeys(CRITERIA, 4), "bias": 2}},
        "remarks": {"right": {"bias": "the end"}},
        "flags": {"left": ["hallucination"], "right": []},
        "spans": {"left": [{"kind": "hallucination", "start": start, "end": start + 5}],
                  "right": [{"kind": "bias", "start": 0, "end": 1}]},
        **changes,
    }  # fmt: skip


def judged(place: SpanPlace, study_id: str, **changes: Any) -> tuple[dict[str, Any], Judgement]:
    """The task as it was sent, and what was kept of its judgement."""
    rater = place.rater()
    asked = {"action": "next", "study": study_id}
    task = rate(place.store, rater, place.project_id, asked)["task"]
    rate(place.store, rater, place.project_id, {**a_body(task, **changes), "study": study_id})
    found = place.store.judgements.said(task["submission_id"])
    assert found is not None
    return task, found


def test_marked_words_are_kept_by_system_in_code_points_of_what_was_shown(
    place: SpanPlace,
) -> None:
    task, kept = judged(place, place.study(size=6))
    shown = place.store.presentations.by_id(task["presentation_id"])
    assert shown is not None
    (left,), (right,) = (kept.spans[shown.system_on(side)] for side in ("left", "right"))
    assert task["left"][left.start : left.end] == "would"
    assert (left.kind, right) == ("hallucination", Span("bias", 0, 1))
    stored = place.store.database.value("SELECT spans FROM judgements")
    assert set(json.loads(stored)) == {place.base, place.tuned}
    assert "left" not in stored


@pytest.mark.parametrize(
    ("spans", "why"),
    [
        ({"left": [{"kind": "hallucination", "start": 3, "end": 4000}]}, "beyond the end"),
        ({"left": [{"kind": "hallucination", "start": 3, "end": 3}]}, "one character"),
        ({"left": [{"kind": "hallucination", "start": -1, "end": 3}]}, "one character"),
        ({"left": [{"kind": "hallucination", "start": True, "end": 3}]}, "one character"),
        ({"left": [{"kind": "unsafe", "start": 0, "end": 3}]}, "marked as hallucination or bias"),
        ({"left": [{"kind": "bias", "start": 0, "end": 3}]}, "bias below 4"),
        ({"right": [{"kind": "hallucination", "start": 0, "end": 3}]}, "flag it as"),
        ({"left": [{"kind": "hallucination", "start": 0, "end": 3},
                   {"kind": "hallucination", "start": 2, "end": 5}]}, "overlap"),
        ({"left": [{"kind": "hallucination", "start": 2 * k, "end": 2 * k + 1}
                   for k in range(MOST + 1)]}, "at most 50"),
        ({"left": [{"kind": "hallucination", "start": 0}]}, "cannot be read"),
        ({"left": "all of it"}, "cannot be read"),
        ({"left": [{"kind": ["bias"], "start": 0, "end": 1}]}, "marked as"),
        ([1], "cannot be read"),
    ],
)  # fmt: skip
def test_marks_that_cannot_be_are_refused_and_nothing_is_saved(
    place: SpanPlace, spans: Any, why: str
) -> None:
    study_id = place.study(size=6)
    with pytest.raises(InvalidInput, match=why):
        judged(place, study_id, spans=spans)
    assert place.store.judgements.count(study_id) == 0


def test_a_mark_to_the_very_end_counts_code_points_not_units(place: SpanPlace) -> None:
    study_id, rater = place.study(size=6), place.rater()
    task = rate(place.store, rater, place.project_id, {"action": "next", "study": study_id})["task"]
    whole = len(task["left"])
    units = len(task["left"].encode("utf-16-le")) // 2
    assert units > whole
    body = {**a_body(task), "study": study_id}
    for end in (units, whole + 1):
        body["spans"] = {"left": [{"kind": "hallucination", "start": 0, "end": end}]}
        with pytest.raises(InvalidInput, match="beyond the end"):
            rate(place.store, rater, place.project_id, body)
    body["spans"] = {"left": [{"kind": "hallucination", "start": 0, "end": whole}]}
    rate(place.store, rater, place.project_id, body)
    assert place.store.judgements.count(study_id) == 1


def test_marks_come_back_on_their_sides_when_a_judgement_is_taken_back(place: SpanPlace) -> None:
    study_id = place.study(size=6)
    task, _ = judged(place, study_id)
    answer = rate(
        place.store, place.rater(), place.project_id, {"action": "undo", "study": study_id}
    )
    assert answer["task"]["draft"]["spans"] == a_body(task)["spans"]
    taken = place.store.database.value("SELECT judgement FROM withdrawn_judgements")
    kept = json.loads(taken)["spans"]
    kept = json.loads(kept) if isinstance(kept, str) else kept
    assert sorted(one["kind"] for own in kept.values() for one in own) == ["bias", "hallucination"]


def test_a_draft_keeps_the_marks(place: SpanPlace) -> None:
    study_id, rater = place.study(size=6), place.rater()
    task = rate(place.store, rater, place.project_id, {"action": "next", "study": study_id})["task"]
    form = {name: a_body(task)[name] for name in ("choice", "flags", "spans")}
    body = {"action": "draft", "form": form, "study": study_id}
    body |= {name: task[name] for name in ("submission_id", "presentation_id")}
    rate(place.store, rater, place.project_id, body)
    place.store.close()
    place.store.__init__(place.store.workspace)  # type: ignore[misc]
    kept = rating_drafts.draft_of(place.store, rater, task["presentation_id"])
    assert kept == form


def test_exports_and_the_report_hold_the_marks(place: SpanPlace) -> None:
    study_id = place.study(size=6)
    task, _ = judged(place, study_id)
    text = results.export_judgements(place.store, place.lead, study_id, file_format="jsonl")
    (record,) = [json.loads(line) for line in text.splitlines()]
    marked = [one for system in record["systems"] for one in system["spans"]]
    assert {one["text"] for one in marked} == {"would", EMOJI[0]}
    table = results.export_judgements(place.store, place.lead, study_id)
    (row,) = csv.DictReader(io.StringIO(table))
    start = task["left"].index("would")
    assert f"hallucination {start}-{start + 5}: would" in (row["spans_a"], row["spans_b"])
    report = reporting.report_files(place.store, place.lead, study_id)["json"]
    (said,) = read_report(report)["candidates"][0]["judgements"]
    assert sorted(one["kind"] for own in said["spans"].values() for one in own) == [
        "bias",
        "hallucination",
    ]
    verify_report(report)


def test_a_lead_sees_the_marks_on_the_pair(place: SpanPlace) -> None:
    study_id = place.study(size=6)
    task, kept = judged(place, study_id)
    (pair,) = results.pairs_page(place.store, place.lead, study_id, "rated")
    assert pair.spans == kept.spans
    marked = [
        text
        for system, answer in pair.answers.items()
        for text, kinds in marked_parts(answer, pair.spans[system])
        if kinds
    ]
    assert sorted(marked) == sorted(["would", EMOJI[0]])
    assert task["left"] in pair.answers.values()


def test_marks_change_no_number_and_a_worker_reads_them(
    place: SpanPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = place.study(size=6)
    judged(place, study_id)
    here = place.result(study_id)
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 0)
    waiting = results.study_report(place.store, place.lead, study_id)
    job = place.store.jobs.by_id(waiting.job_id)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.result(study_id) == here
    place.store.database.execute("UPDATE judgements SET spans = NULL")  # as a release before had it
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 1500)
    assert place.result(study_id).found == here.found


def test_a_judgement_without_marks_is_as_before() -> None:
    body = {"submission_id": "j", "presentation_id": "p", "choice": "left", "ratings": {}}
    assert judgement_from(body).spans == {"left": (), "right": ()}
    assert spans_from(None) == ()


def test_parts_of_a_text_join_to_the_text_again() -> None:
    text = EMOJI + "a b c"
    spans = [Span("bias", 0, 4), Span("hallucination", 2, 6), Span("bias", 9, len(text))]
    parts = marked_parts(text, spans)
    assert "".join(part for part, _ in parts) == text
    assert [kinds for _, kinds in parts] == [
        ("bias",), ("hallucination", "bias"), ("hallucination",), (), ("bias",),
    ]  # fmt: skip
    assert marked_parts("abc", []) == [("abc", ())]
    assert marked_parts("", []) == []


def test_spans_of_different_kinds_may_overlap() -> None:
    spans = [Span("bias", 0, 4), Span("hallucination", 2, 6), Span("bias", 4, 5)]
    check_spans("left", spans, ["hallucination"], {"bias": 3})


def test_a_closed_study_takes_no_marks(place: SpanPlace) -> None:
    study_id, rater = place.study(size=6), place.rater()
    task = rate(place.store, rater, place.project_id, {"action": "next", "study": study_id})["task"]
    studies.set_closed(place.store, place.lead, study_id, True)
    with pytest.raises(rating.StudyClosed):
        rate(place.store, rater, place.project_id, {**a_body(task), "study": study_id})
