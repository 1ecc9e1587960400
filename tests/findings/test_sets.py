"""What only the set shows: contradictions, odd lengths, groups that are not balanced."""

from __future__ import annotations

import random

import pytest

from core.findings.checking import check_all
from core.findings.facts import final_answer
from core.findings.finding import Checked
from core.findings.settings import FindingSettings
from tests.findings.flawed_sets import LABELLED, labelled, with_contradictions, with_outliers


def ids(kind: str, examples: list[Checked]) -> set[str]:
    """Which examples have findings of the kind."""
    return set(check_all(examples, FindingSettings()).kinds[kind].ids)


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("So it is 3.\n#### 1,200.00", "1200"),
        ("Thus \\boxed{x + 1}.", "x + 1"),
        ("I think so. The answer is **Paris**.", "paris"),
        ("Yes, because it rains.", "yes"),
        ("Nein, das ist falsch.", "nein"),
        ("  The Nile. ", "the nile"),
        ("A longer text which says many things, and which may be said otherwise.", ""),
        ("", ""),
    ],
)
def test_what_an_output_comes_down_to(output: str, answer: str) -> None:
    assert final_answer(output) == answer


def test_the_same_question_with_two_answers_is_a_contradiction() -> None:
    examples, wrong = with_contradictions()
    assert ids("contradictory_answers", examples) == wrong


def test_two_texts_for_one_question_may_both_be_right() -> None:
    poems = [
        Checked(
            "1", "Write a poem about the sea.", "", "The sea is wide and deep and full of fish."
        ),
        Checked("2", "Write a poem about the sea.", "", "Waves roll on to the shore, and so do I."),
    ]
    assert not ids("contradictory_answers", poems)


def test_the_input_is_part_of_the_question() -> None:
    same = [Checked(str(n), "Rate it.", f"Text {n}", ("good", "bad")[n % 2]) for n in range(6)]
    assert not ids("contradictory_answers", same)
    assert ids(
        "contradictory_answers", [Checked(f"{n.id}x", "Rate it.", "One", n.output) for n in same]
    )


def test_outputs_of_another_length_stand_out() -> None:
    examples, odd = with_outliers()
    assert ids("length_outlier", examples) == odd
    assert not ids("length_outlier", examples[:20])


def test_of_few_examples_or_labels_none_is_odd() -> None:
    short = [
        Checked(str(n), f"Rate {n}.", "", "good" if n else "quite exceptional") for n in range(50)
    ]
    assert not check_all(short, LABELLED).kinds["length_outlier"].ids


def test_rare_labels_and_missing_women_are_remarked_on() -> None:
    rare = [Checked(str(n), f"He said {n}.", "", "good" if n % 30 else "bad") for n in range(120)]
    texts = [one.explanation for one in check_all(rare, LABELLED).remarks]
    assert texts == [
        "“good” is the label of 116 examples, “bad” of 4.",
        "120 examples speak of men only, 0 of women only.",
    ]


def test_a_label_that_one_sex_has_more_often_is_remarked_on() -> None:
    fair = check_all(labelled(0.5, 0.5, random.Random(1)), LABELLED)
    unfair = check_all(labelled(0.7, 0.4, random.Random(1)), LABELLED)
    assert fair.remarks == []
    assert {one.kind for one in unfair.remarks} == {"unbalanced_groups"}
    assert "“good” is the label of" in unfair.remarks[0].explanation


def test_balance_can_be_left_alone() -> None:
    settings = FindingSettings(
        output_labels=LABELLED.output_labels, off=frozenset({"unbalanced_groups"})
    )
    assert check_all(labelled(0.9, 0.1, random.Random(1)), settings).remarks == []
