"""What an answer says that the question does not: its numbers and names.

An answer to a question of general knowledge has many of both, and is none the worse for it; they
tell of summaries, extractions and other tasks whose answers are in their input.
"""

from __future__ import annotations

from collections.abc import Sized


def unsupported_numbers(question: str, text: str) -> float:
    """The share of an answer's numbers that the question does not have, 0..1; 0 without any.

    "1,200", "1200" and "twelve" for 12 are found however they are written.
    """
    from core.findings.grounding import new_numbers_in  # as every command reads the metrics' names

    return _share(*new_numbers_in(text, question))


def unsupported_names(question: str, text: str) -> float:
    """The share of the capitalised words within an answer's sentences that the question does not
    have, 0..1; 0 without any. Says nothing of German, whose nouns are capitalised, and of scripts
    without capitals."""
    from core.findings.grounding import new_names_in

    return _share(*new_names_in(text, question))


def _share(every: Sized, new: Sized) -> float:
    return len(new) / len(every) if len(every) else 0.0
