"""Checks of single characters: encoding damage and control characters.

ftfy (Apache-2.0) finds and mends text that was read in the wrong encoding. It is asked only about
texts that are not ASCII: its test of all texts would take longer than all other checks.
"""

from __future__ import annotations

import re

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, first_of, looks_like_code, places, without_code

# Not the joiners U+200C/D (Persian, Indic, emoji) and the marks U+200E/F (Arabic, Hebrew).
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2028\u2029\u202a-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffc\U000e0000-\U000e007f\ud800-\udfff]"
)
# The tags after a black flag spell the flags of England, Scotland and Wales.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")
_LINE_ENDS = {"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n"}
_ESCAPED = re.compile(
    r"(?<!\\)\\u[0-9a-fA-F]{4}|(?<!\\)\\x[c-fC-F][0-9a-fA-F]\\x[89abAB][0-9a-fA-F]"
)
_LOST = "\ufffd"


def encoding_damage(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A field was read in the wrong encoding (“cafÃ©”), or has lost characters (“caf�”)."""
    suspects = [(name, text) for name, text in subject.fields if not text.isascii() or "\\" in text]
    return first_of(suspects, _damage, lambda n: f"Text read in the wrong encoding{places(n)}.")


def _damage(text: str) -> list[tuple[int, int]]:
    if text.isascii():
        return _escapes(text)
    from ftfy import fix_encoding
    from ftfy.badness import BADNESS_RE

    lost = [(at, at + 1) for at in _all_of(_LOST, text)]
    bad = [found.span() for found in BADNESS_RE.finditer(text)]
    # What ftfy cannot undo is no mojibake: "¤" and "†" have ordinary uses.
    if bad and fix_encoding(text) == text:
        bad = []
    return sorted(lost + bad) + _escapes(text)


def _escapes(text: str) -> list[tuple[int, int]]:
    """Escape sequences left as text, outside of code."""
    if "\\u" not in text and "\\x" not in text:
        return []
    prose = without_code(text)
    return [] if looks_like_code(prose) else [one.span() for one in _ESCAPED.finditer(prose)]


def _all_of(sign: str, text: str) -> list[int]:
    return [at for at, one in enumerate(text) if one == sign] if sign in text else []


def undamaged(text: str) -> str:
    """The text in the right encoding, where that can be known."""
    from ftfy import fix_encoding

    for _round in range(3):
        if (fixed := fix_encoding(text)) == text:
            break
        text = fixed
    for start, end in reversed(_escapes(text)):
        text = text[:start] + _unescaped(text[start:end]) + text[end:]
    return text


def _unescaped(sequence: str) -> str:
    try:
        if sequence.startswith("\\u"):
            sign = chr(int(sequence[2:], 16))
            return sequence if "\ud800" <= sign <= "\udfff" or sign < " " else sign
        return bytes.fromhex(sequence.replace("\\x", "")).decode()
    except ValueError:
        return sequence


def control_characters(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A field holds control characters or invisible ones, which readers do not see."""
    return first_of(
        subject.fields, _controls, lambda n: f"Invisible or control characters{places(n)}."
    )


def _controls(text: str) -> list[tuple[int, int]]:
    if not _CONTROL.search(text):
        return []
    flags = [found.span() for found in _FLAG.finditer(text)]
    found = [one.span() for one in _CONTROL.finditer(text)]
    # U+0080 to U+009F inside of mojibake are half of a letter, and ftfy needs them.
    if any("\x80" <= text[start] <= "\x9f" for start, _ in found) and _damage(text):
        found = [one for one in found if not "\x80" <= text[one[0]] <= "\x9f"]
    return [one for one in found if not any(a <= one[0] < b for a, b in flags)]


def without_controls(text: str) -> str:
    """The text without control characters; those that end a line become line ends."""
    at = {start for start, _ in _controls(text)}
    return "".join(
        _LINE_ENDS.get(sign, "") if place in at else sign for place, sign in enumerate(text)
    )
