"""What an answer is made of: its numbers, its fields, its JSON, its length, its repetitions."""

from __future__ import annotations

import re
from decimal import Decimal

from core.scoring.records import parse_json, parse_record
from core.scoring.words import words

# "1,200" is one number and "1,2000" two; a comma never divides decimals.
_NUMBER = re.compile(
    r"(?<![^\W_])(?<!\.)[-−]?[$€£]?"
    r"(?:\d{1,3}(?:,\d{3})+(?![,\d])(?:\.\d+)?|\d*\.?\d+(?:[eE][+-]?\d{1,3}(?!\d))?)"
)
_NO_SIGNS = str.maketrans({",": "", "$": "", "€": "", "£": "", "−": "-"})
REPEATED_WORDS = 4


def number_accuracy(reference: str, text: str) -> float:
    """1 when the last number of both is the same, as solutions of GSM8K are marked; else 0.

    "1,200", "1200" and "1200.0" are one number. Without a number in the reference: 1 when the
    answer has none either.
    """
    wanted, given = _numbers(reference), _numbers(text)
    return float(wanted[-1:] == given[-1:])


def new_numbers(reference: str, text: str) -> float:
    """The share of an answer's numbers that its reference does not have, 0..1; 0 without any."""
    known, given = set(_numbers(reference)), _numbers(text)
    return sum(number not in known for number in given) / len(given) if given else 0.0


def field_f1(reference: str, text: str) -> float:
    """F1 in 0..1 over the (field, value) pairs of two records: JSON objects or `key: value` lines.

    Both without fields: 1.0; one without: 0.0.
    """
    wanted, given = set(parse_record(reference).items()), set(parse_record(text).items())
    if not wanted or not given:
        return float(wanted == given)
    return 2 * len(wanted & given) / (len(wanted) + len(given))


def json_valid(_reference: str, text: str) -> float:
    """1 when the answer is JSON (RFC 8259), a fence of back-ticks around it aside; else 0."""
    try:
        parse_json(text)
    except (ValueError, RecursionError):
        return 0.0
    return 1.0


def length_ratio(reference: str, text: str) -> float:
    """Words of the answer for each word of the reference; an empty reference counts as one word."""
    return len(words(text)) / max(1, len(words(reference)))


def repetition(_reference: str, text: str) -> float:
    """The share of an answer's runs of four words that stood in it before, 0..1 (seq-rep-4 of
    Welleck et al. 2020)."""
    said = words(text)
    runs = list(zip(*(said[k:] for k in range(REPEATED_WORDS)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _numbers(text: str) -> list[Decimal]:
    return [Decimal(one.translate(_NO_SIGNS)) for one in _NUMBER.findall(text)]
