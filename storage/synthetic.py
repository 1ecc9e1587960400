"""Synthetic examples: what they are made of, where one comes from, and where they are."""

from __future__ import annotations

from core.augmentation.augmentation import Child, Sourced
from core.augmentation.proposals import Source
from core.examples.listing import ExampleFilter
from core.query import Query
from storage.database import Database
from storage.filters import conditions, parameters

# Synthetic examples of a project that no person has written or settled a revision of: bulk actions,
# masks and mends of many do not count as looking at one.
UNSEEN_SYNTHETIC = """
    SELECT s.example_id FROM synthetic_examples s
    WHERE s.project_id = $project_id AND NOT EXISTS (
        SELECT 1 FROM revisions seen WHERE seen.example_id = s.example_id
          AND seen.origin IN ('annotate', 'review', 'agree', 'dispute'))
"""
_SOURCES = """
    c.state = 'accepted' AND NOT c.flagged AND trim(c.output) <> '' AND trim(c.instruction) <> ''
    AND c.example_id NOT IN (
        SELECT s.example_id FROM synthetic_examples s WHERE s.project_id = $project_id)
    AND c.example_id NOT IN (
        SELECT t.example_id FROM example_splits t
        WHERE t.project_id = $project_id AND t.split = 'test')
    AND c.example_id NOT IN (
        SELECT p.example_id FROM pairs p JOIN studies u USING (study_id)
        WHERE u.project_id = $project_id
          AND NOT coalesce(CAST(u.plan ->> '$.for_tuning' AS BOOLEAN), false))
"""


class SyntheticExamples:
    """Questions about examples that augmentations proposed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # What they are made of ---------------------------------------------------------------------

    def sources(self, project_id: str, wanted: ExampleFilter, seed: int, most: int) -> Query:
        """Accepted examples that match and may be a source, in an order that the seed decides: with
        an instruction and an output, not flagged, not synthetic themselves, neither in test nor in
        a study."""
        return Query(
            f"""
            SELECT c.example_id, c.revision_id, c.instruction, c.input, c.output,
                   CAST(c.labels AS VARCHAR) AS labels
            FROM example_current c WHERE {conditions(wanted)} AND {_SOURCES}
            ORDER BY sha256($order_seed || '/' || c.example_id) LIMIT $most
            """,  # noqa: S608 conditions are literals of storage.filters
            {**parameters(project_id, wanted), "order_seed": str(seed), "most": most},
        )

    def first_sources(
        self, project_id: str, wanted: ExampleFilter, seed: int, most: int
    ) -> list[Source]:
        """The first of `sources`."""
        query = self.sources(project_id, wanted, seed, most)
        return [Source(**row) for row in self._db.rows(query.sql, query.params)]

    def count_sources(self, project_id: str, wanted: ExampleFilter) -> int:
        """How many examples `sources` would give."""
        return int(
            self._db.value(
                f"""
                SELECT count(*) FROM example_current c WHERE {conditions(wanted)} AND {_SOURCES}
                """,  # noqa: S608 as above
                parameters(project_id, wanted),
            )
        )

    # Where they come from and are -----------------------------------------------------------------

    def sourced(self, example_id: str) -> Sourced | None:
        """Where an example comes from, None unless it is synthetic."""
        row = self._db.one(
            """
            SELECT s.source_id, s.rule, s.model, s.seed, c.position,
                   coalesce(c.revision_id <> s.source_revision_id, false) AS changed
            FROM synthetic_examples s
            LEFT JOIN example_current c ON c.example_id = s.source_id
            WHERE s.example_id = $id
            """,
            {"id": example_id},
        )
        return Sourced(**row) if row else None

    def children(self, example_id: str) -> list[Child]:
        """The synthetic examples that were made of one, in import order."""
        rows = self._db.rows(
            """
            SELECT s.example_id, c.position, c.state, s.rule
            FROM synthetic_examples s JOIN example_current c USING (example_id)
            WHERE s.source_id = $id ORDER BY c.position
            """,
            {"id": example_id},
        )
        return [Child(**row) for row in rows]

    def in_version(self, version_id: str) -> dict[str, int]:
        """Split → how many synthetic examples a version has there; splits without are left out."""
        rows = self._db.rows(
            """
            SELECT m.split, count(*) AS n
            FROM version_examples m SEMI JOIN synthetic_examples s USING (example_id)
            WHERE m.version_id = $version GROUP BY m.split
            """,
            {"version": version_id},
        )
        return {row["split"]: int(row["n"]) for row in rows}
