"""Check for sentences that are said again, and for words that go round in a loop."""

from __future__ import annotations

import re
from collections import Counter

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, cut, looks_like_code, without_code

Span = tuple[int, int]

# The point of “0.5” ends nothing.
_SENTENCE = re.compile(r"(?:[^.!?\n。！？।؟]|\.(?=\w))+[.!?。！？।؟]*")
_END = re.compile(r"[!?\n。！？।؟]+|\.(?!\w)")
_WORD = re.compile(r"\S+")
_LETTER = re.compile(r"[^\W\d_]")
_ADJACENT_LETTERS, _ANYWHERE_LETTERS, _UNSPACED_LETTERS = 12, 15, 6
_BLOCK_LETTERS = 7
_LOOPS, _LONGEST_LOOP = 4, 12
_ABOUT_REPEATS = re.compile(
    r"\b(?:repeat\w*|lyrics|song|poem|chorus|refrain|mantra|chant|rap|rhyme|wiederhol\w*)\b"
    r"|\b(?:write|say|print|output)\b.{0,60}\btimes\b",
    re.IGNORECASE,
)


def repeated_sentences(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output says a sentence twice in a row, three times in all, sentences in the same order
    again, or goes round in a loop."""
    spans = _repeats(subject.example.output)
    if not spans or _ABOUT_REPEATS.search(subject.example.instruction):
        return []
    much = f", {len(spans)} times" if len(spans) > 1 else ""
    return [Flaw("output", *spans[0], f"It says again what it said before{much}.")]


def _repeats(text: str) -> list[Span]:
    """Where sentences start over; the loop's repeats where there is no repeated sentence."""
    prose = without_code(text)
    sentences = [one for one in map(str.strip, _END.split(prose.lower())) if one]
    spans = _repeated(prose) if len(set(sentences)) < len(sentences) else []
    spans = spans or _loops(prose)
    return [] if spans and looks_like_code(prose) else spans


def _repeated(text: str) -> list[Span]:
    pieces = [
        (found.start() + len(raw) - len(raw.lstrip()), found.end(), " ".join(raw.lower().split()))
        for found in _SENTENCE.finditer(text)
        if len(raw := found.group()) > _UNSPACED_LETTERS
    ]
    said = Counter(key for _, _, key in pieces)
    before: set[str] = set()
    followed: set[tuple[str, str]] = set()
    last, spans = "", []
    for start, end, key in pieces:
        letters = len(_LETTER.findall(key))
        unspaced = not key.isascii() and " " not in key and letters >= _UNSPACED_LETTERS
        least = _ADJACENT_LETTERS if key == last else _BLOCK_LETTERS
        adjacent = key == last or (last, key) in followed
        again = adjacent and (letters >= least or unspaced)
        often = said[key] >= 3 and key in before and (letters >= _ANYWHERE_LETTERS or unspaced)
        if again or often:
            spans.append((start, end))
        before.add(key)
        followed.add((last, key))
        last = key
    return spans


def _loops(text: str) -> list[Span]:
    """Where the same few words follow each other four times or more: all but the first time.

    A word that stands at one distance from itself twice in succession may be part of such a loop.
    """
    words = text.split()
    last: dict[str, int] = {}
    gaps: dict[str, int] = {}
    for place, word in enumerate(words):
        before = last.get(word)
        last[word] = place
        if before is None:
            continue
        gap = place - before
        if gap == gaps.get(word) and (end := _loop_from(words, before - gap, gap)):
            ends = [found.span() for found in _WORD.finditer(text)]
            return [(ends[before][0], ends[end - 1][1])]
        gaps[word] = gap
    return []


def _loop_from(words: list[str], first: int, period: int) -> int:
    """The place behind a loop of so many words; 0 where there is none."""
    if period > _LONGEST_LOOP or not any(map(_LETTER.search, words[first : first + period])):
        return 0
    at = first
    while at + period < len(words) and words[at] == words[at + period]:
        at += 1
    return at + period if at - first >= (_LOOPS - 1) * period - 1 else 0


def without_repeats(text: str) -> str:
    """The text with each repeated sentence once, where it was said first."""
    for _round in range(3):
        if not (spans := _repeats(text)):
            break
        kept = cut(text, spans)
        kept = re.sub(r"[ \t]{2,}", " ", re.sub(r"(?<![ \t])[ \t]+\n", "\n", kept))
        text = re.sub(r"\n{3,}", "\n\n", kept).strip()
    return text
