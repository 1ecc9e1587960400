"""Checks the three texts of an example and hashes them, many thousand times a second."""

from __future__ import annotations

from hashlib import sha256
from unicodedata import is_normalized

from core.examples.example import MAX_FIELD_CHARS, Example, content_hash


def checked_hash(instruction: str, text: str, output: str, allow_empty_output: bool = False) -> str:
    """`content_hash` of the example that the three texts make. Raises InvalidExample.

    Says the same as `Example` and `content_hash`, and skips what plain text does not need: a
    test compares them.
    """
    whole = instruction + text + output
    fields = instruction.strip(), text.strip(), output.strip()
    if (
        len(whole) > MAX_FIELD_CHARS
        or "\0" in whole
        or "\r" in whole
        or not (fields[0] or fields[1])
        or not (fields[2] or allow_empty_output)
        or not (whole.isascii() or _is_plain(whole))
    ):
        return content_hash(Example(instruction, text, output, allow_empty_output))
    first, second, third = [field.encode() for field in fields]
    return sha256(
        b"%d:%b%d:%b%d:%b" % (len(first), first, len(second), second, len(third), third)
    ).hexdigest()


def _is_plain(text: str) -> bool:
    """Whether the text is composed (NFC) and has no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return is_normalized("NFC", text)
