"""Automatic scores: ROUGE beside its package, overlap, records, labels, and the score job."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rouge_score.rouge_scorer import RougeScorer

from core.errors import InvalidInput
from core.jobs.context import JobContext, JobStopped
from core.jobs.folder import JobFolder
from core.scoring.answers import Answer, ScoringPlan, score_answers
from core.scoring.job import NoAnswersToScore, run
from core.scoring.labels import label_report
from core.scoring.overlap import exact_match, token_f1
from core.scoring.records import field_matches, parse_record
from core.scoring.rouge import RougeScores, rouge
from core.scoring.words import has_words_unseen_by_rouge

NAMES = ["rouge1", "rouge2", "rougeL"]
RECORD = "company: Acme Corp\ncontact: Ada\ndecision: not qualified"


def by_the_package(scorer: Any, reference: str, text: str) -> list[float]:
    scores = scorer.score(reference, text)
    return [scores[name].fmeasure for name in NAMES]


def random_text(rng: random.Random) -> str:
    words = ["the", "a", "Cat", "sat,", "on", "mat.", "42", "don't", "naïve", "кот", "\n", "-", "İ"]
    return " ".join(rng.choices(words, k=rng.choice([0, 1, 2, 3, 5, 8, 20, 60])))


def test_rouge_equals_the_package_on_thousands_of_random_short_and_empty_pairs() -> None:
    scorer, rng = RougeScorer(NAMES, use_stemmer=False), random.Random(4)
    for _pair in range(4000):
        reference, text = random_text(rng), random_text(rng)
        assert list(rouge(reference, text)) == pytest.approx(
            by_the_package(scorer, reference, text), abs=1e-12
        )


@pytest.mark.shared
def test_rouge_equals_the_package_on_real_answers(self_instruct: Path) -> None:
    scorer = RougeScorer(NAMES, use_stemmer=False)
    file = self_instruct / "tuned_davinci-self-instruct_predictions.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines()[:100]:
        record = json.loads(line)
        reference, text = str(record["target"]), record["response"]
        assert list(rouge(reference, text)) == pytest.approx(
            by_the_package(scorer, reference, text), abs=1e-12
        )


@pytest.fixture
def self_instruct() -> Path:
    folder = Path(__file__).parents[3] / "shared" / "data" / "self-instruct"
    if not folder.exists():
        pytest.skip("the real data is not beside the checkout")
    return folder


def test_identical_chinese_and_russian_score_nothing_and_are_noticed() -> None:
    for text in ("你好世界", "привет мир"):
        assert rouge(text, text) == RougeScores(0, 0, 0)
        assert has_words_unseen_by_rouge(text)
        assert token_f1(text, text) == 1.0
    assert has_words_unseen_by_rouge("цена 42")
    for text in ("", " \n", "?!", "café au lait"):
        assert not has_words_unseen_by_rouge(text)


def test_token_f1_counts_repeated_words_once_each() -> None:
    assert token_f1("the cat the dog", "The CAT!") == pytest.approx(2 * 2 / 6)
    assert token_f1("a a", "a") == pytest.approx(2 / 3)
    assert token_f1("a b", "c d") == 0.0


def test_token_f1_of_two_empty_texts_is_one_and_of_one_is_nothing() -> None:
    assert (token_f1("", " ?"), token_f1("a", ""), token_f1("", "a")) == (1.0, 0.0, 0.0)


def test_an_exact_match_ignores_spacing_and_nothing_else() -> None:
    assert exact_match(" a  b\n", "a b")
    assert exact_match("", "  ")
    assert not exact_match("a b", "A b")


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ('{"Company": " Acme ", "size": 1.50}', {"company": "Acme", "size": "1.50"}),
        ('```json\n{"a": null, "b": [1], "c": true}\n```', {"a": "", "b": '["1"]', "c": "true"}),
        ('{"a": "x"} and then it goes on', {"a": "x"}),
        ('{"a": "x"', {}),
        ("[1, 2]", {}),
        ("Company:  Acme \n\n- Site : http://a.b\nno field here", None),
        ("a: first\na: second", {"a": "first"}),
        ("budget:\nneed: crm", {"budget": "", "need": "crm"}),
        ("", {}),
    ],
)
def test_records_are_read_from_json_or_lines(text: str, record: dict[str, str] | None) -> None:
    expected = {"company": "Acme", "site": "http://a.b"} if record is None else record
    assert parse_record(text) == expected


def test_a_field_is_right_only_when_its_words_and_case_are() -> None:
    text = "Company:  Acme  Corp\ncontact: ada"
    found = field_matches(RECORD, text, ["company", "contact", "decision", "phone"])
    assert found == {"company": True, "contact": False, "decision": False, "phone": True}
    assert field_matches(RECORD, RECORD + "\nphone: 1", ["phone"]) == {"phone": False}


def test_the_label_report_has_the_textbook_numbers() -> None:
    expected = ["yes", "yes", "yes", "no", "no"]
    report = label_report(expected, ["yes", " YES ", "no", "no", "gibberish"])
    yes, no, none = (report.classes[label] for label in ("yes", "no", "(none)"))
    assert (yes.precision, yes.recall) == pytest.approx((1.0, 2 / 3))
    assert yes.support == 3
    assert (no.precision, no.recall, no.f1) == (0.5, 0.5, 0.5)
    assert (none.support, none.answered, none.f1) == (0, 1, 0.0)
    assert report.macro_f1 == pytest.approx((0.8 + 0.5) / 2)
    assert report.accuracy == pytest.approx(3 / 5)


def test_an_unreadable_answer_is_wrong_and_never_dropped() -> None:
    report = label_report(["yes", "no"], ["", "maybe"])
    assert (report.n, report.accuracy, report.macro_f1) == (2, 0.0, 0.0)
    assert report.classes["(none)"].answered == 2


def test_labels_that_cannot_be_compared_are_refused_and_none_at_all_is_no_crash() -> None:
    assert label_report([], []).macro_f1 is None
    with pytest.raises(InvalidInput, match="differ in number"):
        label_report(["yes"], [])
    with pytest.raises(InvalidInput, match="no label"):
        label_report([" "], ["yes"])


def test_a_classification_takes_the_whole_answer_as_the_label() -> None:
    plan = ScoringPlan("classification", label_field="decision")
    _, summaries = score_answers([Answer("base", "1", "r1", "positive", " Positive\n")], plan)
    report = summaries["base"].label_report
    assert report is not None
    assert report.accuracy == 1.0


def test_references_without_a_label_are_counted_in_a_warning() -> None:
    plan = ScoringPlan("extraction", label_field="decision")
    answers = [
        Answer("base", "1", "r1", RECORD, RECORD),
        Answer("base", "2", "r1", "company: B", ""),
    ]
    summary = score_answers(answers, plan)[1]["base"]
    assert summary.label_report is not None
    assert summary.label_report.n == 1
    assert any("1 of 2 references have no label" in text for text in summary.warnings)
    assert any("1 of 2 answers are empty" in text for text in summary.warnings)


def a_score_job(path: Path, answers: list[Answer], **spec: Any) -> JobContext:
    folder = JobFolder.create(path / "jobs" / "s1", {"kind": "score", **spec})
    columns = list(zip(*answers, strict=True)) or [()] * len(Answer._fields)
    table = {
        name: pa.array(column, pa.string())
        for name, column in zip(Answer._fields, columns, strict=True)
        if name not in Answer._field_defaults  # what generations of earlier versions measured
    }
    folder.data.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(table), folder.data / "answers.parquet")
    return JobContext(folder)


def test_the_score_job_writes_every_metric_of_every_answer(tmp_path: Path) -> None:
    answers = [
        Answer("tuned", "1", "r1", RECORD, RECORD),
        Answer("tuned", "2", "r1", RECORD, RECORD.replace("Ada", "Bob")),
        Answer("base", "1", "r1", RECORD, "not qualified"),
        Answer("base", "2", "r1", RECORD, "你好"),
    ]
    spec = {"task_kind": "extraction", "fields": ["contact", "decision"], "label_field": "decision"}
    job = a_score_job(tmp_path, answers, **spec)
    run(job)
    rows = pq.read_table(job.folder.final / "scores.parquet").to_pylist()
    assert len(rows) == 4 * 7
    value = {(r["system_id"], r["example_id"], r["metric"]): r["value"] for r in rows}
    assert value["tuned", "1", "exact_match"] == value["tuned", "2", "field:decision"] == 1
    assert value["tuned", "2", "field:contact"] == value["base", "2", "rougeL"] == 0
    summary = json.loads((job.folder.final / "summary.json").read_text(encoding="utf-8"))
    assert summary["tuned"]["field_accuracy"] == {"contact": 0.5, "decision": 1.0}
    assert summary["tuned"]["metrics"]["exact_match"] == 0.5
    assert summary["tuned"]["label_report"]["macro_f1"] == 1.0
    assert summary["base"]["n"] == 2
    assert summary["base"]["label_report"]["classes"]["(none)"]["answered"] == 2
    assert "ROUGE drops words in 1 of 2" in summary["base"]["warnings"][0]


def test_the_score_job_reports_how_far_it_is(tmp_path: Path) -> None:
    job = a_score_job(tmp_path, [Answer("base", str(k), "r1", "a", "a") for k in range(250)])
    run(job)
    steps = [json.loads(line) for line in job.folder.events_file.read_text().splitlines()]
    assert [(e["step"], e["total"]) for e in steps if e["kind"] == "progress"][-1] == (250, 250)


def test_a_score_job_without_answers_ends_with_empty_results(tmp_path: Path) -> None:
    job = a_score_job(tmp_path, [])
    run(job)
    assert pq.read_table(job.folder.final / "scores.parquet").num_rows == 0
    assert json.loads((job.folder.final / "summary.json").read_text()) == {}


def test_a_stopped_score_job_leaves_no_half_result(tmp_path: Path) -> None:
    job = a_score_job(tmp_path, [Answer("base", str(k), "r1", "a", "a") for k in range(250)])
    job.folder.stop_flag.touch()
    with pytest.raises(JobStopped):
        run(job)
    assert not job.folder.final.exists()


def test_answers_without_a_reference_column_are_refused_with_the_column_named(
    tmp_path: Path,
) -> None:
    job = a_score_job(tmp_path, [])
    pq.write_table(pa.table({"system_id": ["a"]}), job.data("answers.parquet"))
    with pytest.raises(
        NoAnswersToScore, match="no column example_id, revision_id, reference, text"
    ):
        run(job)
