"""`touchstone check`: duplicates, template siblings and overlaps of examples in files."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from core.checks.duplicates import find_duplicates
from tests.benchmarks.duplicates_speed import edited_texts, quality, records_of, templated_notes

SENTENCE = "please write a short and friendly answer to this customer who asks about late parcels"
TEMPLATE = "Please tell me in one sentence what the capital of {} was in the year {} or so"
CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
GSM8K = Path(__file__).parents[3] / "shared" / "data" / "gsm8k"


def written(path: Path, rows: Sequence[Any]) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def asked(text: str, **more: Any) -> dict[str, Any]:
    return {"instruction": text, "input": "", "output": "Done.", **more}


def checked(*arguments: Any) -> dict[str, Any]:
    found = CliRunner().invoke(app, ["check", *map(str, arguments), "--json"])
    assert found.exit_code == 0, found.output
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def refused(*arguments: Any) -> str:
    found = CliRunner().invoke(app, ["check", *map(str, arguments)])
    assert found.exit_code == 1
    return found.stderr


def test_clusters_name_records_by_their_id_else_their_line(tmp_path: Path) -> None:
    rows = [
        asked(SENTENCE, id="a"),
        "",
        asked(SENTENCE.upper().replace(" ", "  "), id=7),
        asked(SENTENCE.replace("short", "brief")),
        asked("something else entirely", id="z"),
    ]
    found = checked(written(tmp_path / "x.jsonl", rows), "--only", "duplicates")
    assert found["examples"] == 4
    assert found["exact_duplicate_clusters"] == [["a", 7]]
    assert found["near_duplicate_clusters"] == [["a", 7, 4]]
    assert found["template_siblings"] == {"groups": [], "sizes": []}
    assert found["seconds"] >= 0
    assert found["peak_mb"] > 0
    assert "findings" not in found


def test_texts_with_other_numbers_and_names_are_siblings_and_no_duplicates(tmp_path: Path) -> None:
    places = ["France", "Spain", "Chile", "Kenya", "Peru", "Norway"]
    rows = [asked(TEMPLATE.format(place, 1900 + k)) for k, place in enumerate(places)]
    found = checked(written(tmp_path / "x.jsonl", rows))
    assert found["near_duplicate_clusters"] == []
    assert found["template_siblings"] == {"groups": [[1, 2, 3, 4, 5, 6]], "sizes": [6]}


def test_independent_notes_of_one_template_stay_apart_and_are_one_group() -> None:
    notes = templated_notes(3000, random.Random(3))
    found = find_duplicates(records_of(notes))
    assert sum(len(one) - 1 for one in found.near) < 0.01 * len(notes)
    assert [len(one) for one in found.siblings] == [len(notes)]


def test_the_only_copy_of_a_question_with_another_number_is_a_near_duplicate() -> None:
    question = (
        "A train travels {} miles in three hours without a stop. At the same rate, how many more "
        "hours would it take to travel to the next town, which is {} miles away?"
    )
    other = "How many apples are left when a farmer gives half of them to each of her neighbours?"
    found = find_duplicates(
        records_of([question.format(270, 180), other, question.format(360, 240)])
    )
    assert (found.near, found.siblings) == ([[0, 2]], [])


@pytest.mark.shared
def test_all_five_pairs_of_gsm8k_that_share_most_bigrams_are_found() -> None:
    if not GSM8K.exists():
        pytest.skip("the real data is not beside the checkout")
    questions = [
        json.loads(line)["question"]
        for name in ("train", "test")
        for line in (GSM8K / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    near = find_duplicates(records_of(questions)).near
    for pair in ([1174, 7233], [1314, 5162], [2483, 6691], [4997, 5419], [5518, 6320]):
        assert pair in near
    assert len(near) < 15


def test_a_text_whose_sentences_stand_in_another_order_is_a_near_duplicate() -> None:
    sentences = [
        "The parcel left the harbour late in the evening",
        "Nobody at the desk could say why it had been delayed",
        "A colleague promised to call the customer back",
        "Then the line went dead and stayed that way",
    ]
    texts = [". ".join(sentences), ". ".join(sentences[2:] + sentences[:2]), SENTENCE]
    assert find_duplicates(records_of(texts)).near == [[0, 1]]


@pytest.mark.parametrize("words", [15, 20, 30])
def test_two_changed_words_are_found_and_hardly_anything_else_is(words: int) -> None:
    originals, copies, edits = edited_texts(6000, random.Random(words))
    chosen = [
        pair
        for pair, edit in zip(copies, edits, strict=True)
        if edit == 2 and abs(len(originals[pair[0]].split()) - words) <= 2
    ]
    found = find_duplicates(records_of(originals + [copy for _, copy in chosen]))
    recall, precision = quality(found, len(originals), chosen)
    assert len(chosen) > 30
    assert recall >= 0.95
    assert precision >= 0.97


def test_what_is_compared_can_be_chosen(tmp_path: Path) -> None:
    rows = [
        {"instruction": SENTENCE, "input": "one", "output": "Thank you for writing to us."},
        {"instruction": SENTENCE, "input": "two", "output": "thank you for  writing to us."},
        {"instruction": SENTENCE, "input": "one", "output": "No."},
        {"instruction": "Say no", "input": "", "output": ""},
        {"instruction": "Say nothing", "input": "", "output": ""},
    ]
    path = written(tmp_path / "x.jsonl", rows)
    by = {
        over: checked(path, "--over", over)["exact_duplicate_clusters"]
        for over in ("prompt", "instruction", "input", "output", "all")
    }
    assert by == {
        "prompt": [[1, 3]],
        "instruction": [[1, 2, 3]],
        "input": [[1, 3]],
        "output": [[1, 2]],
        "all": [],
    }


def test_overlaps_name_the_nearest_example_of_each_other_file(tmp_path: Path) -> None:
    brief = SENTENCE.replace("short", "brief")
    own = written(tmp_path / "train.jsonl", [asked(SENTENCE, id="a"), asked("unlike", id="b")])
    test = written(tmp_path / "test.jsonl", [asked("x y z"), asked(brief), asked(SENTENCE)])
    other = written(tmp_path / "other.jsonl", [asked(brief, id="o")])
    found = checked(own, "--against", test, "--against", other, "--only", "contamination")
    assert found["overlap"][str(test)] == [{"id": "a", "other_id": 3, "similarity": 1.0}]
    (near,) = found["overlap"][str(other)]
    assert (near["id"], near["other_id"]) == ("a", "o")
    assert 0.85 <= near["similarity"] < 1
    assert "exact_duplicate_clusters" not in found


def test_duplicates_within_a_file_are_not_changed_by_the_files_beside_it(tmp_path: Path) -> None:
    own = written(tmp_path / "own.jsonl", [asked(SENTENCE), asked(SENTENCE.title())])
    other = written(tmp_path / "other.jsonl", [asked(SENTENCE.replace("short", "brief"))] * 3)
    alone, beside = checked(own), checked(own, "--against", other)
    for key in ("exact_duplicate_clusters", "near_duplicate_clusters", "template_siblings"):
        assert alone[key] == beside[key]
    assert [one["id"] for one in beside["overlap"][str(other)]] == [1, 2]


def test_records_that_cannot_be_read_are_told_with_their_line(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", [asked("one"), "{broken", asked("two"), "[1]"])
    found = checked(path)
    assert found["examples"] == 2
    assert [one["line"] for one in found["unreadable"]] == [2, 4]
    told = CliRunner().invoke(app, ["check", str(path)])
    assert "2 records cannot be read" in told.stdout
    assert "line 2" in told.stdout


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ([{"question": "Why is that so?", "answer": "Because."}] * 2, "question"),
        ([{"text": "It was a good room.", "label": "good"}] * 2, "text"),
        (
            [
                {
                    "messages": [
                        {"role": "user", "content": "Hi"},
                        {"role": "assistant", "content": "Ho"},
                    ]
                }
            ]
            * 2,
            "chat",
        ),
    ],
)
def test_columns_are_found_by_their_names(
    rows: list[dict[str, Any]], columns: str, tmp_path: Path
) -> None:
    found = checked(written(tmp_path / "x.jsonl", rows), "--only", "duplicates")
    assert found["exact_duplicate_clusters"] == [[1, 2]], columns


def test_what_cannot_be_asked_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", [asked("one")])
    assert "duplicates, contamination, findings" in refused(path, "--only", "spelling")
    assert "--against FILE" in refused(path, "--only", "contamination")
    assert "is none of" in refused(path, "--over", "everything")
    assert "threshold" in refused(path, "--threshold", "1.5")
    assert "not there" in refused(tmp_path / "missing.jsonl")


def test_findings_name_the_records_of_each_kind_and_can_be_written_one_a_line(
    tmp_path: Path,
) -> None:
    rows = [
        asked("Who answers?", id="mail"),
        asked("Who is that?", id="good"),
        asked("Say hello.", id=3),
    ]
    rows[0]["output"] = "Write to ada.vale@norvik-labs.com, please."
    rows[2]["output"] = ""
    path, out = written(tmp_path / "x.jsonl", rows), tmp_path / "findings.jsonl"
    found = checked(path, "--only", "findings", "--findings-to", out)
    assert (found["findings"]["email"]["severity"], found["findings"]["email"]["ids"]) == (
        "high",
        ["mail"],
    )
    assert found["findings"]["empty_field"]["count"] == 1
    assert found["findings"]["empty_field"]["ids"] == [3]
    assert "exact_duplicate_clusters" not in found
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    (mail,) = (one for one in lines if one["kind"] == "email")
    assert rows[0]["output"][mail["start"] : mail["end"]] == "ada.vale@norvik-labs.com"
    assert "norvik" not in mail["mend"]


@pytest.mark.parametrize("labelled", [True, False])
def test_labels_are_checked_in_their_column_or_in_the_output(
    labelled: bool, tmp_path: Path
) -> None:
    texts = [("It was clean.", "good"), ("It was loud.", "dreadful")]
    name = "label" if labelled else "output"
    rows = [{"instruction": "Rate it.", "input": text, name: label} for text, label in texts]
    if labelled:
        rows = [{**row, "output": "So it is."} for row in rows]
    path = written(tmp_path / "x.jsonl", rows)
    found = checked(path, "--only", "findings", "--labels", "good, bad")
    assert found["findings"]["label_not_in_schema"]["ids"] == [2]


def test_numbers_that_the_input_lacks_are_findings_where_outputs_are_grounded(
    tmp_path: Path,
) -> None:
    row = {"instruction": "Sum up.", "input": "We met 3 people.", "output": "They met 17 people."}
    path = written(tmp_path / "x.jsonl", [row])
    assert checked(path)["findings"]["unsupported_numbers"]["ids"] == []
    assert checked(path, "--grounded")["findings"]["unsupported_numbers"]["ids"] == [1]


def test_the_file_that_is_read_is_never_written(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", [asked("one")])
    assert "Name another one" in refused(path, "--findings-to", path)
    assert "Leave --findings-to out" in refused(
        path, "--only", "duplicates", "--findings-to", tmp_path / "y.jsonl"
    )
