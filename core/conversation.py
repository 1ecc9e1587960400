"""A conversation as the input of an example: what was said before the instruction, turn by turn.

text = to_text([("system", "Be brief."), ("user", "Name a prime."), ("assistant", "7")])
# [[system]]
# Be brief.
#
# [[user]]
# Name a prime.
# …
turns_of(text)                        # the same turns; () for a text that is no conversation

The instruction is then the last turn of the user and the output the assistant's answer to it. As
the conversation is text, it is read, edited, compared, hashed and frozen like every other input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, get_args

Speaker = Literal["system", "user", "assistant", "tool"]
Turn = tuple[Speaker, str]
SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)

_NAMES = "|".join(SPEAKERS)
_MARKER = re.compile(rf"^\[\[({_NAMES})\]\][ \t]*(?:\r?\n|\Z)", re.MULTILINE)
# A line of a turn that looks like a marker gets a backslash, and so does one that has some.
_LIKE_MARKER = re.compile(rf"^(?=\\*\[\[(?:{_NAMES})\]\][ \t]*\r?$)", re.MULTILINE)
_ESCAPED = re.compile(rf"^\\(?=\\*\[\[(?:{_NAMES})\]\][ \t]*\r?$)", re.MULTILINE)
_ENDS = ("\n\n", "\r\n\r\n", "\n")


def to_text(turns: Iterable[Turn]) -> str:
    """The turns as text that `turns_of` reads back as they were."""
    return "\n\n".join(f"[[{speaker}]]\n{_escaped(text)}" for speaker, text in turns)


def _escaped(text: str) -> str:
    return _LIKE_MARKER.sub(r"\\", text) if "[[" in text else text


def turns_of(text: str) -> tuple[Turn, ...]:
    """The turns that an input holds; () unless its first line names a speaker."""
    text = text.lstrip()
    if not text.startswith("[["):
        return ()
    found = list(_MARKER.finditer(text))
    if not found or found[0].start():
        return ()
    ends = [marker.start() for marker in found[1:]]
    turns = [
        (_speaker(marker[1]), _ESCAPED.sub("", _without_end(text[marker.end() : end])))
        for marker, end in zip(found, ends, strict=False)
    ]
    last = found[-1]
    return (*turns, (_speaker(last[1]), _ESCAPED.sub("", text[last.end() :])))


def readable(text: str) -> str:
    """The input as people read it in plain text: "User: …" for each turn of a conversation."""
    turns = turns_of(text)
    return "\n\n".join(f"{who.capitalize()}: {said}" for who, said in turns) if turns else text


def _speaker(name: str) -> Speaker:
    return next(one for one in SPEAKERS if one == name)


def _without_end(text: str) -> str:
    """A turn without the blank line that parts it from the next."""
    return next((text.removesuffix(end) for end in _ENDS if text.endswith(end)), text)
