"""Near-duplicates among examples that share instructions, templates or documents."""

from __future__ import annotations

import random

import numpy as np
import pytest

from core.examples.duplicates import Groups, near_duplicates
from core.examples.particular import particular
from core.examples.words import read_prompts

LONG = (
    "You are a careful assistant who reads reviews that customers have written about products of "
    "an online shop. Read the review below from start to end. Then say in one sentence what the "
    "customer liked, what the customer did not like, and whether the customer would buy the same "
    "product again. Do not add anything that is not in the review, and do not give advice."
)
PLAIN = "bdfgklmnprst"


def a_word(rng: random.Random) -> str:
    return "".join(rng.choice(PLAIN) + rng.choice("aeiou") for _ in range(3))


def reviews(n: int, words: int, rng: random.Random) -> list[str]:
    """Independent texts of so many words, without names or numbers."""
    return [" ".join(a_word(rng) for _ in range(words)) for _ in range(n)]


def edited(text: str, rng: random.Random, edits: int = 1) -> str:
    words = text.split()
    for place in rng.sample(range(len(words)), edits):
        words[place] = a_word(rng)
    return " ".join(words)


def groups_of(instructions: list[str], inputs: list[str]) -> Groups:
    return near_duplicates(instructions, inputs).groups()


@pytest.mark.parametrize("words", [2, 5, 25])
def test_one_edited_instruction_among_a_thousand_shared_ones_groups_nothing(words: int) -> None:
    inputs = reviews(1000, words, random.Random(1))
    instructions = [LONG] * 999 + [LONG.replace("careful", "patient")]
    assert groups_of(instructions, inputs).largest == 1


@pytest.mark.parametrize("words", [5, 25])
def test_a_long_instruction_with_a_small_edit_in_each_example_groups_nothing(words: int) -> None:
    rng = random.Random(2)
    inputs = reviews(400, words, rng)
    instructions = [edited(LONG, rng, 2) for _ in inputs]
    assert groups_of(instructions, inputs).largest == 1


def test_several_shared_instructions_group_nothing() -> None:
    rng = random.Random(3)
    templates = [edited(LONG, rng, 20) for _ in range(12)]
    inputs = reviews(600, 8, rng)
    found = groups_of([templates[k % 12] for k in range(600)], inputs)
    assert found.largest == 1


@pytest.mark.parametrize("n", [6, 12, 30, 500])
def test_a_preamble_before_each_question_in_one_field_groups_nothing(n: int) -> None:
    questions = reviews(n, 12, random.Random(4))
    assert groups_of([f"{LONG}\n{one}?" for one in questions], [""] * n).largest <= (
        1 if n >= 10 else n  # fewer than ten could as well be copies of each other
    )


def test_templates_whose_slots_hold_lower_case_words_are_siblings() -> None:
    rng = random.Random(5)
    template = (
        "Write a short and rhyming poem of about ten lines for children of primary school age that "
        "is about {} and ends on a happy note, and do not use the word itself in the last line"
    )
    texts = [template.format(a_word(rng)) for _ in range(200)]
    found = near_duplicates(texts, [""] * 200)
    assert found.groups().largest == 1
    assert len(found.siblings) == len(set(texts))


def test_copies_with_edits_are_found_among_examples_that_share_an_instruction() -> None:
    rng = random.Random(6)
    inputs = reviews(1000, 20, rng)
    sources = rng.sample(range(1000), 100)
    copies = [edited(inputs[source], rng, rng.choice((1, 2))) for source in sources]
    instructions = [LONG] * 1000 + [LONG.replace("careful", "patient")] * 100
    found = groups_of(instructions, inputs + copies)
    hits = [found.group[source] == found.group[1000 + k] for k, source in enumerate(sources)]
    assert sum(hits) >= 98
    assert found.largest == 2


def test_one_input_under_two_shared_instructions_is_one_group() -> None:
    inputs = reviews(100, 20, random.Random(7))
    other = " ".join(reversed(LONG.split()))
    found = groups_of([LONG] * 100 + [other] * 100, inputs + inputs)
    assert (found.count, found.largest) == (100, 2)


def test_many_questions_about_one_long_document_are_no_duplicates() -> None:
    rng = random.Random(8)
    documents, questions = reviews(5, 300, rng), reviews(200, 9, rng)
    found = groups_of(questions, [documents[k % 5] for k in range(200)])
    assert found.largest == 1


def test_a_family_of_edited_copies_is_one_group_under_a_shared_instruction() -> None:
    rng = random.Random(9)
    (text,) = reviews(1, 40, rng)
    family = [edited(text, rng) for _ in range(300)]
    others = reviews(300, 40, rng)
    found = groups_of([LONG] * 600, family + others)
    assert found.largest >= 290
    assert found.count <= 311


def test_equal_prompts_are_together_whatever_else_is_shared() -> None:
    inputs = reviews(30, 3, random.Random(10))
    found = groups_of([LONG] * 60, inputs + [one.upper() for one in inputs])
    assert (found.count, found.largest) == (30, 2)


@pytest.mark.parametrize("notes", [12, 19])
def test_random_edits_are_no_slots_even_where_a_family_is_a_large_share(notes: int) -> None:
    for copies in (10, 12, 20):
        rng = random.Random(11)
        texts = [edited(note, rng) for note in reviews(notes, 30, rng) for _ in range(copies)]
        found = near_duplicates([LONG] * len(texts), texts)
        assert found.groups().count == notes
        assert not len(found.siblings)


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_judging_in_pieces_changes_nothing(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(4)
    forms = [
        "Tell {} of {}.\nIt was about {} this week",
        "{} went to {} with a friend and {} again",
    ]
    inputs = [rng.choice(forms).format(*reviews(3, 1, rng)) for _ in range(60)]
    inputs += [f"{text}\n{edited(LONG, rng)}" for text in reviews(40, 6, rng)] + ["", "!"]
    instructions = [rng.choice((LONG, "Answer.")) for _ in inputs]
    prompts = read_prompts(instructions, inputs)
    words = prompts.words(np.arange(len(inputs)))
    repeated = np.arange(len(inputs)) % 3 > 0
    marked, kept = particular(words, repeated)
    assert marked.is_slot.any()
    assert 0 < kept.sum() < len(kept)
    monkeypatch.setattr("core.examples.particular._TEXTS_AT_ONCE", at_once)
    monkeypatch.setattr("core.examples.particular.WORDS_AT_ONCE", at_once)
    monkeypatch.setattr("core.examples.slots.WORDS_AT_ONCE", at_once)
    in_pieces, kept_in_pieces = particular(words, repeated)
    assert in_pieces.is_slot.tolist() == marked.is_slot.tolist()
    assert kept_in_pieces.tolist() == kept.tolist()
