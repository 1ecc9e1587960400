"""Accuracy on gold examples, computed by hand for a few answers."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.examples.gold import GoldTask
from core.examples.gold_accuracy import GoldAnswer, accuracy_of, wrong_answers
from core.examples.overlap import PersonAnnotation

NAMES = {"p1": "Ann", "p2": "Bea"}


def an_answer(person: str, output: str, labels: dict[str, Any]) -> GoldAnswer:
    given = PersonAnnotation(
        "a", "ex", "prj", 1, person, "rev", "Add.", "1 1", output, labels, None, "", None, now()
    )
    expected = {"instruction": "Add.", "input": "1 1", "output": "It is 2."}
    return GoldAnswer(given, expected, {"topic": "sums", "kinds": ["a", "b"]} if labels else {})


def test_an_answer_is_correct_by_its_labels_whatever_the_order_of_their_options() -> None:
    answers = [
        an_answer("p1", " It  is 2. ", {"topic": "sums", "kinds": ["b", "a"]}),
        an_answer("p1", "Two.", {"topic": "sums", "kinds": ["a"]}),
        an_answer("p1", "Two.", {"kinds": ["a", "b"]}),
    ]
    fields = ("topic", "kinds")
    [ann] = accuracy_of(answers, [], fields=fields, names=NAMES)
    assert (ann.name, ann.correct.value, ann.correct.n, ann.correct.kind) == (
        "Ann", 1 / 3, 3, "exact",
    )  # fmt: skip
    assert {name: one.value for name, one in ann.labels.items()} == dict.fromkeys(fields, 2 / 3)
    assert [ann.texts[name].value for name in ("instruction", "output")] == [1, 1 / 3]
    [renamed] = accuracy_of(answers, [], fields=("subject", "kinds"), names=NAMES)
    assert renamed.correct == ann.correct  # a label that has another name since
    wrong = wrong_answers(answers, fields=fields, names=NAMES)
    assert {(one.differs.labels, one.differs.texts) for one in wrong} == {
        (("kinds",), ("output",)),
        (("topic",), ("output",)),
    }


def test_without_labels_the_output_decides_and_a_person_without_answers_has_no_share() -> None:
    answers = [an_answer("p1", "It is 2.", {}), an_answer("p1", "Two.", {})]
    task = GoldTask("ex", "p2", "prj", "skipped", reason="Odd.")
    ann, bea = accuracy_of(answers, [task], fields=(), names=NAMES)
    assert (ann.correct.value, ann.labels) == (0.5, {})
    assert (bea.name, bea.correct.value, bea.skipped, bea.flagged) == ("Bea", None, 1, 0)
    assert len(wrong_answers(answers, fields=(), names=NAMES)) == 1
