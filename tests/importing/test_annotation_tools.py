"""Exports of Label Studio, Argilla and doccano: outputs, labels, who labelled; nothing dropped.

The records are made up after the tools' own code and documentation: Label Studio 1.x JSON, Argilla
2.x `to_list` nested and flattened and 1.x datasets, doccano 1.x JSONL.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.importing.preview import preview
from core.importing.record_kinds import RECORD_KINDS, OddRecord, flatten
from core.projects import LabelField
from tests.import_builders import Imported, imported, put

SCHEMA = (LabelField("tone", ("kind", "rude")), LabelField("topics", ("law", "art"), "multiple"))


def of_list(folder: Path, records: list[dict[str, Any]], **options: Any) -> Imported:
    return imported(put(folder, "x.json", json.dumps(records)), **options)


def choice(name: str, *options: str) -> dict[str, Any]:
    value = {"choices": list(options)}
    return {"id": "r1", "from_name": name, "to_name": "text", "type": "choices", "value": value}


def written(name: str, *lines: str) -> dict[str, Any]:
    value = {"text": list(lines)}
    return {"id": "r2", "from_name": name, "to_name": "text", "type": "textarea", "value": value}


def annotation(by: Any, at: str, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    about = {
        "id": 5,
        "completed_by": by,
        "updated_at": f"2026-03-0{at}T10:00:00Z",
        "lead_time": 4.2,
    }
    return {**about, "was_cancelled": False, "ground_truth": False, **more, "result": list(results)}


def task(number: int, *annotations: dict[str, Any], **data: str) -> dict[str, Any]:
    return {
        "id": number,
        "inner_id": number,
        "data": data,
        "annotations": list(annotations),
        "predictions": [],
        "meta": {},
        "total_annotations": len(annotations),
        "project": 83,
    }


def test_label_studio_gives_the_written_answer_labels_and_who_gave_them(tmp_path: Path) -> None:
    span = {"start": 0, "end": 4, "text": "Dear", "labels": ["GREETING"]}
    region = {"id": "r3", "from_name": "ner", "to_name": "text", "type": "labels", "value": span}
    ada = {"id": 3, "email": "ada@example.org", "first_name": "Ada"}
    results = (written("answer", "Thanks,", "we will."), choice("tone", "kind"), region)
    many = annotation(ada, "1", *results, choice("topics", "law", "art"))
    records = [
        task(1, many, question="Reply.", context="Dear all"),
        task(2, question="Not yet annotated."),
        task(3, annotation(4, "2", written("answer", "x"), was_cancelled=True), question="Skipped"),
    ]
    found = of_list(tmp_path, records, schema=SCHEMA)
    (one,) = found.accepted
    assert (one.instruction, one.input, one.output) == ("Reply.", "Dear all", "Thanks,\nwe will.")
    assert one.labels == {"tone": "kind", "topics": ["law", "art"]}
    assert one.external_id == "1"
    assert one.meta["annotated"]["by"] == "ada@example.org"
    assert one.meta["annotated"]["at"] == "2026-03-01T10:00:00Z"
    assert one.meta["annotation.ner"] == [span]
    assert one.meta["task"]["project"] == 83
    assert [one.line for one in found.rejects] == [2, 3]
    waiting = of_list(tmp_path, records, schema=SCHEMA, allow_empty_output=True).accepted
    assert [one.output for one in waiting] == ["Thanks,\nwe will.", "", ""]
    assert waiting[2].meta["other_annotations"][0]["skipped"] is True


def test_of_several_annotations_the_ground_truth_else_the_newest_counts_and_all_are_kept(
    tmp_path: Path,
) -> None:
    both = (annotation(1, "1", choice("mood", "good")), annotation(2, "2", choice("mood", "bad")))
    true = annotation(3, "0", choice("mood", "fine"), ground_truth=True)
    records = [task(1, *both, text="a"), task(2, *both, true, text="b")]
    newest, truth = of_list(tmp_path, records).accepted
    assert (newest.output, truth.output) == ("bad", "fine")
    others = newest.meta["other_annotations"]
    assert [(one["by"], one["mood"]) for one in others] == [(1, "good")]
    assert len(truth.meta["other_annotations"]) == 2
    shown = preview(put(tmp_path, "y.json", json.dumps(records)))
    assert shown.warnings[0] == "Read as Label Studio exports it."
    assert "2 of the first 2 records have several annotations" in shown.warnings[1]


def test_an_answer_that_stands_first_far_behind_the_beginning_is_kept(tmp_path: Path) -> None:
    plain = [
        task(k, annotation(1, "1", written("answer", "x")), question=f"q{k}") for k in range(1100)
    ]
    late = annotation(1, "1", written("answer", "y"), choice("tone", "rude"), choice("odd", "so"))
    (last,) = of_list(tmp_path, [*plain, task(0, late, question="last")]).accepted[-1:]
    assert (last.meta["annotation.tone"], last.meta["annotation.odd"]) == ("rude", "so")


def nested(value: Any, *people: str) -> dict[str, Any]:
    return {
        "id": "a1",
        "fields": {"prompt": "Name a river."},
        "metadata": {"source": "quiz"},
        "suggestions": {"answer": {"value": "Nil", "score": 0.4, "agent": "m"}},
        "responses": {
            "answer": [{"value": f"{value}{n}", "user_id": who} for n, who in enumerate(people)],
            "tone": [{"value": "kind", "user_id": people[-1]}] if people else [],
        },
        "vectors": {},
        "_server_id": "s1",
    }


FLAT = {
    "id": "a1",
    "_server_id": "s1",
    "prompt": "Name a river.",
    "source": "quiz",
    "answer.responses": ["Nile0", "Nile1"],
    "answer.responses.users": ["u1", "u2"],
    "answer.responses.status": ["discarded", "submitted"],
    "answer.suggestion": "Nil",
    "answer.suggestion.score": 0.4,
    "answer.suggestion.agent": None,
    "tone.responses": None,
}
FIRST = {
    "prompt": "Name a river.",
    "answer": [{"user_id": "u1", "value": "Nile", "status": "submitted"}],
    "answer-suggestion": "Nil",
    "answer-suggestion-metadata": {"agent": "m", "score": 0.4},
    "external_id": "a1",
    "metadata": '{"source": "quiz"}',
}


def test_argilla_gives_one_persons_answers_and_keeps_those_of_others(tmp_path: Path) -> None:
    (one,) = of_list(tmp_path, [nested("Nile", "u1", "u2")], schema=SCHEMA).accepted
    assert (one.instruction, one.output, one.external_id) == ("Name a river.", "Nile0", "a1")
    assert one.labels == {"tone": "kind"}
    assert one.meta["annotated"] == {"by": "u1", "tone": "u2"}
    assert one.meta["other_annotations"] == [{"question": "answer", "by": "u2", "value": "Nile1"}]
    assert one.meta["suggestions"]["answer"]["value"] == "Nil"
    assert (one.meta["source"], one.meta["task"]) == ("quiz", {"_server_id": "s1"})


def test_argilla_flattened_and_of_its_first_generation_say_the_same(tmp_path: Path) -> None:
    (flat,) = of_list(tmp_path, [FLAT]).accepted
    assert (flat.output, flat.meta["annotated"]) == ("Nile1", {"by": "u2"})
    assert flat.meta["other_annotations"][0]["status"] == "discarded"
    (first,) = of_list(tmp_path, [FIRST]).accepted
    assert (first.output, first.external_id, first.meta["source"]) == ("Nile", "a1", "quiz")
    assert first.meta["annotated"] == {"by": "u1"}


def test_doccano_gives_labels_texts_and_spans_with_their_words(tmp_path: Path) -> None:
    records = [
        {"id": 1, "text": "It broke.", "label": ["law"], "Comments": ["sure?"], "page": 3},
        {"id": 2, "text": "Fine.", "label": [], "Comments": []},
        {"id": 3, "text": "Ada left.", "label": [[0, 3, "PER"]], "Comments": []},
        {"id": 4, "text": "Ada left.", "entities": [
            {"id": 9, "label": "PER", "start_offset": 0, "end_offset": 3}], "relations": []},
    ]  # fmt: skip
    found = of_list(tmp_path, records, allow_empty_output=True)
    first, second, third = found.accepted
    assert (first.input, first.output, first.external_id) == ("It broke.", "law", "1")
    assert (first.meta["comments"], first.meta["page"]) == (["sure?"], 3)
    assert second.output == ""
    assert third.meta["annotation.spans"] == [{"start": 0, "end": 3, "text": "Ada", "label": "PER"}]
    assert found.duplicates == [(4, 3)]
    labelled = [{"id": 1, "text": "a", "label": ["law", "art"]}]
    schema = (LabelField("label", ("law", "art"), "multiple"),)
    (one,) = of_list(tmp_path, labelled, schema=schema, allow_empty_output=True).accepted
    assert one.labels == {"label": ["law", "art"]}


def test_marked_words_of_label_studio_and_doccano_become_marks(tmp_path: Path) -> None:
    schema = (LabelField("entities", ("Person", "Place"), "span"),)
    text = "🙂 Ada left Rome."
    regions = [
        {"from_name": "entities", "to_name": "text", "type": "labels",
         "value": {"start": start, "end": end, "text": words, "labels": [option]}}
        for start, end, words, option in ((3, 6, "Ada", "Person"), (12, 16, "Rome", "Place"))
    ]  # fmt: skip
    tasks = [task(1, annotation("a", "1", *regions), text=text)]
    (one,) = of_list(tmp_path, tasks, schema=schema, allow_empty_output=True).accepted
    marks = one.labels["entities"]
    assert [(m["start"], m["end"], m["option"]) for m in marks] == [
        (2, 5, "Person"), (11, 15, "Place"),
    ]  # fmt: skip
    records = [{"id": 3, "text": text, "label": [[2, 5, "person"], [6, 10, "Verb"]]}]
    found = of_list(tmp_path, records, schema=schema, allow_empty_output=True)
    (one,) = found.accepted
    assert one.labels == {"entities": marks[:1]}
    assert ["Verb" in problem.reason for problem in one.problems] == [True]
    assert len(one.meta["annotation.spans"]) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["label", "value", "result", "type", "from_name", "user_id", "choices"]),
        inner, max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip
NAMES = st.sampled_from(
    (
        *("data", "annotations", "fields", "responses", "q.responses", "q.responses.users", "text"),
        *("label", "entities", "content_hash", "messages", "labels", "meta", "q", "q-suggestion"),
    )
)


@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_a_record_of_any_content_is_flattened_or_refused(record: dict[str, Any]) -> None:
    for name in RECORD_KINDS:
        try:
            flat = flatten(name, record)
        except OddRecord:
            continue
        assert all(isinstance(column, str) for column in flat)
