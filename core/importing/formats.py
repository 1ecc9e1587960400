"""Which kind of file this is: decided by its content first, by its name where that is not enough.

kind = identify(Path("train.csv"))     # FileKind(format="csv", delimiter=";", ...)
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.importing.encodings import TextEncoding, encoding_of
from core.importing.limits import LIMITS, MIB, Limits, UnreadableFile

Format = Literal["jsonl", "json", "csv", "tsv", "parquet", "xlsx", "docx", "pdf", "dataset"]


@dataclass(frozen=True)
class FileFormat:
    """An accepted format. `reader` is `reader(path, kind, limits) -> Iterator[SourceRecord]`, named
    as "module:function", so that looking at CSV does not load pyarrow. One without suffixes is a
    folder, which a browser does not upload. One with `passages` is a document, whose outputs people
    write."""

    name: Format
    label: str
    suffixes: tuple[str, ...]
    reader: str
    passages: bool = False


FORMATS: dict[str, FileFormat] = {
    one.name: one
    for one in (
        FileFormat(
            "jsonl", "JSONL", (".jsonl", ".ndjson", ".jsonlines"), "core.importing.lines:read_lines"
        ),
        FileFormat("json", "JSON", (".json",), "core.importing.json_stream:read_json"),
        FileFormat("csv", "CSV", (".csv",), "core.importing.delimited:read_delimited"),
        FileFormat("tsv", "TSV", (".tsv", ".tab"), "core.importing.delimited:read_delimited"),
        FileFormat(
            "parquet", "Parquet", (".parquet", ".pq"), "core.importing.parquet:read_parquet"
        ),
        FileFormat("xlsx", "XLSX", (".xlsx", ".xlsm"), "core.importing.office:read_xlsx"),
        FileFormat("docx", "DOCX", (".docx",), "core.importing.documents:read_docx", True),
        FileFormat("pdf", "PDF", (".pdf",), "core.importing.documents:read_pdf", True),
        FileFormat("dataset", "datasets folder", (), "core.importing.folders:read_folder"),
    )
}
*_FIRST, _LAST = (one.label for one in FORMATS.values() if one.suffixes)
FORMAT_NAMES = f"{', '.join(_FIRST)} or {_LAST}"
ACCEPTED = f"Accepted are {', '.join(_FIRST)} and {_LAST}."
_JSONL_NAMES = FORMATS["jsonl"].suffixes
_TABLE_NAMES = FORMATS["csv"].suffixes + FORMATS["tsv"].suffixes
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it first"),
    (b"SQLite format 3", "an SQLite database"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old or encrypted Office document; save it as XLSX or DOCX without a password",
    ),
    (b"ARROW1", "an Arrow file; save it as Parquet"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened"),
)


UTF_8 = TextEncoding("utf-8")


@dataclass(frozen=True, slots=True)
class FileKind:
    """What is needed to read a file. `delimiter` is empty unless the format is csv or tsv."""

    format: Format
    size: int
    text: TextEncoding = UTF_8
    delimiter: str = ""


def identify(path: Path, limits: Limits = LIMITS, whole: bool = True) -> FileKind:
    """The kind of a file; with `whole=False` its encoding is judged by the beginning only.

    Raises UnreadableFile with what was found and what is accepted, TooLarge over the size limit.
    """
    if path.is_dir():
        size = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        limits.check_file(size)
        return FileKind("dataset", size)
    if not path.is_file():
        raise UnreadableFile("The file is not there any more. Upload it again.")
    size = path.stat().st_size
    limits.check_file(size)
    with path.open("rb") as file:
        head = file.read(MIB)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise UnreadableFile(f"The file is empty. {ACCEPTED}")
    if head.startswith(b"PAR1"):
        return FileKind("parquet", size)
    if b"%PDF-" in head[:1024]:
        return FileKind("pdf", size)
    if head.startswith(b"PK\x03\x04"):
        return FileKind(_archive_kind(path, limits), size)
    _refuse_other_kinds(head, path.suffix.lower())
    text = encoding_of(path, whole)
    beginning = _decode_head(head, text)
    return _text_kind(path.suffix.lower(), beginning, len(head) < size, text, size)


def _archive_kind(path: Path, limits: Limits) -> Format:
    """What a zip archive is, by the names in it; its own account of its size must be acceptable.

    What unpacks to more than its account is cut off there by zipfile.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            size = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise UnreadableFile(
            "This is a zip archive, as XLSX and DOCX files are, and it is damaged or incomplete."
            " Save it again and upload it once more."
        ) from None
    limits.check_unpacked(size)
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "word/document.xml" in names:
        return "docx"
    found = (
        "an Office document of another kind" if "[Content_Types].xml" in names else "a zip archive"
    )
    raise UnreadableFile(f"This is {found}. {ACCEPTED}")


def _refuse_other_kinds(head: bytes, suffix: str) -> None:
    for magic, found in _MAGIC:
        if head.startswith(magic):
            raise UnreadableFile(f"This is {found}. {ACCEPTED}")
    if head[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise UnreadableFile(f"This is a web page or an XML document. {ACCEPTED}")
    if suffix in FORMATS["parquet"].suffixes:
        raise UnreadableFile(f"The file is named {suffix} but is not Parquet inside. {ACCEPTED}")


def _decode_head(head: bytes, text: TextEncoding) -> str:
    """The first megabyte as text; a letter cut in two at its end is dropped."""
    return head.decode(text.name, "ignore" if text.errors == "strict" else text.errors)


def _text_kind(suffix: str, head: str, cut: bool, text: TextEncoding, size: int) -> FileKind:
    first = head.lstrip()[:1]
    if suffix in _JSONL_NAMES:
        alone = first == "[" and not _first_line_is_json(head)
        return FileKind("json" if alone else "jsonl", size, text)
    if first == "{" or (first == "[" and suffix not in _TABLE_NAMES):
        return FileKind("jsonl" if first == "{" and _by_line(head) else "json", size, text)
    if suffix == ".json":
        raise UnreadableFile(
            f"The file is named .json but starts with neither [ nor {{. {ACCEPTED}"
        )
    delimiter = sniff_delimiter(head, cut, "\t" if suffix == ".tsv" else ",;\t|")
    if not delimiter and suffix not in _TABLE_NAMES:
        raise UnreadableFile(f"The file looks like plain text without columns. {ACCEPTED}")
    delimiter = delimiter or ("," if suffix == ".csv" else "\t")
    return FileKind("tsv" if delimiter == "\t" else "csv", size, text, delimiter)


def _first_line_is_json(head: str) -> bool:
    line, newline, _ = head.lstrip().partition("\n")
    return bool(newline) and _parses(line)


def _by_line(head: str) -> bool:
    """Whether the text has one object per line: two of its first lines are whole objects.

    One line alone is read as JSON, which takes a single record just as well.
    """
    lines = [line for line in head.split("\n")[:20] if line.strip()]
    if len(lines) < 2:
        return False
    whole = [_parses(line) for line in lines[:5]]
    return any(whole) and all(line.lstrip().startswith("{") for line in lines[:2])


def _parses(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def sniff_delimiter(head: str, cut: bool, candidates: str) -> str:
    """The candidate that splits the first 20 records into most equal rows; "" when none does.

    Python's csv.Sniffer is not used: it takes letters for delimiters in prose.
    """
    best, best_score = "", (0.0, 0)
    for delimiter in candidates:
        widths = _widths(head, cut, delimiter)
        if not widths or widths[0] < 2:
            continue
        score = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(head: str, cut: bool, delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter):
            if row:
                widths.append(len(row))
            if len(widths) == 21:
                break
    except csv.Error:
        pass
    return widths[:20] if not cut or len(widths) > 20 else widths[:-1] or widths
