"""Negatives by rules and by a model: what each rule does, what is dropped, the same by the seed."""

from __future__ import annotations

from random import Random

import pytest

from core.augmentation.negative_rules import NEGATIVE_RULES, REFUSALS, Answer
from core.augmentation.negatives import (
    Negative,
    negatives_by_model,
    negatives_by_rules,
    problem_of,
)
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import BY_MODEL, Source, numbers_of
from core.errors import InvalidInput

TEXT = "The train leaves at 09:15 from platform 7. It is late. Ask at the desk, please, for more."


def spoilt(rule: str, output: str, seed: int = 0, **more: object) -> str | None:
    return NEGATIVE_RULES[rule].spoil(Answer(output, **more), Random(f"{seed}"))  # type: ignore[arg-type]


def sources(*outputs: str) -> list[Source]:
    return [Source(f"ex_{k}", f"rev_{k}", f"Ask {k}.", "", one) for k, one in enumerate(outputs)]


def plan(*rules: str, **more: object) -> AugmentationPlan:
    return AugmentationPlan(rules=rules, makes="negatives", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
def test_a_changed_number_changes_one_number_and_no_word(seed: int) -> None:
    found = spoilt("number", "Take 12 of 007 in 2 days.", seed)
    assert found is not None
    before, after = numbers_of("Take 12 of 007 in 2 days."), numbers_of(found)
    assert (len(before - after), len(after - before)) == (1, 1)
    assert [w for w in found.split() if not w.isdigit()] == ["Take", "of", "in", "days."]


def test_each_rule_does_what_it_says_and_none_spoils_what_it_does_not_fit() -> None:
    cut = spoilt("cut", TEXT)
    assert cut
    assert TEXT.startswith(cut)
    assert len(TEXT.split()) / 3 <= len(cut.split()) <= 2 * len(TEXT.split()) / 3 + 1
    repeated = spoilt("repeat", TEXT)
    assert repeated
    assert max(repeated.count(f"{one}.") for one in TEXT.split(". ")[:2]) == 3
    assert spoilt("other", "a", others=("a", " a ", "b")) == "b"
    assert spoilt("option", "It is good.", options=(("good", "bad"),)) == "It is bad."
    assert spoilt("refusal", "a") in REFUSALS
    for rule, odd in [
        ("number", "version2 is v1.5x"), ("cut", "Too few words."), ("repeat", "No end mark"),
        ("other", "a"), ("option", "goodness"),
    ]:  # fmt: skip
        assert spoilt(rule, odd, options=(("good", "bad"),)) is None, rule


def test_the_same_seed_makes_the_same_and_each_source_has_different_rules() -> None:
    some = sources(*(f"{TEXT} It costs {k} coins." for k in range(30)))
    asked = plan(*NEGATIVE_RULES, per_example=3, most=50, seed=7)
    first, again = (negatives_by_rules(some, asked, ()) for _ in range(2))
    assert first == again
    assert len(first.negatives) == 50
    by_source: dict[str, list[str]] = {}
    for one in first.negatives:
        by_source.setdefault(one.source.example_id, []).append(one.rule)
        assert problem_of(one) == ""
        assert (one.rule == "other") == bool(one.other_id)
        assert one.other_id != one.source.example_id
    assert all(len(set(rules)) == len(rules) <= 3 for rules in by_source.values())
    assert negatives_by_rules(some, plan("number", seed=8), ()) != first
    assert negatives_by_rules(sources("Yes."), plan("cut"), ()).dropped == {"no_rule": 1}


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("", "empty"),
        (f"  {TEXT}\n", "equal"),
        (TEXT.upper().replace(".", "!"), "near"),
        (TEXT.replace("late", "Late today"), "near"),
        (TEXT.replace("platform 7", "platform 8"), ""),  # another number is another answer
        ("A wholly different answer.", ""),
        ("\0", "unusable"),
    ],
)
def test_an_answer_is_dropped_that_says_nearly_what_the_accepted_one_says(
    output: str, why: str
) -> None:
    assert problem_of(Negative(sources(TEXT)[0], output, BY_MODEL)) == why


def test_of_a_models_answers_the_usable_ones_stay_and_one_that_was_cut_says_so() -> None:
    (source,) = sources(TEXT)
    said = [("Wrong.", False), (TEXT, False), (" Wrong. ", True), ("Wrong and lo", True)]
    found = negatives_by_model([(source, text, cut) for text, cut in said], plan("cut"))
    assert [(one.output, one.cut) for one in found.negatives] == [
        ("Wrong.", False),
        ("Wrong and lo", True),
    ]
    assert found.dropped == {"equal": 1, "twice": 1}


def test_a_plan_knows_the_rules_of_what_it_makes_and_old_ones_make_paraphrases() -> None:
    with pytest.raises(InvalidInput, match="number, option"):
        plan("please")
    asked = plan("cut", seed=3)
    assert AugmentationPlan.from_json(asked.to_json()) == asked
    old = AugmentationPlan(rules=("please",)).to_json()
    del old["makes"]
    assert AugmentationPlan.from_json(old).makes == "paraphrases"
