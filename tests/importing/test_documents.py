"""XLSX, DOCX and PDF: rows and passages, and files that cannot be read, each with its sentence."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from core.importing.formats import identify
from core.importing.job import import_file
from core.importing.limits import MIB, Limits, TooLarge, UnreadableFile
from core.importing.passages import PASSAGE_CHARS, passages
from core.importing.pipeline import open_source
from core.importing.preview import preview
from core.importing.readers import read
from tests.import_builders import a_sheet, imported, put, reasons, texts


def a_pdf(folder: Path, *pages: str, password: str = "", name: str = "x.pdf") -> Path:
    """A PDF with these pages, a text each; "" is a page without text."""
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(600, 800)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        shown = "".join(f"({line}) Tj T* " for line in text.split("\n")) if text else ""
        stream.set_data(f"BT /F1 12 Tf 14 TL 40 760 Td {shown}ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(folder / name)
    return folder / name


def a_docx(folder: Path) -> Path:
    document = Document()
    document.add_paragraph("Before any heading.")
    document.add_heading("Care", 1)
    document.add_paragraph("Wash by hand.")
    document.add_paragraph("Dry flat.")
    document.add_heading("Numbers", 2)
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("size", "cm"), ("S", "88")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_heading("Returns", 1)
    document.add_paragraph("日本語 “quoted” " * 400)
    document.save(str(folder / "x.docx"))
    return folder / "x.docx"


def test_a_sheet_is_read_like_a_table(tmp_path: Path) -> None:
    rows = [("question", "answer", "page", "when"), ("Why?", "+so", 3, date(2026, 1, 2)), ()]
    path = a_sheet(tmp_path, *rows, (None, None, None, None), ("How?", "-5", 4.5, None))
    book = Workbook()
    book.save(tmp_path / "empty.xlsx")
    found = imported(path)
    assert texts(found) == [("Why?", "", "+so"), ("How?", "", "-5")]
    assert found.accepted[0].meta == {"page": 3, "when": "2026-01-02T00:00:00"}
    assert [one.line for one in found.accepted] == [2, 5]
    with pytest.raises(UnreadableFile, match="has no rows"):
        imported(tmp_path / "empty.xlsx")


def test_several_sheets_are_read_and_odd_rows_listed(tmp_path: Path) -> None:
    book = Workbook()
    for sheet, rows in (
        (book.active, [("question", "answer"), ("a", "b"), ("c", "d", "too much")]),
        (book.create_sheet("More"), [("answer", "question"), ("f", "e")]),
        (book.create_sheet("Blank"), []),
    ):
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "x.xlsx")
    found = imported(tmp_path / "x.xlsx")
    assert texts(found) == [("a", "", "b"), ("e", "", "f")]
    assert [one.meta["sheet"] for one in found.accepted] == ["Sheet", "More"]
    assert "3 cells where the first has 2" in reasons(found)[3]


def test_a_docx_becomes_passages_below_their_headings_to_be_annotated(tmp_path: Path) -> None:
    found = imported(a_docx(tmp_path))
    assert [(one.meta.get("heading"), one.input) for one in found.accepted[:3]] == [
        (None, "Before any heading."),
        ("Care", "Wash by hand.\n\nDry flat."),
        ("Care > Numbers", "size | cm\nS | 88"),
    ]
    assert {one.instruction + one.output for one in found.accepted} == {""}
    rest = found.accepted[3:]
    assert len(rest) > 1
    assert all(one.meta["heading"] == "Returns" for one in rest)
    shown = preview(tmp_path / "x.docx")
    assert shown.problems == ()
    assert "people write the outputs" in shown.warnings[0]


def test_a_pdf_becomes_passages_of_its_pages_and_a_page_without_text_is_listed(
    tmp_path: Path,
) -> None:
    found = imported(a_pdf(tmp_path, "First page.\nSecond line.", "", "Third page."))
    assert [(one.meta["page"], one.input) for one in found.accepted] == [
        (1, "First page.\nSecond line."),
        (3, "Third page."),
    ]
    assert "Page 2 has no text" in reasons(found)[2]
    source = open_source(tmp_path / "x.pdf")
    (tmp_path / "final").mkdir()
    summary = import_file(source, tmp_path / "final")
    assert (summary.accepted, summary.rejected, summary.format) == (2, 1, "pdf")


def test_an_owners_password_alone_does_not_lock_a_pdf(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(a_pdf(tmp_path, "Open to read.")))
    writer.encrypt("", owner_password="secret", algorithm="RC4-128")
    writer.write(tmp_path / "y.pdf")
    assert imported(tmp_path / "y.pdf").accepted[0].input == "Open to read."


def test_a_document_that_gives_no_text_is_refused_with_a_sentence(tmp_path: Path) -> None:
    for path, said in (
        (a_pdf(tmp_path, "", ""), "pages are empty or pictures, as of a scan"),
        (a_pdf(tmp_path, "Secret.", password="x", name="w.pdf"), "PDF is encrypted"),
        (put(tmp_path, "y.pdf", "%PDF-1.7 and then nothing"), "PDF file is damaged"),
        (put(tmp_path, "z.docx", broken_docx()), "DOCX file is damaged"),
        (put(tmp_path, "w.docx", a_docx(tmp_path).read_bytes()[:900]), "damaged or incomplete"),
        (put(tmp_path, "v.xlsx", b"\xd0\xcf\x11\xe0 and more"), "old or encrypted Office document"),
    ):
        with pytest.raises(UnreadableFile, match=said):
            imported(path)


def broken_docx() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", "<w:document>")
        archive.writestr("[Content_Types].xml", "<Types/>")
    return target.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b"a" * (40 * MIB))
    assert path.stat().st_size < MIB
    with pytest.raises(TooLarge, match="unpacks to 40 MB; the limit is 20 MB"):
        imported(path, limits=Limits(unpacked_bytes=20 * MIB))


def test_a_damaged_file_ends_in_a_sentence_wherever_it_is_damaged(tmp_path: Path) -> None:
    whole = {
        "x.pdf": a_pdf(tmp_path, "Some text.", "More.").read_bytes(),
        "x.docx": a_docx(tmp_path).read_bytes(),
        "x.xlsx": a_sheet(tmp_path).read_bytes(),
    }
    for name, content in whole.items():
        for at in range(0, len(content), max(1, len(content) // 40)):
            damaged = content[:at] + b"\xff\0<>" + content[at + 4 :]
            path = put(tmp_path, f"d_{name}", damaged)
            try:
                list(read(path, identify(path)))
            except (UnreadableFile, TooLarge):
                continue


@given(st.lists(st.text(max_size=30).map(lambda text: text * 90), max_size=6))
def test_passages_lose_nothing_and_none_is_too_long(paragraphs: list[str]) -> None:
    found = list(passages(enumerate(paragraphs, start=1)))
    assert "".join("".join(text.split()) for _, text in found) == "".join(
        "".join(text.split()) for text in paragraphs
    )
    assert all(len(text) <= PASSAGE_CHARS + 2 * text.count("\n\n") for _, text in found)
    assert [number for number, _ in found] == sorted(number for number, _ in found)
