"""What is exported comes back on import: the same content hashes, labels, metadata and ids."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.conversation import to_text
from core.examples.example import FIELDS, Example, content_hash
from core.exporting.formats import EXPORT_FORMATS
from core.exporting.job import export_file
from core.importing.pipeline import Accepted
from core.projects import LabelField
from tests.import_builders import Imported, imported

SCHEMA = (
    LabelField("topic", ("law", "art, old", "=sum")),
    LabelField("tags", ("a", "b;c", "日本"), "multiple"),
    LabelField("clarity", kind="rating", points=10),
    LabelField("names", ("person", "=place"), "span"),
    LabelField("remark", kind="text"),
)
NASTY = ["=1+1", "'=1+1", "-5", "+x", "@y", "\tz", "\r", "'", '"', '","', ";", "\r\n", "a\nb", ""]
NASTY += ["\u2028", "\x85", "\ufeff", "日本 🙂", "e\u0301", "[[user]]\nx", "null", "{}", " x "]
TEXT = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), max_size=4).map("".join),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
)
PLAIN = st.one_of(TEXT.filter(bool), st.integers(-9, 9), st.booleans(), st.lists(TEXT, min_size=1))
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "instruction": TEXT,
    "input": TEXT,
    "output": TEXT,
    "labels": st.fixed_dictionaries(
        {},
        optional={
            "topic": st.sampled_from(SCHEMA[0].options),
            "tags": st.lists(st.sampled_from(SCHEMA[1].options), min_size=1, unique=True),
            "clarity": st.integers(1, 10),
            "remark": TEXT.filter(str.strip),
        },
    ),
    "meta": st.dictionaries(st.sampled_from(["source", "=x", "instruction", "id", "a.b"]), PLAIN),
    "external_id": st.one_of(st.none(), TEXT.filter(str.strip)),
}


def with_marks(one: dict[str, Any], marked: dict[str, str]) -> dict[str, Any]:
    """The example with the last two signs of these texts marked as these options."""
    marks = [
        {"field": name, "start": max(0, len(one[name]) - 2), "end": len(one[name]),
         "option": marked[name], "text": one[name][-2:]}
        for name in FIELDS if name in marked and one[name]
    ]  # fmt: skip
    return one | {"labels": one["labels"] | ({"names": marks} if marks else {})}


MARKED = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(SCHEMA[3].options) for name in ("instruction", "input", "output")
    },
)
EXAMPLE = st.builds(with_marks, st.fixed_dictionaries(PARTS), MARKED).filter(
    lambda one: bool(one["instruction"].strip() or one["input"].strip())
)


def exported(folder: Path, examples: list[dict[str, Any]], name: str) -> Path:
    """The examples as an export writes them; the file, or the folder."""
    rows = [
        one
        | {name: json.dumps(one[name]) for name in ("labels", "meta")}
        | {"example_id": f"ex_{number}", "status": "new", "flagged": False, "quality": 3}
        | {"written_by": "=Ada", "written_at": "2026-11-26T20:00:00Z", "revision": 1}
        for number, one in enumerate(examples)
    ]
    schema = pa.schema(
        [(n, pa.string()) for n in ("example_id", "external_id", "instruction", "input", "output")]
        + [(n, pa.string()) for n in ("labels", "meta", "status", "written_by", "written_at")]
        + [("flagged", pa.bool_()), ("quality", pa.int64()), ("revision", pa.int64())]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "in.parquet")
    (folder / "out").mkdir()
    export_file(folder / "in.parquet", folder / "out", format_name=name)
    suffix = EXPORT_FORMATS[name].suffix
    return folder / "out" / (f"examples{suffix}" if suffix else "dataset")


def read_back(path: Path) -> Imported:
    return imported(path, schema=SCHEMA, allow_empty_output=True)


def without_export(one: Accepted) -> dict[str, Any]:
    return {name: value for name, value in one.meta.items() if name != "exported"}


def check(folder: Path, examples: list[dict[str, Any]], name: str) -> Imported:
    """Export, import, compare everything."""
    back = read_back(exported(folder, examples, name))
    assert back.rejects == []
    by_hash: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(examples):
        texts = (one["instruction"], one["input"], one["output"])
        digest = content_hash(Example(*texts, allow_empty_output=True))
        by_hash.setdefault(digest, one | {"example_id": f"ex_{number}"})
    assert [one.content_hash for one in back.accepted] == list(by_hash)
    for found, was in zip(back.accepted, by_hash.values(), strict=True):
        assert dict(found.labels) == was["labels"]
        assert without_export(found) == was["meta"]
        assert found.external_id == (was["external_id"] or was["example_id"])
        assert found.meta["exported"]["written_by"] == "=Ada"
    return back


@settings(max_examples=60)
@given(st.lists(EXAMPLE, min_size=1, max_size=6), st.sampled_from(["jsonl", "csv", "parquet"]))
def test_whatever_is_exported_comes_back_as_it_was(
    examples: list[dict[str, Any]], name: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder), examples, name)


@settings(max_examples=40)
@given(st.lists(EXAMPLE, min_size=1, max_size=6))
def test_messages_come_back_as_the_three_texts(examples: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder), examples, "messages")


LABELLED: dict[str, Any] = {
    "topic": "=sum",
    "tags": ["a", "日本"],
    "clarity": 4,
    "names": [{"field": "instruction", "start": 5, "end": 8, "option": "person", "text": "“1”"}],
    "remark": '["=not", a list 🙂',
}


def some(number: int = 3) -> list[dict[str, Any]]:
    talk = to_text([("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello")])
    given = ["", "日本, =x", talk]
    return [
        {
            "instruction": f"Say\r\n“{k}”",
            "input": given[k % 3],
            "output": NASTY[k % len(NASTY)] or "x",
            "labels": LABELLED if k % 2 else {},
            "meta": {"source": "=book", "page": k} if k % 2 else {},
            "external_id": None,
        }
        for k in range(number)
    ]


@pytest.mark.parametrize("name", sorted(EXPORT_FORMATS))
def test_every_format_comes_back(name: str, tmp_path: Path) -> None:
    check(tmp_path, some(), name)


@pytest.mark.parametrize("name", ["jsonl", "csv", "messages", "parquet"])
def test_what_first_stands_far_behind_the_beginning_comes_back_too(
    name: str, tmp_path: Path
) -> None:
    plain: dict[str, Any] = {
        "input": "",
        "output": "",
        "labels": {},
        "meta": {},
        "external_id": None,
    }
    examples = [plain | {"instruction": f"Write {k}."} for k in range(1200)]
    back = check(tmp_path, [*examples, *some()], name)
    assert back.accepted[-2].labels == LABELLED


@pytest.mark.parametrize("name", ["jsonl", "csv", "dataset"])
@pytest.mark.parametrize("pair", [("Topic", "topic"), ("a b", "a_b"), ("id", "meta")])
def test_labels_that_are_named_much_alike_or_as_a_column_come_back_as_themselves(
    pair: tuple[str, str], name: str, tmp_path: Path
) -> None:
    schema = [LabelField(one, ("yes", "no")) for one in pair]
    rows = [
        one | {"labels": {pair[0]: "yes", pair[1]: "no"}} if k else one | {"labels": {}}
        for k, one in enumerate(some())
    ]
    back = imported(exported(tmp_path, rows, name), schema=schema, allow_empty_output=True)
    assert [dict(one.labels) for one in back.accepted] == [one["labels"] for one in rows]
    assert not [problem for one in back.accepted for problem in one.problems]


def test_labels_that_the_project_does_not_have_are_kept_as_metadata(tmp_path: Path) -> None:
    path = exported(tmp_path, some(), "jsonl")
    (_, second, _) = imported(path, allow_empty_output=True).accepted
    assert second.meta["labels.topic"] == "=sum"
    assert second.meta["labels.tags"] == ["a", "日本"]


def test_messages_are_turns_that_other_tools_read(tmp_path: Path) -> None:
    lines = exported(tmp_path, some(), "messages").read_text(encoding="utf-8").splitlines()
    plain, given, talk = (json.loads(line) for line in lines)
    assert [turn["role"] for turn in plain["messages"]] == ["user", "assistant"]
    assert given["messages"][0]["content"] == "Say\r\n“1”\n\n日本, =x"
    roles = [turn["role"] for turn in talk["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant"]
    assert "input" not in talk


def test_a_datasets_folder_loads_with_the_library(tmp_path: Path) -> None:
    from datasets import load_from_disk

    found: Any = load_from_disk(str(exported(tmp_path, some(), "dataset")))
    assert found[1]["labels"] == LABELLED
    assert found[1]["provenance"]["written_by"] == "=Ada"
