"""Text of documents in passages that a person can annotate: whole paragraphs, as many as fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

PASSAGE_CHARS = 2000
"""How long a passage becomes at most, unless one sentence or line is longer."""
_ENDS = re.compile(r"(?<=\n)|(?<=[.!?。！？]\s)")


def passages(paragraphs: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """(number, text) of paragraphs, joined by blank lines to passages of up to PASSAGE_CHARS; the
    number is that of a passage's first paragraph. A longer paragraph is cut behind a line or
    sentence, else anywhere. Blank ones are left out."""
    first, held, size = 0, list[str](), 0
    for number, paragraph in paragraphs:
        for text in _pieces(paragraph.strip()):
            if held and size + len(text) > PASSAGE_CHARS:
                yield first, "\n\n".join(held)
                held, size = [], 0
            if not held:
                first = number
            held.append(text)
            size += len(text) + 2
    if held:
        yield first, "\n\n".join(held)


def _pieces(text: str) -> Iterator[str]:
    if len(text) <= PASSAGE_CHARS:
        if text:
            yield text
        return
    held = ""
    for sentence in _ENDS.split(text):
        if held and len(held) + len(sentence) > PASSAGE_CHARS:
            yield held.strip()
            held = ""
        held += sentence
        while len(held) > PASSAGE_CHARS:
            yield held[:PASSAGE_CHARS]
            held = held[PASSAGE_CHARS:]
    if held.strip():
        yield held.strip()
