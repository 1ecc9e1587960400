"""A text index of a project's examples: an SQLite file that says where a text occurs.

index = TextIndex(path)
index.positions("price of", most=1000)   # examples that have it in one of their fields
index.like(17, most=50)                   # examples that share rare words with example 17

The file follows from the database and can be made again at any time. Texts are kept in lower case,
the fields of an example joined by SEPARATOR. Pieces of three characters find whatever stands in a
text, in any script; every hit is compared with the text. Similar examples are ranked by BM25
(Robertson & Zaragoza 2009), as SQLite's FTS5 computes it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

SEPARATOR = "\x1f"
SHORTEST = 3
_MOST_PIECES = 16
_RAREST = 12
_MOST_TERMS = 400
_MOST_RANKED = 20_000
_WORD = re.compile(r"[^\W_]+")
# Writing without spaces: there a word of the index is a sentence, and pieces tell what is alike.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{3,}")

_SCHEMA = """
    CREATE TABLE texts (position INTEGER PRIMARY KEY, hash TEXT NOT NULL, text TEXT NOT NULL);
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE VIRTUAL TABLE pieces USING fts5(text, content='texts', content_rowid='position',
        tokenize='trigram case_sensitive 1', detail='none', columnsize=0);
    CREATE VIRTUAL TABLE words USING fts5(text, content='texts', content_rowid='position',
        tokenize='unicode61 remove_diacritics 0', detail='none');
    CREATE VIRTUAL TABLE terms USING fts5vocab('words', 'row');
"""
# Made of the index when it is asked, so that the files of earlier releases have it too.
_PIECE_TERMS = """
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.piece_terms USING fts5vocab('main', 'pieces', 'row')
"""
_TABLES = ("pieces", "words")


class Text(NamedTuple):
    """An example's present: its position, a 64-bit hash of its revision, its text in lower case."""

    position: int
    hash: int
    text: str


class Fingerprint(NamedTuple):
    """How many examples there are, and the exclusive or of their revisions' hashes."""

    examples: int
    hashes: int


class TextIndex:
    """The index in one file. Threads may share it, one at a time."""

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # What a crash loses is made again.
        self._db.execute("PRAGMA synchronous = OFF")
        if is_new:
            self._db.executescript(_SCHEMA)
            self._set_fingerprint(Fingerprint(0, 0))

    def close(self) -> None:
        """End it; the file stays."""
        self._db.close()

    # What it stands for ------------------------------------------------------------------------

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the texts that it holds."""
        return Fingerprint(int(self.fact("examples")), int(self.fact("hashes")))

    def fact(self, name: str, default: str = "") -> str:
        """What was kept under a name."""
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else default

    def keep_fact(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def hashes(self) -> dict[int, int]:
        """Position -> hash of the revision that it holds."""
        rows = self._db.execute("SELECT position, hash FROM texts")
        return {position: int(found) for position, found in rows}

    # Changing it -------------------------------------------------------------------------------

    def fill(self, texts: Iterable[Text]) -> None:
        """Put new positions in, many at once."""
        self._db.execute("PRAGMA cache_size = -200000")
        self._db.execute("BEGIN")
        count, hashes = self.fingerprint
        for text in texts:
            self._put(text)
            count, hashes = count + 1, hashes ^ text.hash
        self._set_fingerprint(Fingerprint(count, hashes))
        self._db.execute("COMMIT")

    def change(self, texts: Iterable[Text], gone: Iterable[int] = ()) -> None:
        """Put texts in the place of others at their positions, and take positions out."""
        self._db.execute("BEGIN")
        count, hashes = self.fingerprint
        for position in gone:
            taken = self._take(position)
            count, hashes = count - (taken is not None), hashes ^ (taken or 0)
        for text in texts:
            if self._hash(text.position) == text.hash:
                continue
            taken = self._take(text.position)
            self._put(text)
            count, hashes = count + (taken is None), hashes ^ (taken or 0) ^ text.hash
        self._set_fingerprint(Fingerprint(count, hashes))
        self._db.execute("COMMIT")

    def _put(self, text: Text) -> None:
        position, found, words = text
        self._db.execute("INSERT INTO texts VALUES (?, ?, ?)", (position, str(found), words))
        for table in _TABLES:
            self._db.execute(
                f"INSERT INTO {table} (rowid, text) VALUES (?, ?)",  # noqa: S608 a literal
                (position, words),
            )

    def _hash(self, position: int) -> int | None:
        found = self._db.execute("SELECT hash FROM texts WHERE position = ?", (position,))
        row = found.fetchone()
        return int(row[0]) if row else None

    def _take(self, position: int) -> int | None:
        """Take a position out; the hash that it had, None where it had none."""
        found = self._db.execute(
            "SELECT hash, text FROM texts WHERE position = ?", (position,)
        ).fetchone()
        if found is None:
            return None
        for table in _TABLES:
            self._db.execute(
                f"INSERT INTO {table} ({table}, rowid, text) VALUES ('delete', ?, ?)",  # noqa: S608
                (position, found[1]),
            )
        self._db.execute("DELETE FROM texts WHERE position = ?", (position,))
        return int(found[0])

    def _set_fingerprint(self, found: Fingerprint) -> None:
        self.keep_fact("examples", str(found.examples))
        self.keep_fact("hashes", str(found.hashes))

    # Asking ------------------------------------------------------------------------------------

    def positions(self, text: str, most: int) -> list[int] | None:
        """Where a text in lower case occurs, in no order; None where it is too short to be looked
        up, or at more than `most` positions."""
        if len(text) < SHORTEST or "\0" in text:
            return None
        pieces = sorted({text[k : k + SHORTEST] for k in range(len(text) - SHORTEST + 1)})
        step = -(-len(pieces) // _MOST_PIECES)
        rows = self._db.execute(
            """
            SELECT t.position FROM pieces p JOIN texts t ON t.position = p.rowid
            WHERE pieces MATCH ? AND instr(t.text, ?) > 0 LIMIT ?
            """,
            (" AND ".join(map(_quoted, pieces[::step])), text, most + 1),
        ).fetchall()
        return None if len(rows) > most else [row[0] for row in rows]

    def like(self, position: int, most: int) -> list[int]:
        """The examples that share most with the one at a position, by its rarest words, or pieces
        where no spaces divide words, the most alike first; it is not among them."""
        row = self._db.execute("SELECT text FROM texts WHERE position = ?", (position,)).fetchone()
        text = row[0] if row else ""
        unspaced = _UNSPACED.findall(text)
        found = [self._sharing("words", "terms", _WORD.findall(text), position, most)]
        if unspaced:
            self._db.execute(_PIECE_TERMS)
            pieces = [one[k : k + SHORTEST] for one in unspaced for k in range(len(one) - 2)]
            found.append(self._sharing("pieces", "piece_terms", pieces, position, most))
            if 2 * sum(map(len, unspaced)) > sum(map(len, _WORD.findall(text))):
                found.reverse()
        return list(dict.fromkeys(one for part in found for one in part))[:most]

    def _sharing(
        self, table: str, vocabulary: str, there: Sequence[str], position: int, most: int
    ) -> list[int]:
        """Which texts share the rarest of some terms, the most alike first."""
        terms = self._rare_terms(vocabulary, list(dict.fromkeys(there))[:_MOST_TERMS])
        if not terms:
            return []
        rows = self._db.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid <> ? "  # noqa: S608
            "ORDER BY rank LIMIT ?",
            (" OR ".join(map(_quoted, terms)), position, most),
        ).fetchall()
        return [row[0] for row in rows]

    def _rare_terms(self, vocabulary: str, there: Sequence[str]) -> Sequence[str]:
        """The terms that fewest other texts have, and at least one has: as many as one can rank
        the texts of at once."""
        marks = ", ".join("?" * len(there))
        rows = self._db.execute(
            f"SELECT term, doc FROM {vocabulary} WHERE term IN ({marks}) AND doc > 1 "  # noqa: S608
            "ORDER BY doc LIMIT ?",
            (*there, _RAREST),
        )
        chosen: list[str] = []
        ranked = 0
        for term, texts in rows:
            ranked += texts
            if chosen and ranked > _MOST_RANKED:
                break
            chosen.append(term)
        return chosen


def _quoted(term: str) -> str:
    """A term as FTS5 reads it, whatever signs it has."""
    doubled = term.replace('"', '""')
    return f'"{doubled}"'
