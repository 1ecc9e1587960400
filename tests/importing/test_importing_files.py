"""core.importing: files as people have them, the nasty ones included."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.importing.columns import ColumnMapping
from core.importing.formats import FORMATS, identify
from core.importing.limits import Limits, TooLarge, UnreadableFile
from core.importing.pipeline import open_source
from core.importing.preview import preview
from core.importing.summary import read_summary
from core.jobs.folder import JobFolder
from tests.import_builders import (
    GOOD,
    QA,
    a_dataset_folder,
    a_sheet,
    imported,
    parquet,
    put,
    reasons,
    records,
    texts,
)
from tests.job_builders import imports_of_worker


def in_each_format(folder: Path) -> list[Path]:
    table = "question{0}answer\nWhy?{0}Because.\n"
    return [
        put(folder, "a.jsonl", json.dumps(QA)),
        put(folder, "a.json", json.dumps([QA], indent=2)),
        put(folder, "b.json", json.dumps({"version": 1, "data": [QA], "tags": ["x"]})),
        put(folder, "c.json", "\n".join([json.dumps(QA), json.dumps(QA)])),
        put(folder, "d.json", json.dumps(QA)),
        put(folder, "a.csv", table.format(",")),
        put(folder, "b.csv", table.format(";")),
        put(folder, "c.txt", table.format("\t")),
        put(folder, "a.tsv", table.format("\t")),
        parquet(folder, {name: [value] for name, value in QA.items()}),
    ]


def test_every_accepted_format_gives_the_same_example(tmp_path: Path) -> None:
    paths = [*in_each_format(tmp_path), a_dataset_folder(tmp_path), a_sheet(tmp_path)]
    tables = {name for name, one in FORMATS.items() if not one.passages}
    assert {identify(path).format for path in paths} == tables
    for path in paths:
        found = imported(path)
        assert texts(found) == [("Why?", "", "Because.")], path
        assert not found.rejects, path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.json"])
def test_common_encodings_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    row = {"question": "Où est le café — “ici”?", "answer": "Là, 5 €"}
    content = {
        "x.csv": "question;answer\r\n" + ";".join(row.values()) + "\r\n",
        "x.jsonl": json.dumps(row, ensure_ascii=False) + "\r\n",
        "x.json": json.dumps({"data": [row]}, ensure_ascii=False),
    }[name]
    found = imported(put(tmp_path, name, content, encoding))
    assert texts(found) == [(row["question"], "", row["answer"])]
    assert bool(found.warnings) == (encoding == "cp1252")


def test_one_damaged_byte_in_utf_8_costs_one_record(tmp_path: Path) -> None:
    lines = [json.dumps(QA | {"answer": f"né {n}"}, ensure_ascii=False).encode() for n in range(5)]
    lines[2] = lines[2].replace("é".encode(), b"\xc3")
    found = imported(put(tmp_path, "x.jsonl", b"\n".join(lines)))
    assert len(found.accepted) == 4
    assert "damaged character" in reasons(found)[3]


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", b"", "The file is empty"),
        ("x.csv", b"\xef\xbb\xbf \r\n", "The file is empty"),
        ("x.csv", b"\x89PNG\r\n\x1a\n", "PNG image"),
        ("x.csv", zipped("[Content_Types].xml", "xl/workbook.xml"), "XLSX file is damaged"),
        ("x.odt", zipped("[Content_Types].xml", "content.xml"), "Office document of another kind"),
        ("x.jsonl", zipped("a.jsonl"), "zip archive"),
        ("x.jsonl", b"\x1f\x8b\x08\x00", "gzip"),
        ("x.json", b"<!DOCTYPE html><p>", "web page"),
        ("x.parquet", b"a,b\n1,2\n", "not Parquet inside"),
        ("x.parquet", b"PAR1 and then nothing", "damaged or incomplete"),
        ("x.txt", b"Once upon a time.\nThere was a file.\n", "plain text without columns"),
        ("x.json", b"question,answer\n", r"neither \[ nor \{"),
        ("x.csv", b"a,b\0c\n\x00\x00", "NUL bytes"),
        ("x.csv", b"question,answer\n\x81\x8d,\xff\n", "neither UTF-8, UTF-16 nor"),
        ("x.csv", b"question,answer\n", "no records after the column names"),
        ("x.csv", b" ,\nWhy?,Because\n", "names no column"),
        ("x.json", b"[]", "no records"),
        ("x.json", b'{"train": [{"a": 1}], "test": [{"a": 1}]}', "'train', 'test'"),
    ],
)
def test_an_unusable_file_is_refused_with_what_was_found(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = put(tmp_path, name, content)
    with pytest.raises(UnreadableFile, match=said):
        open_source(path)
    with pytest.raises(UnreadableFile, match=said):
        preview(path)


def test_csv_lines_are_physical_lines_where_the_record_starts(tmp_path: Path) -> None:
    text = (
        'question,answer\r\n"two\r\nlines","a"\r\n\r\nthird,b\nonly one cell\na,b,c\n"x ""y""",z\n'
    )
    path = put(tmp_path, "x.csv", text)
    assert [(r.line, r.values and r.values["question"]) for r in records(path)] == [
        (2, "two\r\nlines"),
        (5, "third"),
        (6, None),
        (7, None),
        (8, 'x "y"'),
    ]
    assert reasons(imported(path)) == {
        6: "The line has 1 cells where the header has 2.",
        7: "The line has 3 cells where the header has 2.",
    }


def test_an_unclosed_quotation_mark_costs_one_record_and_not_the_rest(tmp_path: Path) -> None:
    rows = [f"q{number},a{number}" for number in range(2, 1000)]
    rows[3] = '"q5,a5'
    rows[500] = 'q502,"a" b'
    found = imported(put(tmp_path, "x.csv", "\n".join(["question,answer", *rows])))
    assert len(found.accepted) == 996
    assert reasons(found)[5] == "A quotation mark is opened here and never closed properly."
    assert "Not valid CSV" in reasons(found)[502]


def test_repeated_and_blank_column_names_stay_apart(tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", "text,text,,answer\na,b,c,d\n")
    shown = preview(path)
    assert shown.columns == ("text", "text (2)", "column 3", "answer")
    assert "used twice" in shown.warnings[0]
    assert imported(path, ColumnMapping("text (2)", output="answer")).accepted[0].line == 2


def test_broken_json_lines_are_rejects_with_line_and_reason(tmp_path: Path) -> None:
    deep = '{"instruction": ' + "[" * 10_000 + "]" * 10_000 + "}"
    fifty = '{"instruction": "a", "output": "b", "x": ' + "[" * 50 + "]" * 50 + "}"
    lines = {
        1: GOOD,
        2: "",
        3: '{"instruction": "torn", "out',
        4: deep,
        5: '{"instruction": "' + "x" * 2_000_000 + '", "output": "y"}',
        6: '{"instruction": "a", "output": NaN}',
        7: "[1, 2]",
        8: '{"instruction": "a", "instruction": "b", "output": "c"}',
        9: fifty,
        10: '{"instruction": "a", "output": null}',
        11: '{"instruction": "a"}',
        12: '{"instruction": "a", "output": ["b", "c"]}',
        13: '{"instruction": null, "input": "  ", "output": "x"}',
        14: '{"instruction": "half \\ud83d", "output": "x"}',
        15: GOOD,
        16: '{"instruction": "a", "input": 7, "output": true}',
        17: '{"instruction": "a", "output": 1' + "0" * 5000 + "}",
    }
    found = imported(put(tmp_path, "x.jsonl", "\r\n".join(lines.values())))
    assert [a.line for a in found.accepted] == [1, 16]
    assert texts(found)[1] == ("a", "7", "true")
    assert found.duplicates == [(15, 1)]
    said = reasons(found)
    assert sorted(said) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17]
    expected = {
        3: "Not valid JSON: Unterminated string",
        4: "more than 32 levels",
        5: "longer than 1\u202f000\u202f000 characters",
        6: "NaN is not a JSON value",
        7: "Not an object with named fields but a list",
        8: "'instruction' is there twice",
        9: "more than 32 levels",
        10: "The output is empty.",
        11: "The column 'output' is missing.",
        12: "(column 'output') is a list, not a text",
        13: "both empty",
        14: "damaged character",
        17: "A number has more than 4\u202f300 digits, the limit.",
    }
    assert {line: part for line, part in expected.items() if part not in said[line]} == {}
    assert all(len(reject.excerpt) <= 500 for reject in found.rejects)


def test_unicode_line_separators_do_not_break_a_line(tmp_path: Path) -> None:
    strange = "a\u2028b\u2029c\u0085d\x0b\x0c"
    row = json.dumps(QA | {"answer": strange}, ensure_ascii=False)
    for path in (put(tmp_path, "x.jsonl", f"{row}\n{GOOD}\n"), put(tmp_path, "x.json", f"[{row}]")):
        assert texts(imported(path, ColumnMapping("question", output="answer")))[0][2] == strange
    table = put(tmp_path, "x.csv", f"question,answer\nq,{strange}\nr,s\n")
    assert [(r.line, r.error) for r in records(table)] == [(2, ""), (3, "")]


def test_a_json_list_goes_in_up_to_where_it_breaks(tmp_path: Path) -> None:
    items = [f'{{"question": "q{n}", "answer": "{n} {"x" * 50}"}}' for n in range(20_000)]
    items[3] = '{"question": "q", "answer": NaN}'
    items[4] = '"just text"'
    items[5] = '{"question": "' + "x" * 2_000_000 + '", "answer": "a"}'
    torn = put(tmp_path, "x.json", "[" + ",\n".join(items)[:-20])
    found = imported(torn)
    assert len(found.accepted) == 19_996
    said = reasons(found)
    assert sorted(said) == [4, 5, 6, 20_000]
    assert "Nothing after this place could be read." in said[20_000]
    assert "longer than" in said[6]
    deep = put(tmp_path, "y.json", f"[{json.dumps(QA)}, " + "[" * 10_000 + "]" * 10_000 + "]")
    assert "more than 32 levels" in reasons(imported(deep))[2]


def test_nested_instances_become_one_example_each(tmp_path: Path) -> None:
    inner = [
        {"input": "1", "output": "one"},
        {"input": "2", "output": ""},
        {"input": "3", "output": "x"},
    ]
    rows: list[dict[str, Any]] = [
        {"id": "t", "instruction": "Say it.", "instances": inner, "kind": "digits"},
        {"id": "u", "instruction": "Say it.", "instances": []},
        {"id": "v", "instruction": "Say it.", "instances": "none"},
    ]
    lines = put(tmp_path, "x.jsonl", "\n".join(map(json.dumps, rows)))
    table = parquet(tmp_path, {name: [rows[0][name]] for name in rows[0]})
    for path in (lines, table):
        found = imported(path)
        assert texts(found) == [("Say it.", "1", "one"), ("Say it.", "3", "x")]
        assert [a.external_id for a in found.accepted] == ["t", "t#3"]
        assert [a.meta for a in found.accepted] == [{"kind": "digits"}] * 2
        assert found.rejects[0].reason == "Number 2 of 'instances': The output is empty."
    assert reasons(imported(lines)) | {1: ""} == {
        1: "",
        2: "The list 'instances' is empty.",
        3: "The column 'instances' is not a list of objects but a text.",
    }


def test_each_limit_is_named_in_its_refusal(tmp_path: Path) -> None:
    path = put(tmp_path, "x.jsonl", f"{GOOD}\n" * 4)
    with pytest.raises(TooLarge, match=r"uploads is 100 bytes.*touchstone import FILE"):
        open_source(path, limits=Limits(file_bytes=100))
    with pytest.raises(TooLarge, match="more than 3 records"):
        imported(path, limits=Limits(records=3))
    table = parquet(tmp_path, {name: [value] for name, value in QA.items()})
    with pytest.raises(TooLarge, match="the limit is 5 bytes"):
        open_source(table, limits=Limits(unpacked_bytes=5))


@pytest.mark.parametrize("is_folder", [False, True])
def test_only_a_dataset_folder_brings_pandas_into_the_worker(
    tmp_path: Path, is_folder: bool
) -> None:
    line = '{"instruction": "Say yes.", "input": "", "output": "yes"}'
    path = a_dataset_folder(tmp_path / "set") if is_folder else put(tmp_path, "a.jsonl", line)
    spec = {"kind": "import", "file": str(path), "in_place": True}
    folder = JobFolder.create(tmp_path / "jobs" / "one", spec)
    assert ("pandas" in imports_of_worker(folder)) == is_folder
    assert read_summary(folder.final).accepted > 0
