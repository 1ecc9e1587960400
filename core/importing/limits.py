"""How much of a file is read at most, and the errors raised while reading an import file."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InvalidInput
from core.wording import figure

MIB = 1024 * 1024
FROM_TERMINAL = (
    "Split it, or ask whoever runs the server to import it from a terminal, where files may be of"
    " any size: touchstone import FILE --project NAME"
)


class UnreadableFile(InvalidInput):
    """The file is not one of the accepted kinds, or damaged as a whole."""

    title = "The file cannot be read"


class TooLarge(InvalidInput):
    """The file passes one of the limits."""

    title = "The file is too large"


@dataclass(frozen=True)
class Limits:
    """Caps on one file; each refusal names the one it met.

    `file_bytes` on disk; `unpacked_bytes` what Parquet columns unpack to; `row_chars` characters
    in one record; `depth` levels of lists and objects in one record; `records` records.
    """

    file_bytes: int = 200 * MIB
    unpacked_bytes: int = 1024 * MIB
    row_chars: int = 1_000_000
    depth: int = 32
    records: int = 5_000_000

    def check_file(self, size: int) -> None:
        """Raise TooLarge when the file has more bytes than allowed."""
        if size > self.file_bytes:
            raise TooLarge(
                f"The file has {megabytes(size)}; the limit for uploads is"
                f" {megabytes(self.file_bytes)}. {FROM_TERMINAL}"
            )

    def check_unpacked(self, size: int) -> None:
        """Raise TooLarge when compressed columns unpack to more bytes than allowed."""
        if size > self.unpacked_bytes:
            raise TooLarge(
                f"The file unpacks to {megabytes(size)}; the limit is"
                f" {megabytes(self.unpacked_bytes)}. {FROM_TERMINAL}"
            )

    def check_records(self, count: int) -> None:
        """Raise TooLarge when there are more records than allowed."""
        if count > self.records:
            raise TooLarge(
                f"The file has more than {figure(self.records)} records, which is the limit."
                f" {FROM_TERMINAL}"
            )

    @property
    def too_long(self) -> str:
        """The reason given for one record over `row_chars`."""
        return f"The record is longer than {figure(self.row_chars)} characters, which is the limit."

    @property
    def too_deep(self) -> str:
        """The reason given for one record over `depth`."""
        return f"The record is nested more than {self.depth} levels deep, which is the limit."


LIMITS = Limits()
# What whoever runs the server imports from a terminal: any size; each record has its limits still.
UNLIMITED = Limits(file_bytes=1 << 60, unpacked_bytes=1 << 60, records=1 << 60)


def megabytes(size: int) -> str:
    """A size in bytes as people say it, such as "312 MB"; below one megabyte in bytes."""
    return f"{figure(size)} bytes" if size < MIB else f"{figure(size / MIB)} MB"
