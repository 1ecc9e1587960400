"""Lists of entities as sets of items, and answers against a JSON schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from core.scoring.answers import Answer, ScoringPlan, score_answers
from core.scoring.content import json_valid
from core.scoring.json_schema import InvalidSchema, checked_schema, schema_check
from core.scoring.lists import list_f1, listed_items

SCHEMA = json.dumps(
    {
        "type": "object",
        "required": ["company"],
        "properties": {"company": {"type": "string"}, "size": {"$ref": "#/$defs/size"}},
        "$defs": {"size": {"type": "integer", "minimum": 1}},
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "- Ada Lovelace\n- Acme Corp.\n* 1,200 units",
        "1. ada lovelace\n2) Acme  Corp\n(3) 1,200 units",
        "Here they are:\n\n• “Ada Lovelace”\n• Acme Corp\n• 1,200 units\n\nThat is all.",
        "Ada Lovelace, Acme Corp, 1,200 units",
        "Entities: Ada Lovelace; Acme Corp; 1,200 units.",
        "Ada Lovelace, Acme Corp, and 1,200 units",
        "Ada Lovelace, Acme Corp and 1,200 units",
        '["Ada Lovelace", "Acme Corp", "1,200 units", "Ada Lovelace"]',
        '```json\n["Ada Lovelace", "Acme Corp", "1,200 units"]\n```',
        "Ada Lovelace\nAcme Corp\n1,200 units",
    ],
)
def test_a_list_has_the_same_items_however_it_is_written(text: str) -> None:
    assert listed_items(text) == {"ada lovelace", "acme corp", "1,200 units"}


def test_the_f1_of_two_lists_is_that_of_their_sets_of_items() -> None:
    assert list_f1("- a1\n- b1\n- c1", "c1, a1, d1, a1") == pytest.approx(2 * 2 / 6)
    assert list_f1("a1, b1", "b1, a1") == 1.0
    assert list_f1("Johnson & Johnson", "- Johnson & Johnson") == 1.0


def test_two_lists_without_items_are_equal_and_one_is_worth_nothing() -> None:
    assert (list_f1("None", ""), list_f1("none.", "N/A")) == (1.0, 1.0)
    assert (list_f1("None", "- Ada"), list_f1("Ada", "none")) == (0.0, 0.0)


def test_a_fence_on_one_line_is_seen_by_every_reader_of_answers() -> None:
    assert json_valid("", '```json{"a": 1}```') == 1.0
    assert json_valid("", '```json\n{"a": 1}\n```') == 1.0
    assert listed_items('```["a1"]```') == {"a1"}


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ('{"company": "Acme", "size": 3}', 1.0),
        ('```json\n{"company": "Acme"}\n```', 1.0),
        ('{"company": "Acme", "size": 0}', 0.0),
        ('{"size": 3}', 0.0),
        ('{"company": "Acme"} That is it.', 0.0),
        ("company: Acme", 0.0),
        ("", 0.0),
        ("[" * 100_000, 0.0),
    ],
)
def test_an_answer_is_checked_against_the_schema(answer: str, valid: float) -> None:
    assert schema_check(checked_schema(SCHEMA))("", answer) == valid


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "one JSON object"),
        ('{"type": "objekt"}', "no JSON schema"),
        ('{"pattern": "("}', "no JSON schema"),
        ('{"$ref": "https://example.com/schema.json"}', "outside"),
        ('{"properties": {"a": {"$ref": "#/$defs/missing"}}}', "leads nowhere"),
        ('{"$ref": "#"}', "without end"),
    ],
)
def test_what_is_no_schema_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(InvalidSchema) as refused:
        checked_schema(text)
    assert said in refused.value.message


def test_a_plan_scores_validity_only_where_a_schema_is_set_and_another_one_is_another_setting() -> (
    None
):
    answers = [
        Answer("s", "e1", "r1", "{}", '{"company": "Acme"}'),
        Answer("s", "e2", "r2", "{}", "Acme"),
    ]
    plain, checked = ScoringPlan(), ScoringPlan(json_schema=checked_schema(SCHEMA))
    assert "schema_valid" not in score_answers(answers, plain)[1]["s"].metrics
    assert score_answers(answers, checked)[1]["s"].metrics["schema_valid"] == 0.5
    assert ScoringPlan.from_json(checked.to_json()) == checked
    spaced = ScoringPlan(json_schema=checked_schema(f" {SCHEMA.replace(':', ' : ')}\n"))
    assert len({plain.hash, checked.hash, spaced.hash}) == 2
    # Scores of before there were schemas are not shown as outdated.
    assert "json_schema" not in plain.to_json()


def test_the_terminal_scores_against_a_schema_in_a_file(tmp_path: Path) -> None:
    file, schema = tmp_path / "p.jsonl", tmp_path / "schema.json"
    rows = [
        {"prediction": '{"company": "A"}', "reference": "x"},
        {"prediction": "", "reference": "x"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    schema.write_text(SCHEMA, encoding="utf-8")
    asked = ["score", str(file), "--schema", str(schema), "--metrics", "list_f1"]
    answer = CliRunner().invoke(app, [*asked, "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)["metrics"]
    assert list(found) == ["list_f1", "schema_valid"]
    assert found["schema_valid"]["all"]["mean"] == 0.5
    schema.write_text("", encoding="utf-8")
    assert CliRunner().invoke(app, asked).exit_code == 1
