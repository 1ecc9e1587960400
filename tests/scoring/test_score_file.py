"""`touchstone score`: a file of predictions, against the packages and against counts by hand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rouge_score.rouge_scorer import RougeScorer
from typer.testing import CliRunner

from cli import app
from core.errors import InvalidInput
from core.scoring.content import (
    field_f1,
    json_valid,
    length_ratio,
    new_numbers,
    number_accuracy,
    repetition,
)
from core.scoring.labels import parsed_label
from core.scoring.metrics import metric
from core.scoring.overlap import normalised_match, squad_f1, token_f1
from core.scoring.prediction_file import UnreadablePredictions, read_predictions
from core.scoring.score_file import chosen_metrics, score_file
from core.scoring.score_json import scores_json
from core.scoring.words import words
from core.statistics.estimates import clustered_proportion

Row = dict[str, Any]


def written(folder: Path, rows: Sequence[Any]) -> Path:
    path = folder / "predictions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def of(name: str) -> Callable[[str, str], float]:
    """The function of a metric."""
    function = metric(name).function
    assert function is not None
    return function


def scored(folder: Path, rows: Sequence[Mapping[str, Any]], *metrics: str) -> Row:
    found = score_file(read_predictions(written(folder, rows)), chosen_metrics(metrics))
    return scores_json(found)


def test_rouge_l_sum_equals_the_package_on_texts_of_several_lines() -> None:
    scorer, rng = RougeScorer(["rougeLsum"]), random.Random(8)
    rouge_lsum = of("rougeLsum")
    vocabulary = ["the", "cat", "sat", "on", "a", "mat", "dog", "ran", "42"]
    for _pair in range(1500):
        pair = [
            "\n".join(
                " ".join(rng.choices(vocabulary, k=rng.randint(0, 7)))
                for _line in range(rng.randint(0, 4))
            )
            for _side in range(2)
        ]
        expected = scorer.score(*pair)["rougeLsum"].fmeasure
        assert rouge_lsum(*pair) == pytest.approx(expected, abs=1e-12), pair


@pytest.mark.parametrize(
    ("reference", "text", "f1", "match"),
    [
        # What `f1_score` and `exact_match_score` of SQuAD's evaluate-v1.1.py give.
        ("The Norman dynasty", "a norman dynasty!", 1.0, 1.0),
        ("Denver Broncos", "the Broncos", 2 / 3, 0.0),
        ("10th and 11th centuries", "in the 10th century", 2 / 7, 0.0),
        ("x", "", 0.0, 0.0),
    ],
)
def test_token_f1_and_match_as_squad_counts_them(
    reference: str, text: str, f1: float, match: float
) -> None:
    assert squad_f1(reference, text) == pytest.approx(f1)
    assert normalised_match(reference, text) == match


def test_words_of_other_scripts_are_kept_whole_with_their_marks() -> None:
    assert words("हिन्दी में") == ("हिन्दी", "में")
    # Two phrases of which one word of two is shared; cut at the vowel signs they scored .80.
    assert token_f1("मेरी किताब", "मेरा किताब") == 0.5
    assert words("你好, World 3") == ("你", "好", "world", "3")
    assert words("café naïve") == ("café", "naïve")
    assert of("rougeL_unicode")("цена 42", "ошибка 42") == 0.5


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("positive", "positive"),
        ("Positive.", "positive"),
        ("Answer: positive", "positive"),
        ("The answer is **Positive**", "positive"),
        ("label = 'very  good'", "very good"),
        ("not positive", None),
        ("positive or negative", None),
        ("", None),
    ],
)
def test_a_label_is_found_in_its_usual_wrappings_only(text: str, label: str | None) -> None:
    assert parsed_label(text, {"positive", "negative", "very good"}) == label


def test_what_an_answer_is_made_of() -> None:
    assert number_accuracy("so 1,200 in all\n#### 1200", "It is 1,200.0!") == 1
    assert number_accuracy("#### 12", "12 or 13") == 0
    assert number_accuracy("1,2000", "1200") == 0
    assert number_accuracy("(10, 12,1500)", "1500") == 1
    assert number_accuracy("-$5", "−5.0") == number_accuracy("1e5", "100,000") == 1
    assert (number_accuracy("none", "none"), number_accuracy("none", "3")) == (1, 0)
    assert new_numbers("3 apples and 4 pears", "3 + 4 = 7") == pytest.approx(1 / 3)
    assert field_f1("name: Ada\ntown: Oslo", '{"name": "Ada", "town": "Lima"}') == 0.5
    assert [json_valid("", text) for text in ('{"a": 1}', "```json\n[1]\n```", "NaN", "a")] == [
        1, 1, 0, 0,
    ]  # fmt: skip
    assert length_ratio("one two", "one two three") == 1.5
    assert repetition("", "a b c d a b c d") == pytest.approx(1 / 5)
    assert repetition("", "a b c") == 0


def test_each_metric_has_a_mean_and_an_interval_for_each_system(tmp_path: Path) -> None:
    rows = [
        {"id": k, "system": system, "reference": f"word {k}", "prediction": text}
        for k in range(40)
        for system, text in (("base", "word"), ("tuned", f"word {k}" if k % 4 else "word"))
    ]
    found = scored(tmp_path, rows)
    assert found["systems"] == ["base", "tuned"]
    exact = found["metrics"]["exact_match"]
    assert (exact["base"]["mean"], exact["tuned"]["mean"], exact["tuned"]["n"]) == (0, 0.75, 40)
    assert exact["tuned"]["low"] < 0.75 < exact["tuned"]["high"]
    assert exact["tuned"]["interval"] == "exact, clopper-pearson"
    [one] = [d for d in found["differences"] if d["metric"] == "exact_match"]
    assert (one["from"], one["to"], one["mean"], one["verdict"]) == (
        "base",
        "tuned",
        0.75,
        "better",
    )
    assert (one["better"], one["equal"], one["worse"]) == (0.75, 0.25, 0)


def test_lines_of_one_group_count_as_one_when_the_interval_is_made(tmp_path: Path) -> None:
    rng = random.Random(3)
    hits = [rng.random() < 0.5 for _group in range(30)]
    rows = [
        {"reference": "a", "prediction": "a" if hits[g] else "b", "group": g}
        for g in range(30)
        for _copy in range(5)
    ]
    grouped = scored(tmp_path, rows)["metrics"]["exact_match"]["all"]
    alone = scored(tmp_path, [{**row, "group": None} for row in rows])
    apart = alone["metrics"]["exact_match"]["all"]
    assert (grouped["n"], grouped["groups"], apart["groups"]) == (150, 30, 150)
    assert grouped["mean"] == apart["mean"]
    assert grouped["high"] - grouped["low"] > 1.8 * (apart["high"] - apart["low"])


def test_equal_f_measures_are_equal_whatever_their_precision_and_recall(tmp_path: Path) -> None:
    pair = [("a b c d e f", "a b c d"), ("a b c d", "a b c d e f")]
    rows = [
        {"id": k, "system": system, "reference": want, "prediction": text}
        for k in range(10)
        for system, (want, text) in zip(("one", "two"), pair, strict=True)
    ]
    [one] = scored(tmp_path, rows, "rouge1")["differences"]
    assert (one["mean"], one["equal"], one["verdict"]) == (0, 1, "not shown")


def test_groups_of_either_line_join_the_ids_of_a_difference(tmp_path: Path) -> None:
    rows = [
        {"id": k, "system": system, "reference": "a", "prediction": "ab"[k % 3 > 1]} | more
        for k in range(12)
        for system, more in (("one", {}), ("two", {"group": k // 6}))
    ]
    [one] = scored(tmp_path, rows, "exact_match")["differences"]
    assert (one["ids"], one["groups"]) == (12, 2)
    apart = [{"reference": "a", "prediction": "a", "id": 2}] * 2
    apart += [{"reference": "a", "prediction": "a", "id": 3, "group": 2}]
    assert scored(tmp_path, apart)["metrics"]["exact_match"]["all"]["groups"] == 2


def test_a_share_of_groups_that_are_all_right_has_an_interval_that_covers(tmp_path: Path) -> None:
    rows = [{"reference": "a", "prediction": "a", "group": k // 2} for k in range(20)]
    one = scored(tmp_path, rows)["metrics"]["exact_match"]["all"]
    assert (one["mean"], one["low"]) == (1, pytest.approx(0.025 ** (1 / 10)))
    rng = random.Random(6)
    covered = 0
    for _ in range(300):
        hits = [rng.random() < 0.95 for _group in range(20) for _ in range(1)]
        made = clustered_proportion(
            [h for h in hits for _ in range(2)], [k // 2 for k in range(40)]
        )
        assert made.low is not None
        assert made.high is not None
        covered += made.low <= 0.95 <= made.high
    assert covered >= 0.94 * 300


def test_systems_without_shared_ids_are_not_compared_and_it_is_said(tmp_path: Path) -> None:
    rows = [{"system": s, "reference": "a", "prediction": "a"} for s in ("one", "two")]
    found = scored(tmp_path, rows)
    assert found["differences"] == []
    assert "share 0 ids that stand once in each and are not compared" in found["warnings"][0]


def test_labels_are_parsed_and_reported_per_class(tmp_path: Path) -> None:
    said = [("pos", "Pos."), ("pos", "neg"), ("neg", "Answer: neg"), ("neg", "who knows")]
    rows = [{"reference": want, "prediction": text, "label": want} for want, text in said]
    found = scored(tmp_path, rows)
    assert found["metrics"]["label_accuracy"]["all"]["mean"] == 0.5
    assert found["metrics"]["label_parsed"]["all"]["mean"] == 0.75
    report = found["labels"]["all"]
    assert report["accuracy"] == 0.5
    pos = report["classes"]["pos"]
    assert (pos["precision"], pos["recall"], pos["support"]) == (1, 0.5, 2)
    assert pos["f1"] == pytest.approx(2 / 3)
    assert report["confusion"] == {
        "references": ["neg", "pos"],
        "predictions": ["neg", "pos", "(none)"],
        "counts": [[1, 0, 1], [1, 1, 0]],
    }


def test_a_metric_that_drops_words_says_so(tmp_path: Path) -> None:
    rows = [
        {"reference": "цена 42", "prediction": "ошибка 42"},
        {"reference": "a", "prediction": ""},
    ]
    found = scored(tmp_path, rows)
    assert found["metrics"]["rougeL"]["all"]["mean"] == 0.5
    assert "drop words in 1 of 2 lines" in found["warnings"][0]
    assert "1 of 2 predictions are empty" in found["warnings"][1]
    assert not scored(tmp_path, rows[:1], "token_f1")["warnings"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"prediction": "a"}, "“reference” is missing, or no text"),
        ({"prediction": 3, "reference": "a"}, "“prediction” is missing, or no text"),
        ({"prediction": "a", "reference": "a", "system": ["x"]}, "“system” is neither"),
        ({"prediction": "a", "reference": "a", "label": " "}, "“label” is neither"),
        ({"prediction": "a", "reference": "a", "id": "\ud83d"}, "“id” has a damaged character"),
        ([], "is no JSON object"),
    ],
)
def test_a_line_that_is_no_prediction_is_named(tmp_path: Path, row: Any, sentence: str) -> None:
    good = {"prediction": "a", "reference": "a"}
    with pytest.raises(UnreadablePredictions, match=r"^Line 2") as refused:
        read_predictions(written(tmp_path, [good, row]))
    assert sentence in refused.value.message


def test_an_unknown_metric_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match=r"no metric “bleurt”.*rougeL"):
        chosen_metrics(["bleurt"])


def test_the_terminal_writes_every_prediction_and_prints_the_means(tmp_path: Path) -> None:
    path = written(tmp_path, [{"id": "a", "prediction": "x y", "reference": "x z"}])
    out = tmp_path / "out.jsonl"
    arguments = ["score", str(path), "--metrics", "rouge1, exact_match", "--per-example", str(out)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    answer = json.loads(done.stdout)
    assert answer["metrics"]["rouge1"]["all"]["mean"] == 0.5
    assert json.loads(out.read_text()) == {
        "id": "a", "system": "all", "rouge1": 0.5, "exact_match": 0.0,
    }  # fmt: skip
    said = CliRunner().invoke(app, arguments).stdout
    assert said.startswith("rouge1 of all: 0.500, n = 1")
    itself = CliRunner().invoke(app, [*arguments[:-1], str(path)])
    assert (itself.exit_code, "the file that is read" in itself.stderr) == (1, True)
    assert read_predictions(path)
    refused = CliRunner().invoke(app, [*arguments[:-1], str(tmp_path / "no" / "out.jsonl")])
    assert refused.exit_code == 1
    assert "cannot be written" in refused.stderr


def test_numbers_and_names_that_the_question_does_not_have(tmp_path: Path) -> None:
    asked = {"instruction": "Sum up.", "input": "Ann Lee paid 1,200 euros to the twelve clubs."}
    rows = [
        {"id": "a", "prediction": "It was Lee who paid 1200 to 12 clubs.", "reference": "x"}
        | asked,
        {"id": "b", "prediction": "It was Lee, not Bob, who paid 1500 for 12.", "reference": "x"}
        | asked,
    ]
    names = ("unsupported_numbers", "unsupported_names")
    found = scored(tmp_path, rows, *names)
    assert [found["metrics"][name]["all"]["mean"] for name in names] == [0.25, 0.25]
    assert found["warnings"] == []
    del rows[1]["input"], rows[1]["instruction"]
    told = scored(tmp_path, rows, *names)["warnings"]
    assert "1 of 2 lines have neither" in told[0]


def test_without_a_question_nothing_is_called_unsupported(tmp_path: Path) -> None:
    rows = [{"prediction": "Bob paid 12 to Ann.", "reference": "x"}]
    found = scored(tmp_path, rows, "token_f1", "unsupported_names")
    assert set(found["metrics"]) == {"token_f1"}
    assert found["warnings"] == [
        "unsupported_names cannot be told: 1 of 1 lines have neither “instruction” nor “input”."
    ]
