"""core.augmentation: what each rule writes, what is dropped of a model's answers, and the seed."""

from __future__ import annotations

from random import Random

import pytest

from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import Source, by_model, by_rules, numbers_of
from core.augmentation.rules import RULES
from core.errors import InvalidInput

NAME = "Name the 3 largest cities of Norway."


def a_source(instruction: str = NAME, number: int = 1) -> Source:
    return Source(f"ex_{number}", f"rev_{number}", instruction, "", "Oslo, Bergen, Trondheim")


def rewritten(rule: str, text: str) -> str | None:
    return RULES[rule].rewrite(text, Random("1"))


def test_rules_for_requests_know_their_verbs_and_leave_all_other_texts_alone() -> None:
    assert rewritten("please", NAME) == "Please name the 3 largest cities of Norway."
    question = rewritten("question", NAME)
    assert question is not None
    assert question.endswith("you name the 3 largest cities of Norway?")
    for rule in ("please", "question", "wish"):
        for text in ("Nenne 3 Städte.", "Norway has 3 cities.", "", "  "):
            assert rewritten(rule, text) is None
    assert rewritten("question", "Read the note. Name its author.") is None
    assert rewritten("question", "Translate into French:") is None


def test_a_slip_swaps_two_letters_of_one_plain_word_and_spares_names_numbers_and_addresses() -> (
    None
):
    for seed in range(30):
        text = "Tell ada.lovelace@example.org about Trondheim, item AB12345, at https://norway.no"
        slipped = RULES["typo"].rewrite(text, Random(seed))
        assert slipped is not None
        before, after = text.split(), slipped.split()
        changed = [k for k, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert changed == [2]  # "about"
        assert sorted(before[2]) == sorted(after[2])


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_changes_the_instruction_and_keeps_its_numbers(rule: str) -> None:
    found = by_rules([a_source()], AugmentationPlan(rules=(rule,)))
    (one,) = found.proposals
    assert one.instruction != NAME
    assert numbers_of(one.instruction) == numbers_of(NAME)
    assert (one.example.input, one.example.output) == ("", "Oslo, Bergen, Trondheim")


def test_the_seed_alone_decides_what_is_proposed_and_the_plan_how_much() -> None:
    sources = [a_source(f"Name the {k} largest cities of Norway.", k) for k in range(20)]
    plan = AugmentationPlan(per_example=2, most=31, seed=7)
    first, again = by_rules(sources, plan), by_rules(sources, plan)
    other = by_rules(sources, AugmentationPlan(per_example=2, most=31, seed=8))
    assert first == again
    assert len(first.proposals) == 31
    assert len({one.content_hash for one in first.proposals}) == 31
    assert [p.instruction for p in first.proposals] != [p.instruction for p in other.proposals]


def test_a_source_that_no_rule_fits_is_counted() -> None:
    found = by_rules([a_source("Wo?")], AugmentationPlan(rules=("please", "question")))
    assert (list(found.proposals), found.dropped) == ([], {"no_rule": 1})


def test_of_a_models_answers_what_is_empty_equal_near_cut_or_lost_a_number_is_dropped() -> None:
    source, long = a_source(), a_source("Say which 3 towns " + " ".join("abcdefghijklmnopqrstuvwx"))
    texts = [
        ("Which 3 towns of Norway have the most people?", False),
        ('"Which 3 towns of Norway have the most people?"', False),
        ("  ", False),
        (f"{NAME} ", False),
        ("name the 3 largest cities of norway", False),
        ("Which towns of Norway are the largest ones?", False),
        ("Which 3 towns of Norway have", True),
        ("Which 3 towns\0 are big up there?", False),
    ]
    answers = [(source, text, cut) for text, cut in texts]
    answers.append((long, long.instruction.replace(" x", " y"), False))
    found = by_model(answers, AugmentationPlan("model"))
    assert [one.instruction for one in found.proposals] == [texts[0][0]]
    assert found.dropped == {
        "twice": 1, "empty": 1, "equal": 1, "near": 2, "numbers": 1, "cut": 1, "unusable": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        {"rules": ()}, {"rules": ("shout",)}, {"per_example": 0}, {"most": 10_001}, {"seed": -1},
        {"how": "model", "request": " "}, {"how": "model", "temperature": 0.0}, {"how": "magic"},
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        AugmentationPlan(**asked)  # type: ignore[arg-type]
