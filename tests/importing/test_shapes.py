"""core.importing: the shapes of records that people have, conversations above all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.conversation import turns_of
from core.importing.columns import ColumnMapping
from core.importing.preview import preview
from core.importing.shapes import SHAPES, Shape
from core.projects import LabelField
from tests.import_builders import imported, put, reasons, texts

SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
SCHEMA = (
    LabelField("Grade", ("good", "bad")),
    LabelField("topics", ("law", "art", "sport"), "multiple"),
)


def lines(folder: Path, records: list[dict[str, Any]]) -> Path:
    return put(folder, "x.jsonl", "\n".join(json.dumps(one) for one in records))


def turns(*texts: str, role: str = "role", content: str = "content") -> list[dict[str, str]]:
    return [{role: ("user", "assistant")[k % 2], content: text} for k, text in enumerate(texts)]


@SHAPE
def test_every_shape_is_understood_as_json_lines_a_list_and_parquet(
    shape: Shape, tmp_path: Path
) -> None:
    pq.write_table(pa.Table.from_pylist([shape.record]), tmp_path / "x.parquet")
    paths = [lines(tmp_path, [shape.record]), tmp_path / "x.parquet"]
    paths.append(put(tmp_path, "x.json", json.dumps([shape.record], indent=1)))
    for path in paths:
        found = imported(path)
        assert (texts(found), found.rejects) == ([shape.example], []), path


@SHAPE
def test_one_stray_record_changes_no_column_of_the_others(shape: Shape, tmp_path: Path) -> None:
    for stray in SHAPES:
        records = [dict(shape.record) for _ in range(30)]
        records.insert(3, stray.record)
        found = imported(lines(tmp_path, records))
        assert texts(found)[0] == shape.example, stray.name
        assert len(found.accepted) + len(found.duplicates) >= 30, stray.name


def test_the_system_message_is_kept_as_a_turn_and_other_columns_as_metadata(tmp_path: Path) -> None:
    record = {
        "id": 7,
        "messages": [{"role": "system", "content": "Be brief."}, *turns("Why?", "So.")],
        "source": "forum",
        "tags": ["a", "b"],
    }
    (one,) = imported(lines(tmp_path, [record])).accepted
    assert one.external_id == "7"
    assert turns_of(one.input) == (("system", "Be brief."),)
    assert one.meta == {"source": "forum", "tags": ["a", "b"]}


def test_several_turns_are_explained_in_the_preview(tmp_path: Path) -> None:
    records = [{"messages": turns("a", "b", "c", "d")}, {"messages": turns("e", "f")}]
    shown = preview(lines(tmp_path, records))
    assert shown.columns[:3] == ("messages.instruction", "messages.input", "messages.output")
    assert "1 of the first 2 conversations have several questions" in shown.warnings[0]


def test_earlier_turns_are_kept_and_the_last_answer_alone_is_the_output(tmp_path: Path) -> None:
    talk = [{"from": "system", "value": "Be kind."}, *turns(*"abcd", role="from", content="value")]
    (one,) = imported(lines(tmp_path, [{"conversations": talk}])).accepted
    assert (one.instruction, one.output) == ("c", "d")
    expected = (("system", "Be kind."), ("user", "a"), ("assistant", "b"))
    assert turns_of(one.input) == expected


def test_an_odd_conversation_is_listed_with_its_reason(tmp_path: Path) -> None:
    good = {"messages": turns("a", "b")}
    picture = [{"type": "image_url", "image_url": {"url": "x"}}]
    parts = {"role": "assistant", "content": [{"type": "text", "text": "parts"}]}
    records: list[dict[str, Any]] = [
        good,
        {"messages": turns("never answered")},
        {"messages": [{"role": "assistant", "content": "unasked"}]},
        {"messages": "not turns"},
        {"messages": [{"role": "user", "content": picture}, *turns("x", "y")[1:]]},
        {"messages": [{"role": "user"}]},
        {"messages": [*turns("in parts"), parts]},
        {"messages": turns("c", "d")},
        {"messages": turns("e", "f")},
        {"messages": turns("g", "h")},
        {"messages": [*turns("x", "y"), {"role": "narrator", "content": "z"}]},
        {"messages": [*turns("x"), {"role": "assistant", "content": None, "tool_calls": ["f"]}]},
    ]
    found = imported(lines(tmp_path, records))
    assert [one.line for one in found.accepted] == [1, 7, 8, 9, 10]
    said = reasons(found)
    assert said[2] == "The output is empty."
    assert said[3] == "The conversation has no user's turn."
    assert "not a list of turns but a text" in said[4]
    assert "something that is not text" in said[5]
    assert "no speaker or no text" in said[6]
    assert "Turn 3 is that of “narrator”" in said[11]
    assert "Turn 2 calls a tool" in said[12]


def test_columns_beyond_the_four_become_metadata_and_long_ones_are_named(tmp_path: Path) -> None:
    head = "question,answer,id,source,page,body"
    path = put(tmp_path, "x.csv", f"{head}\nWhy?,So.,7,a book,12,{'x' * 3000}\n")
    found = imported(path)
    assert found.accepted[0].meta == {"source": "a book", "page": "12"}
    assert found.warnings == ("Not imported: 'body'. Choose them as metadata to keep them.",)
    chosen = ColumnMapping("question", output="answer", meta=("body",))
    assert len(imported(path, chosen).accepted[0].meta["body"]) == 3000


def test_columns_named_like_labels_become_labels_and_odd_values_are_listed(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "x.csv",
        "question,answer,grade,Topics\na,b,GOOD,law; art\nc,d,so-so,law|chess\ne,f,,\n",
    )
    found = imported(path, schema=SCHEMA)
    assert [one.labels for one in found.accepted] == [
        {"Grade": "good", "topics": ["law", "art"]},
        {"topics": ["law"]},
        {},
    ]
    listed = found.accepted[1].problems
    assert [one.line for one in listed] == [3, 3]
    assert "“Grade” cannot be “so-so” (column 'grade')" in listed[0].reason
    assert found.accepted[1].meta == {"grade": "so-so", "Topics": "law|chess"}
    assert not found.rejects
    shown = preview(path, schema=SCHEMA)
    assert shown.mapping is not None
    assert dict(shown.mapping.labels) == {"Grade": "grade", "topics": "Topics"}
    assert any("so-so" in problem for problem in shown.problems)


def test_what_is_not_a_turn_never_becomes_a_field_beside_turns(tmp_path: Path) -> None:
    record = {"messages": turns("Why?", "So."), "note": "a remark", "text": "x"}
    (one,) = imported(lines(tmp_path, [record])).accepted
    assert (one.instruction, one.input, one.output) == ("Why?", "", "So.")
    assert one.meta == {"note": "a remark", "text": "x"}


def test_a_column_of_options_is_the_label_even_if_it_is_named_like_an_input(tmp_path: Path) -> None:
    schema = (LabelField("note", ("complete", "odd")),)
    path = put(tmp_path, "x.csv", "instruction,output,note\na,b,odd\nc,d,complete\n")
    assert [one.labels for one in imported(path, schema=schema).accepted] == [
        {"note": "odd"},
        {"note": "complete"},
    ]
    path = put(tmp_path, "y.csv", "instruction,output,note\na,b,The patient came late.\n")
    assert imported(path, schema=schema).accepted[0].input == "The patient came late."
