"""What a data card says of a version, and what leads know of the sources."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import now
from core.examples.example import FIELDS
from core.labels.values import WRITTEN
from core.versions.data_card import (
    BY_HAND,
    PROPOSED,
    Contribution,
    Lengths,
    Source,
    SourceFacts,
)
from storage.database import Database, Row

MOST_VALUES = 200
# What a version holds, and who accepted it as it stands there, one by one; what was undone does not
# count.
_ACCEPTED = """
    held AS (
        SELECT example_id, revision_id FROM version_examples WHERE version_id = $version),
    log AS (
        SELECT r.revision_id, r.decision, r.batch_id, r.reviewer_id,
               lead(r.decision) OVER (PARTITION BY r.example_id ORDER BY r.created_at) AS next
        FROM reviews r SEMI JOIN held USING (example_id)),
    accepted AS (
        SELECT DISTINCT l.revision_id, l.reviewer_id FROM log l SEMI JOIN held USING (revision_id)
        WHERE l.decision = 'accept' AND l.batch_id IS NULL AND coalesce(l.next, '') <> 'undo')
"""


class Cards:
    """Questions about a version's sources, people and texts. Callers hold the transaction where
    they write."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_facts(self, version_id: str, content: Mapping[str, Any]) -> None:
        """Keep what the worker that froze a version saw in it."""
        self._db.execute(
            "INSERT INTO version_facts (version_id, content) VALUES ($version, $content)",
            {"version": version_id, "content": json.dumps(content)},
        )

    def facts(self, version_id: str) -> dict[str, Any]:
        """What it saw; empty for versions of earlier releases."""
        found = self._db.value(
            "SELECT content FROM version_facts WHERE version_id = $version",
            {"version": version_id},
        )
        return dict(json.loads(found)) if found else {}

    # Sources -----------------------------------------------------------------------------------

    def describe(self, import_id: str, facts: SourceFacts, actor_id: str) -> None:
        """Keep what a lead knows of an import's file, in place of what was known."""
        self._db.execute(
            """
            INSERT INTO import_sources
                (import_id, licence, legal_basis, note, actor_id, created_at)
            VALUES ($import_id, $licence, $legal_basis, $note, $actor_id, $now)
            ON CONFLICT (import_id) DO UPDATE
            SET licence = excluded.licence, legal_basis = excluded.legal_basis,
                note = excluded.note, actor_id = excluded.actor_id,
                created_at = excluded.created_at
            """,
            {
                "import_id": import_id,
                "licence": facts.licence,
                "legal_basis": facts.legal_basis,
                "note": facts.note,
                "actor_id": actor_id,
                "now": now(),
            },
        )

    def sources(self, version_id: str) -> tuple[Source, ...]:
        """The imports whose examples a version holds, the largest first."""
        rows = self._db.rows(
            """
            WITH held AS (
                SELECT e.import_id, y.example_id IS NOT NULL AS proposed, count(*) AS examples,
                       min(e.created_at) AS first
                FROM version_examples m JOIN examples e USING (example_id)
                LEFT JOIN synthetic_examples y ON y.example_id = m.example_id
                WHERE m.version_id = $version GROUP BY ALL
            )
            SELECT h.import_id, h.examples, h.proposed, i.file_name,
                   coalesce(p.name, 'Touchstone') AS person,
                   coalesce(i.created_at, h.first) AS created_at,
                   coalesce(s.licence, '') AS licence, coalesce(s.legal_basis, '') AS legal_basis,
                   coalesce(s.note, '') AS note
            FROM held h
            LEFT JOIN imports i ON i.import_id = h.import_id
            LEFT JOIN people p ON p.person_id = i.actor_id
            LEFT JOIN import_sources s ON s.import_id = h.import_id
            ORDER BY h.examples DESC, created_at
            """,
            {"version": version_id},
        )
        return tuple(map(_source, rows))

    # People and texts --------------------------------------------------------------------------

    def people(self, version_id: str) -> tuple[Contribution, ...]:
        """Who wrote the revisions that a version holds, imports aside, each of several annotators,
        and who accepted them one by one."""
        rows = self._db.rows(
            f"""
            WITH {_ACCEPTED},
            wrote AS (
                SELECT h.revision_id, coalesce(a.person_id, r.author_id) AS person_id
                FROM held h JOIN revisions r USING (revision_id)
                LEFT JOIN annotations a
                  ON r.origin IN ('agree', 'dispute')
                 AND a.example_id = h.example_id AND a.based_on = r.based_on
                WHERE r.origin NOT IN ('import', 'propose')),
            done AS (
                SELECT person_id, count(DISTINCT revision_id) AS labelled, 0 AS reviewed
                FROM wrote GROUP BY person_id
                UNION ALL
                SELECT reviewer_id, 0, count(*) FROM accepted GROUP BY reviewer_id
            )
            SELECT coalesce(any_value(p.name), 'Touchstone') AS person,
                   CAST(sum(d.labelled) AS BIGINT) AS labelled,
                   CAST(sum(d.reviewed) AS BIGINT) AS reviewed
            FROM done d LEFT JOIN people p ON p.person_id = d.person_id
            GROUP BY d.person_id ORDER BY labelled DESC, reviewed DESC, person
            """,  # noqa: S608 a literal of this module
            {"version": version_id},
        )
        return tuple(Contribution(**row) for row in rows)

    def unreviewed(self, version_id: str) -> int:
        """How many examples of a version nobody looked at one by one: they were accepted in bulk,
        or imported as accepted."""
        return int(
            self._db.value(
                f"""
                WITH {_ACCEPTED}
                SELECT count(*) FROM held ANTI JOIN accepted USING (revision_id)
                """,  # noqa: S608 a literal of this module
                {"version": version_id},
            )
        )

    def accepted_by_several(self, version_id: str) -> int:
        """How many examples of a version two or more people accepted one by one, as they stand in
        it; what was undone does not count."""
        return int(
            self._db.value(
                f"""
                WITH {_ACCEPTED}
                SELECT count(*) FROM (
                    SELECT revision_id FROM accepted GROUP BY revision_id HAVING count(*) > 1)
                """,  # noqa: S608 a literal of this module
                {"version": version_id},
            )
        )

    def checked(self, version_id: str) -> int:
        """How many examples the project's newest check looked at as they stand in a version."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM version_examples m
                SEMI JOIN checked_examples c
                    ON c.example_id = m.example_id AND c.revision_id = m.revision_id
                WHERE m.version_id = $version
                """,
                {"version": version_id},
            )
        )

    def findings(self, version_id: str) -> dict[str, int]:
        """Kind of finding -> how many examples have it as they stand in a version."""
        rows = self._db.rows(
            """
            SELECT f.kind, count(DISTINCT f.example_id) AS n
            FROM version_examples m
            JOIN example_findings f
                ON f.example_id = m.example_id AND f.revision_id = m.revision_id
            WHERE m.version_id = $version GROUP BY f.kind ORDER BY n DESC, f.kind
            """,
            {"version": version_id},
        )
        return {row["kind"]: int(row["n"]) for row in rows}

    def written(self, version_id: str) -> Row:
        """When the first and the last of a version's revisions were saved: first, last."""
        found = self._db.one(
            """
            SELECT min(r.created_at) AS first, max(r.created_at) AS last
            FROM version_examples m JOIN revisions r USING (revision_id)
            WHERE m.version_id = $version
            """,
            {"version": version_id},
        )
        return found or {"first": None, "last": None}

    def lengths(self, version_id: str) -> tuple[Lengths, ...]:
        """Characters of each field."""
        rows = self._db.rows(
            """
            SELECT field, min(n) AS shortest, CAST(quantile_disc(n, 0.5) AS BIGINT) AS median,
                   CAST(quantile_disc(n, 0.95) AS BIGINT) AS p95, max(n) AS longest
            FROM (
                SELECT unnest(['instruction', 'input', 'output']) AS field,
                       unnest([length(r.instruction), length(r.input), length(r.output)]) AS n
                FROM version_examples m JOIN revisions r USING (revision_id)
                WHERE m.version_id = $version
            )
            GROUP BY field
            """,
            {"version": version_id},
        )
        found = {row["field"]: Lengths(**row) for row in rows}
        return tuple(found[field] for field in FIELDS if field in found)

    def labels(self, version_id: str, texts: Sequence[str] = ()) -> dict[str, dict[str, int]]:
        """Label -> value -> how many examples have it, commonest first; the first 200 values.
        Marked words count by their options; of the labels named in `texts`, free texts, how many
        are written is counted."""
        rows = self._db.rows(
            """
            SELECT label, value, count(*) AS n
            FROM (
                SELECT label, unnest(
                    CASE WHEN list_contains($texts, label) THEN [$written]
                         WHEN json_type(given, '$[0].option') IS NOT NULL
                         THEN list_distinct(json_extract_string(given, '$[*].option'))
                         WHEN json_type(given) = 'ARRAY' THEN CAST(given AS VARCHAR[])
                         ELSE [given ->> '$'] END
                ) AS value
                FROM (
                    SELECT label, json_extract(
                        labels, '/' || replace(replace(label, '~', '~0'), '/', '~1')) AS given
                    FROM (
                        SELECT r.labels, unnest(json_keys(r.labels)) AS label
                        FROM version_examples m JOIN revisions r USING (revision_id)
                        WHERE m.version_id = $version
                    )
                )
            )
            WHERE value IS NOT NULL
            GROUP BY label, value ORDER BY label, n DESC, value LIMIT $most
            """,
            {
                "version": version_id,
                "most": MOST_VALUES,
                "texts": list(texts),
                "written": WRITTEN,
            },
        )
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            found.setdefault(row["label"], {})[row["value"]] = int(row["n"])
        return found


def _source(row: Row) -> Source:
    facts = SourceFacts(row["licence"], row["legal_basis"], row["note"])
    name = row["file_name"] or (PROPOSED if row["proposed"] else BY_HAND)
    return Source(row["import_id"], name, row["examples"], row["person"], row["created_at"], facts)
