"""core.examples.example: the triple, its hash, the reviewer's difference."""

from __future__ import annotations

import random
import time
import unicodedata

import pytest

from core.examples.example import Example, InvalidExample, content_hash, word_diff


def joined(before: str, after: str, gone: str) -> str:
    return "".join(text for op, text in word_diff(before, after) if op != gone)


def test_an_example_keeps_its_text_exactly() -> None:
    assert Example(" Sum up.\r\n", "", "ok ").instruction == " Sum up.\r\n"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("", "  \n", "an answer"), "both empty"),
        (("Do it.", "", " "), "output is empty"),
        (("Do it.", "x" * 100_001, "y"), "100\u202f001 characters"),
        (("Do it.", "a\0b", "y"), "NUL"),
        (("Do it.", "", "half \ud83d"), "damaged character"),
    ],
)
def test_an_example_refuses_to_be_wrong(fields: tuple[str, str, str], said: str) -> None:
    with pytest.raises(InvalidExample, match=said):
        Example(*fields)


def test_an_empty_output_is_possible_where_it_is_allowed() -> None:
    assert Example("Do it.", "", "", allow_empty_output=True).output == ""


def test_the_hash_ignores_newlines_unicode_form_and_outer_space_only() -> None:
    one = Example("Café\nau lait", "", "yes")
    other = Example(unicodedata.normalize("NFD", " Café\r\nau lait "), "\n", "yes\r")
    assert content_hash(one) == content_hash(other)
    assert content_hash(one) != content_hash(Example("Café  au lait", "", "yes"))
    assert content_hash(one) != content_hash(Example("café\nau lait", "", "yes"))


def test_no_text_can_imitate_a_field_boundary() -> None:
    splits = [
        ("ab", "c", "d"),
        ("a", "bc", "d"),
        ("a", "b", "cd"),
        ("1:a", "b", "c"),
        ("1", ":ab", "c"),
    ]
    assert len({content_hash(Example(*fields)) for fields in splits}) == len(splits)


def test_the_difference_shows_changed_words_and_keeps_white_space() -> None:
    assert word_diff("the red  car\nstops", "the blue  car\nstops") == [
        ("same", "the "),
        ("removed", "red"),
        ("added", "blue"),
        ("same", "  car\nstops"),
    ]
    assert word_diff("same", "same") == [("same", "same")]
    assert word_diff("", "new") == [("added", "new")]
    assert word_diff("", "") == []


def test_writing_without_spaces_is_compared_sign_by_sign() -> None:
    assert ("removed", "北") in word_diff("我在北京", "我在南京")
    assert word_diff("วันนี้ไปตลาดเช้า", "วันนี้ไปตลาดค่ำ") == [
        ("same", "วันนี้ไปตลาด"), ("removed", "เช้า"), ("added", "ค่ำ"),
    ]  # fmt: skip


def test_both_texts_can_be_put_together_from_any_difference() -> None:
    rng = random.Random(7)
    for _ in range(200):
        before, after = ("".join(rng.choices("ab \n", k=rng.randrange(40))) for _ in range(2))
        assert joined(before, after, "added") == before
        assert joined(before, after, "removed") == after


@pytest.mark.parametrize("separator", [" ", "\n"])
@pytest.mark.parametrize("vocabulary", [2, 150, 30_000])
def test_long_different_texts_are_compared_within_bounded_time(
    separator: str, vocabulary: int
) -> None:
    rng = random.Random(vocabulary)
    before, after = (
        separator.join(f"w{rng.randrange(vocabulary)}" for _ in range(20_000))[:100_000]
        for _ in range(2)
    )
    started = time.process_time()
    assert joined(before, after, "added") == before
    assert joined(before, after, "removed") == after
    assert time.process_time() - started < 2
