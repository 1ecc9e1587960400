"""Word diff of two states of an example, changed words that stand together joined to phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.examples.example import FIELDS, Change, word_diff


def changes_between(
    before: Mapping[str, str] | None, after: Mapping[str, str]
) -> dict[str, list[Change]]:
    """Field → runs of (op, text); everything is "same" where there is no state before."""
    return {name: in_phrases(word_diff((before or after)[name], after[name])) for name in FIELDS}


def in_phrases(changes: Sequence[Change]) -> list[Change]:
    """Changed words that stand side by side as one phrase out and one phrase in.

    White space that stayed the same between two of them belongs to both, so the removed and the
    added text can each be read. Joined, the runs still give the text before and the text after.
    """
    found: list[Change] = []
    removed = added = ""
    for number, (op, text) in enumerate(changes):
        follows = number + 1 < len(changes)
        if op == "same" and not ((removed or added) and follows and text.isspace()):
            found += [(kind, run) for kind, run in _two(removed, added) if run]
            found.append((op, text))
            removed = added = ""
            continue
        removed += text if op != "added" else ""
        added += text if op != "removed" else ""
    return found + [(kind, run) for kind, run in _two(removed, added) if run]


def _two(removed: str, added: str) -> tuple[Change, Change]:
    return ("removed", removed), ("added", added)
