"""Which encoding a text file has: UTF-8, UTF-16 with a byte order mark, or Windows-1252."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.importing.limits import MIB, UnreadableFile
from core.wording import figure

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_ADVICE = "Save it as UTF-8 and upload it again."


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """What `open()` needs to read the text, and what people should know about the guess."""

    name: str
    errors: str = "strict"
    warnings: tuple[str, ...] = ()


def encoding_of(path: Path, whole: bool = True) -> TextEncoding:
    """The encoding of a text file; with `whole=False` judged by its first megabyte.

    A file that is UTF-8 but for a few bytes stays UTF-8: these come through as surrogates, so
    that only the records that hold them are refused. Raises UnreadableFile when nothing fits.
    """
    head = _head(path)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile(f"The file is encoded as UTF-32. {_ADVICE}")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf16(path, whole)
    if b"\0" in head:
        raise UnreadableFile(
            "The file contains NUL bytes: it is either not text, or UTF-16 without a byte order"
            f" mark. {_ADVICE}"
        )
    name = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if _decodes(path, "utf-8", whole):
        return TextEncoding(name)
    return _damaged_or_windows(path, name, whole)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(65536)


def _utf16(path: Path, whole: bool) -> TextEncoding:
    if _decodes(path, "utf-16", whole):
        return TextEncoding("utf-16")
    raise damaged_text()


def damaged_text() -> UnreadableFile:
    """The refusal of a file whose text stops making sense in its own encoding."""
    return UnreadableFile(f"The text of the file is damaged: not all of it is UTF-16. {_ADVICE}")


def _damaged_or_windows(path: Path, name: str, whole: bool) -> TextEncoding:
    """Not valid UTF-8: few bad bytes among many good letters, or Windows-1252?"""
    damaged = proper = 0
    for text in _decoded(path, "utf-8", "surrogateescape", whole):
        bad = len(_ESCAPED.findall(text))
        damaged += bad
        proper += len(_NOT_ASCII.findall(text)) - bad
    if name == "utf-8-sig" or proper >= damaged:
        note = (
            f"{figure(damaged)} bytes of the file are not valid UTF-8; records that need them fail."
        )
        return TextEncoding(name, "surrogateescape", (note,))
    if _decodes(path, "cp1252", whole):
        note = "The file is not UTF-8 and was read as Windows-1252. Check accents and quotes."
        return TextEncoding("cp1252", warnings=(note,))
    raise UnreadableFile(
        f"The letters of the file fit neither UTF-8, UTF-16 nor Windows-1252. {_ADVICE}"
    )


def _decodes(path: Path, encoding: str, whole: bool) -> bool:
    try:
        for _ in _decoded(path, encoding, "strict", whole):
            pass
    except UnicodeError:
        return False
    return True


def _decoded(path: Path, encoding: str, errors: str, whole: bool) -> Iterator[str]:
    """The text in pieces of a megabyte, only the first with `whole=False`."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    with path.open("rb") as file:
        while data := file.read(MIB):
            yield decoder.decode(data)
            if not whole and len(data) == MIB:
                return
    yield decoder.decode(b"", final=True)
