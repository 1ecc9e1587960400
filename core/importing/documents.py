"""DOCX and PDF as records: passages of their text, each to become the input of an example.

Nothing but text is read: no pictures, and no text recognition.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.importing.formats import FileKind
from core.importing.limits import MIB, Limits, TooLarge, UnreadableFile, megabytes
from core.importing.office import DAMAGE, damaged
from core.importing.passages import passages
from core.importing.records import SourceRecord

_DOCX_XML = 100 * MIB
"""How large the text part of a DOCX may be: it is in memory as a whole, ten times as large."""
_BLANK_LINES = re.compile(r"\n\s*\n")
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo)\s*(\d)|(title)", re.IGNORECASE)


def read_docx(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """Passages of the paragraphs and tables below each heading; the line is the first one's number.

    Headers, footers, footnotes and text boxes are left out. Raises UnreadableFile, TooLarge.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("word/document.xml").file_size
    except DAMAGE:
        raise _damaged_docx() from None
    if size > _DOCX_XML:
        raise TooLarge(
            f"The text of the document unpacks to {megabytes(size)}; the limit is"
            f" {megabytes(_DOCX_XML)}. Split it."
        )
    blocks = _blocks(path)
    done, found = 0, False
    for heading, paragraphs in _sections(blocks):
        for number, text in passages(paragraphs):
            found = True
            done = kind.size * number // max(1, len(blocks))
            values = {"text": text, "heading": heading}
            yield SourceRecord(number, values, at_byte=done, chars=len(text))
    if not found:
        raise UnreadableFile("The document has no text: only headings, pictures or nothing.")


def _blocks(path: Path) -> list[tuple[int, str]]:
    """(level, text) of each paragraph and table: 0 for text, else that of a heading."""
    from docx import Document
    from docx.opc.exceptions import OpcError
    from docx.table import Table

    try:
        found = []
        for block in Document(str(path)).iter_inner_content():
            if isinstance(block, Table):
                found.append((0, "\n".join(_row(row) for row in block.rows)))
            else:
                found.append((_level(block), block.text))
        return found
    except (OpcError, *DAMAGE):
        raise _damaged_docx() from None


def _damaged_docx() -> UnreadableFile:
    return damaged("DOCX file", "Open and save it again, or save it as text.")


def _level(paragraph: Any) -> int:
    name = paragraph.style.name if paragraph.style is not None else None
    match = _HEADING.fullmatch(name or "")
    return int(match[1] or 1) if match else 0


def _row(row: Any) -> str:
    cells = dict.fromkeys(row._tr.tc_lst)  # a cell that spans several columns is there once
    return " | ".join("\n".join(p.text for p in cell.p_lst).strip() for cell in cells)


def _sections(blocks: list[tuple[int, str]]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """(headings from the outermost, "A > B", numbered paragraphs below them)."""
    open_headings: list[tuple[int, str]] = []
    held: list[tuple[int, str]] = []
    for number, (level, text) in enumerate(blocks, start=1):
        if not level:
            held.append((number, text))
            continue
        yield _path(open_headings), held
        held = []
        open_headings = [one for one in open_headings if one[0] < level]
        if text.strip():
            open_headings.append((level, text.strip()))
    yield _path(open_headings), held


def _path(headings: list[tuple[int, str]]) -> str:
    return " > ".join(text for _, text in headings)


def read_pdf(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """Passages of each page's text, the line being the page from 1; a page without text comes with
    the reason. Raises UnreadableFile: damaged, encrypted, or without any text."""
    from pypdf.errors import PyPdfError

    found = False
    try:
        reader = _opened(path)
        total = len(reader.pages)
        for number in range(total):
            done = kind.size * (number + 1) // max(1, total)
            text = reader.pages[number].extract_text() or ""
            parts = list(passages((number + 1, one) for one in _BLANK_LINES.split(text)))
            found = found or bool(parts)
            for _, part in parts:
                values = {"text": part, "page": number + 1}
                yield SourceRecord(number + 1, values, at_byte=done, chars=len(part))
            if not parts:
                yield SourceRecord(number + 1, error=_no_text(number + 1), at_byte=done)
    except (PyPdfError, *DAMAGE):
        raise damaged("PDF file", "Save or print it as PDF again.") from None
    if not found:
        raise UnreadableFile(
            "The PDF has no text: its pages are empty or pictures, as of a scan. Run text"
            " recognition (OCR) over it first."
        )


def _no_text(page: int) -> str:
    return f"Page {page} has no text: it is empty, or a picture that needs text recognition (OCR)."


def _opened(path: Path) -> Any:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    reader = PdfReader(path)
    try:
        locked = reader.is_encrypted and not reader.decrypt("")
    except (DependencyError, FileNotDecryptedError, NotImplementedError):
        locked = True
    if locked:
        raise UnreadableFile("The PDF is encrypted. Save it without a password, then upload it.")
    return reader
