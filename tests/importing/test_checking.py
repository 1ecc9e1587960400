"""core.importing.checking: the quick check says what `Example` and `content_hash` say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from core.examples.example import MAX_FIELD_CHARS, Example, InvalidExample, content_hash
from core.importing.checking import checked_hash
from core.importing.limits import LIMITS
from core.importing.records import DECODER, record_from_text

TEXTS = ("", " \n", "a", " b\r\nc ", "é", "e\u0301", "\0", "half \ud83d", "x" * 60_000)


def slowly(instruction: str, text: str, output: str, allow_empty: bool) -> str:
    return content_hash(Example(instruction, text, output, allow_empty))


def said(check: Callable[..., str], texts: tuple[str, ...], allow_empty: bool) -> str:
    try:
        return check(*texts, allow_empty)
    except InvalidExample as refusal:
        return refusal.message


@pytest.mark.parametrize("allow_empty", [False, True])
def test_the_quick_check_hashes_and_refuses_as_the_example_does(allow_empty: bool) -> None:
    for texts in [*product(TEXTS, repeat=3), ("x" * (MAX_FIELD_CHARS + 1), "", "y")]:
        assert said(checked_hash, texts, allow_empty) == said(slowly, texts, allow_empty)


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        (r'{"a": "say \"a\": 1", "b": "c\\"}', False),
        (r'{"a": "\\\"", "b": {"a": ["x", {"a": "\\"}]}}', False),
        (r'{"a": "\\", "a" : "\""}', True),
        ('{"a": {"b": 1, "b": 2}}', True),
        ('{"a": 1, "a": 2}', True),
    ],
)
def test_a_repeated_field_is_found_by_its_quotation_marks(text: str, repeated: bool) -> None:
    assert ("is there twice" in record_from_text(text, 1, LIMITS, 0).error) == repeated


@pytest.mark.parametrize(
    "number",
    ["-0", "-0.0", "1E2", "0.1", "5e-324", "1e400", str(2**63), str(2**64), "-1" + "0" * 30],
)
def test_a_number_is_read_as_it_is_written(number: str) -> None:
    text = f'{{"a": {number}, "b": [{{"c": {number}}}]}}'
    assert repr(record_from_text(text, 1, LIMITS, 0).values) == repr(DECODER.decode(text))
