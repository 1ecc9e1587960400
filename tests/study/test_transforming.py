"""Changes to what raters see: alike on all sides, the same twice, and nothing left is left out."""

from __future__ import annotations

import random

import pytest

from core.errors import InvalidInput
from core.study.leaks import scan
from core.study.transforming import (
    TRANSFORMATIONS,
    Changed,
    Changes,
    changed_words,
    one_length,
)

PIECES = (
    "Sure! ", "Sure! Here is the list:\n", "Certainly, here's what I found: ", "**Bold** move",
    "# Title\n", "- one\n", "1. first\n", "“Quoted”", " — ", "…", "...", " word", " Two words",
    "\n\n", "```python\n", "```", "As an AI model, I", "Of course. ", " 42", "Here are three: ",
    "!", "日本語。", "don’t",
)  # fmt: skip
OPENINGS = ("Sure!", "Certainly, here's", "The answer is", "“Well”")


def made(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 9)))


@pytest.mark.parametrize("key", [*TRANSFORMATIONS, "all"])
def test_a_change_made_twice_does_what_it_does_once_and_knows_no_side(key: str) -> None:
    keys = tuple(TRANSFORMATIONS) if key == "all" else (key,)
    changes = Changes(keys, OPENINGS, ("Model one",), "{instruction}\n### Answer:")
    chance, kept = random.Random(7), 0
    for _ in range(1500):
        texts = [made(chance), made(chance)]
        shown = changes.apply(texts)
        turned = changes.apply(texts[::-1])
        assert turned == (None if shown is None else shown[::-1])
        if shown is not None:
            kept += 1
            assert changes.apply(shown) == shown, (texts, shown)
    assert kept > 100


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("quotes", "“Yes” – it’s so", '"Yes" - it\'s so'),
        ("markdown", "# Why\n- **one**\n2) two\n```py\nx = 1\n```", "Why\none\ntwo\nx = 1"),
        ("line_breaks", "one\n\n two", "one two"),
        ("openings", "Sure! Here is the translation:\n\nBonjour", "Bonjour"),
        ("openings", "Sure! Here is the translation: Bonjour", "Bonjour"),
        ("openings", "The answer is 42. It is even.", "42. It is even."),
        ("openings", "Surely it rains.", "Surely it rains."),
        ("openings", "Here is a long way to go.", "Here is a long way to go."),
    ],
)
def test_each_change_does_what_its_name_says(key: str, text: str, shown: str) -> None:
    assert Changes((key,), OPENINGS).apply([text, "Left."]) == (shown, "Left.")


def test_an_answer_of_which_nothing_is_left_leaves_its_example_out_and_an_empty_one_stays() -> None:
    changes = Changes(("openings",))
    assert changes.apply(["Sure!", "It rains."]) is None
    assert changes.apply(["", "It rains."]) == ("", "It rains.")


def test_examples_are_left_out_where_an_answer_names_a_maker_but_not_where_the_reference_does() -> (
    None
):
    changes = Changes(("names_left_out",), names=("Run two",))
    assert changes.apply(["I am Qwen.", "It rains."], "Rain.") is None
    assert changes.apply(["Qwen is one.", "It rains."], "Qwen is a model.") is not None
    assert changes.apply(["It rains.", "Says run two."], "Rain.") is None


def test_a_name_that_a_change_uncovers_leaves_its_example_out() -> None:
    changes = Changes(("markdown", "names_left_out"))
    assert changes.apply(["Chat__GPT__ says so.", "Nobody does."]) is None
    assert changes.apply(["A __chat__ says so.", "Nobody does."]) is not None


def test_trimmed_answers_have_as_many_words_and_end_alike() -> None:
    left, right = one_length(["One two three.", "A b c d e f."])
    assert (left, right) == ("One two three …", "A b c …")
    assert one_length(["One two.", "A b."]) == ("One two.", "A b.")


def test_what_the_scan_names_is_closed_by_the_changes_that_it_names() -> None:
    chance = random.Random(3)
    words = ("rain", "stone", "letter", "river", "clerk", "garden", "engine")

    def said(least: int, most: int) -> str:
        return " ".join(chance.choice(words) for _ in range(chance.randint(least, most)))

    a = [f"Sure! Here is it: {said(30, 50)} “{said(1, 3)}” {said(1, 4)}." for _ in range(60)]
    b = [f'{said(8, 20)} "{said(1, 3)}" {said(1, 4)}.' for _ in range(60)]
    found = scan(a, b, names=[], template="")
    assert not found.blind
    assert set(found.remedies) >= {"length", "openings", "quotes"}
    changes = Changes(found.remedies, ("Sure! Here is",))
    shown = [changes.apply(pair) for pair in zip(a, b, strict=True)]
    kept = [pair for pair in shown if pair is not None]
    assert len(kept) == 60
    after = scan([x for x, _ in kept], [y for _, y in kept], names=[], template="")
    assert not [one for one in after.findings if "opens" in one or "quotes" in one]
    assert after.blind, after.findings


def test_what_was_changed_is_said_in_words_with_its_numbers() -> None:
    said = changed_words(("quotes", "openings"), Changed(34, 80, 2, ("Sure! Here is",)))
    assert "34 of 80 answers changed, 2 examples left out" in said
    assert "“Sure! Here is”" in said
    assert changed_words((), None) == ""
    with pytest.raises(InvalidInput, match="There is no change"):
        Changes(("translate",))
