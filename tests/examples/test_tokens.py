"""Words read by arrays of characters: what a slow reading, character by character, gives too."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.examples import tokens
from core.examples.tokens import DIGIT, OPENS_LINE, OPENS_SENTENCE, SYMBOL, UPPER, tokens_of
from core.examples.words import read_prompts

TEXTS = st.lists(
    st.text(
        st.one_of(st.sampled_from("aAbB ,.12 !?\n+-'_\t北éÉßกเแาี่๑ក្"), st.characters()), max_size=40
    ),
    max_size=6,
)


def slowly(text: str) -> list[tuple[str, int]]:  # noqa: C901 a case a kind of character
    """(folded word, kind) of a text that ends with a line's end."""
    found: list[tuple[str, int]] = []
    opening, word = OPENS_SENTENCE | OPENS_LINE, ""

    def close() -> None:
        nonlocal word, opening
        if word:
            kind = opening | (UPPER if unicodedata.category(word[0]) == "Lu" else 0)
            kind |= DIGIT if any(unicodedata.category(c) == "Nd" for c in word) else 0
            found.append((folded(word), kind))
            word, opening = "", 0

    for place, character in enumerate(text):
        around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        in_number = len(around) == 2 and all(unicodedata.category(c) == "Nd" for c in around)
        if any(first <= ord(character) <= last for first, last in tokens._IDEOGRAPHS):
            close()
            if is_letter(character):
                word = character
                close()
        elif in_syllables(character):
            if not goes_on(text[place - 1 : place], character):
                close()
            word += character
        elif is_letter(character) or (character in ".," and in_number):
            if word and in_syllables(word[-1]):
                close()
            word += character
        elif character in tokens._SYMBOLS:
            close()
            found.append((character, opening | SYMBOL))
            opening = 0
        else:
            close()
            opening |= OPENS_SENTENCE if character in ".!?\n" else 0
            opening |= OPENS_LINE if character == "\n" else 0
    close()
    return found


def in_syllables(character: str) -> bool:
    """Whether it is a letter or mark of a script whose words have no spaces between them."""
    listed = any(first <= ord(character) <= last for first, last in tokens._SYLLABLES)
    return listed and is_letter(character) and unicodedata.category(character) != "Nd"


def goes_on(before: str, character: str) -> bool:
    """Whether a letter or mark of such a script belongs to the word before it."""
    if unicodedata.category(character)[0] == "M" or character in tokens._BEHIND:
        return bool(before) and is_letter(before)
    return before in tokens._BEFORE


def is_letter(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNM" or category == "Cs" or character == "_"


def folded(text: str) -> str:
    return "".join(
        lower if unicodedata.category(c)[0] == "L" and len(lower := c.casefold()) == 1 else c
        for c in text
    )


@given(TEXTS)
def test_words_and_their_kinds_are_those_of_a_slow_reading(parts: list[str]) -> None:
    found = tokens_of(parts)
    expected = [word for part in parts for word in slowly(part + "\n")]
    assert found.kind.tolist() == [kind for _, kind in expected]
    assert found.counts.tolist() == [len(slowly(part + "\n")) for part in parts]
    numbers = dict(zip(found.hash.tolist(), [word for word, _ in expected], strict=True))
    assert [numbers[one] for one in found.hash.tolist()] == [word for word, _ in expected]
    assert len(numbers) == len({word for word, _ in expected})


@given(TEXTS)
def test_parts_are_whole_alike_when_case_and_white_space_are_all_that_differs(
    parts: list[str],
) -> None:
    found = tokens_of(parts).whole.tolist()
    plain = [folded(" ".join(part.split())) for part in parts]
    for one, text in zip(found, plain, strict=True):
        assert (one == 0) == (not text)
        assert [other == one for other in found] == [other == text for other in plain]


@given(TEXTS, st.integers(1, 50))
def test_reading_in_pieces_changes_nothing(parts: list[str], at_once: int) -> None:
    whole = read_prompts(parts, parts[::-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.examples.words._CHARACTERS_AT_ONCE", at_once)
        pieces = read_prompts(parts, parts[::-1])
    for name in ("parts", "hash", "counts", "whole"):
        assert getattr(pieces, name).tolist() == getattr(whole, name).tolist()
