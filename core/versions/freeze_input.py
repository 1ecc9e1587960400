"""What a freeze compares: the examples, earlier texts of frozen ones, and texts that bar them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from core.versions.splitting import SPLITS, content_hash
from core.versions.usefulness import shortened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.versions.assignment import Candidates

COLUMNS = ("example_id", "revision_id", "instruction", "input", "output")
OPTIONAL = (
    *("split", "group_id", "studied", "file_id", "line", "together", "stratum", "moment"),
    "source_id",
)
_SORTED_BY = ("instruction", "input", "example_id", "file_id", "line")


class ExamplesIncomplete(InvalidInput):
    """data/examples.parquet lacks a column."""

    title = "The examples cannot be frozen"


@dataclass(frozen=True)
class FreezeInput:
    """The examples to freeze, in the order of their texts' hashes; behind them what is known of
    earlier ones, then the barred texts. `position` are those of the first `count`; `files` maps the
    id of a protected file to its name."""

    columns: dict[str, list[Any]]
    names: list[str]
    position: list[int]
    count: int
    files: Mapping[str, str]

    def column(self, name: str) -> list[Any]:
        """A column, of the examples to freeze and of all that is behind them."""
        return self.columns[name]

    def candidates(self) -> Candidates:
        """The same as numbers."""
        import numpy as np

        from core.versions.assignment import OPEN, PROTECTED, STUDIED, UNDECIDED, Candidates

        decided = [UNDECIDED if s is None else SPLITS.index(s) for s in self.column("split")]
        barred = [
            PROTECTED if file_id else STUDIED if studied else OPEN
            for file_id, studied in zip(self.column("file_id"), self.column("studied"), strict=True)
        ]
        moments = [-inf if moment is None else moment for moment in self.column("moment")]
        return Candidates(
            self.names,
            np.array(decided, np.int64),
            self.count,
            np.array(barred, np.int64),
            together=self._numbered("together"),
            stratum=self._numbered("stratum"),
            moment=np.array(moments) if max(moments, default=-inf) > -inf else None,
            source=self._sources(),
        )

    def _sources(self) -> NDArray[np.int64] | None:
        """For each synthetic example the index of its source; None where none is synthetic."""
        import numpy as np

        from core.versions.assignment import NOT_SYNTHETIC, WITHOUT_SOURCE

        given = self.column("source_id")
        if not any(given):
            return None
        index = {name: k for k, name in enumerate(self.column("example_id")[: self.count])}
        found = [index.get(one, WITHOUT_SOURCE) if one else NOT_SYNTHETIC for one in given]
        return np.array(found, np.int64)

    def _numbered(self, name: str) -> NDArray[np.int64] | None:
        """A column's values as numbers in their order, -1 for none; None where all have none."""
        import numpy as np

        values = self.column(name)
        known = {value: number for number, value in enumerate(sorted(set(values) - {None}))}
        if not known:
            return None
        return np.array([known.get(value, -1) for value in values], np.int64)

    def without(self, name: str) -> int:
        """How many of the examples to freeze have nothing in a column."""
        return sum(value is None for value in self.column(name)[: self.count])

    def near_id(self, index: int, near: int) -> str | None:
        """The id of the example that `index` is near; None for itself and for protected texts."""
        ids = self.column("example_id")
        return ids[near] if near >= 0 and ids[near] != ids[index] and ids[near] else None

    def near_file(self, near: int) -> str | None:
        """The file id of a protected text; None for an example."""
        return self.column("file_id")[near] if near >= 0 else None

    def near_text(self, near: int) -> str | None:
        """The file, line and beginning of a protected text; None for an example."""
        if not (file_id := self.near_file(near)):
            return None
        text = self.column("input")[near].strip() or self.column("instruction")[near]
        line = self.column("line")[near]
        return f"{self.files.get(file_id, file_id)}, line {line}: {shortened(text)}"


def read_freeze_input(data: Path, files: Mapping[str, str]) -> FreezeInput:
    """Read the tables of a job's data folder. Raises ExamplesIncomplete.

    Jobs of earlier releases lack earlier.parquet, barred.parquet and the optional columns.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(data / "examples.parquet")
    if missing := [name for name in COLUMNS if name not in table.column_names]:
        raise ExamplesIncomplete(
            f"examples.parquet has no column {', '.join(missing)}. "
            f"Write it with the columns {', '.join(COLUMNS)}."
        )
    columns = {name: _values(table, name) for name in (*COLUMNS, *OPTIONAL)}
    texts = zip(columns["instruction"], columns["input"], columns["output"], strict=True)
    names = [content_hash([("", *text, "")]) for text in texts]
    # By their texts: the order of import and ids made at random must not matter for the split.
    order = sorted(range(len(names)), key=names.__getitem__)
    columns = {name: [values[k] for k in order] for name, values in columns.items()}
    names = [names[k] for k in order]
    for name in ("earlier.parquet", "barred.parquet"):
        if (data / name).exists():
            _append(columns, pq.read_table(data / name))
    names += [""] * (len(columns["input"]) - len(names))
    return FreezeInput(columns, names, order, table.num_rows, files)


def _append(columns: dict[str, list[Any]], table: Any) -> None:
    rows = {name: _values(table, name) for name in columns}
    keys: Sequence[list[str]] = [
        [str(rows[name][k] or "") for name in _SORTED_BY] for k in range(table.num_rows)
    ]
    for k in sorted(range(table.num_rows), key=keys.__getitem__):
        for name, values in columns.items():
            values.append(rows[name][k])


def _values(table: Any, name: str) -> list[Any]:
    """A column as a list; one that is not there as nulls."""
    if name not in table.column_names:
        return [None] * int(table.num_rows)
    values: list[Any] = table.column(name).to_pylist()
    return values if name in OPTIONAL else [value or "" for value in values]
