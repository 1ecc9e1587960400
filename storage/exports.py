"""Examples as an export wants them: the chosen revision of each, and who did what to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.clock import now
from core.examples.listing import ExampleFilter
from core.query import Query
from storage.database import Database
from storage.filters import conditions, parameters

_WHEN = "strftime({}, '%Y-%m-%dT%H:%M:%SZ')"
_WHO = "CASE WHEN {0} IS NULL THEN NULL ELSE coalesce({1}.name, 'Touchstone') END"
_PROVENANCE = f""",
    r.number AS revision, r.origin,
    {_WHO.format("r.author_id", "writer")} AS written_by,
    {_WHEN.format("r.created_at")} AS written_at,
    {_WHO.format("a.author_id", "annotator")} AS annotated_by,
    {_WHEN.format("a.created_at")} AS annotated_at,
    v.decision,
    {_WHO.format("v.reviewer_id", "reviewer")} AS reviewed_by,
    {_WHEN.format("v.created_at")} AS reviewed_at,
    {_WHO.format("i.actor_id", "importer")} AS imported_by,
    {_WHEN.format("e.created_at")} AS imported_at,
    i.file_name AS file, e.line, several.annotations
"""
# What an augmentation made says so in its metadata, in every format.
_META = """
    CAST(CASE WHEN y.example_id IS NULL THEN e.meta ELSE json_merge_patch(e.meta, json_object(
        'synthetic', true, 'source_id', y.source_id, 'source_revision_id', y.source_revision_id,
        'rule', y.rule, 'model', y.model, 'seed', y.seed)) END AS VARCHAR)
"""
# Who annotated last, up to the chosen revision: a reviewer's edit comes behind that. What several
# people annotated is told once all have.
_PEOPLE = """
    JOIN revisions r ON r.revision_id = c.revision_id
    LEFT JOIN (
        SELECT w.example_id, arg_max(w.author_id, w.number) AS author_id,
               arg_max(w.created_at, w.number) AS created_at
        FROM revisions w JOIN chosen ON chosen.example_id = w.example_id
        JOIN revisions last ON last.revision_id = chosen.revision_id
        WHERE w.origin IN ('annotate', 'add') AND w.number <= last.number
        GROUP BY w.example_id
    ) a ON a.example_id = c.example_id
    LEFT JOIN (
        SELECT revision_id, arg_max(decision, created_at) AS decision,
               arg_max(reviewer_id, created_at) AS reviewer_id, max(created_at) AS created_at
        FROM reviews
        WHERE revision_id IN (SELECT revision_id FROM chosen) AND created_at <= $until
        GROUP BY revision_id
    ) v ON v.revision_id = c.revision_id
    LEFT JOIN (
        SELECT a.example_id,
               CAST(to_json(list({'by': coalesce(p.name, 'Touchstone'),
                                  'at': strftime(a.created_at, '%Y-%m-%dT%H:%M:%SZ'),
                                  'instruction': a.instruction, 'input': a.input,
                                  'output': a.output, 'labels': a.labels, 'quality': a.quality}
                                 ORDER BY a.created_at)) AS VARCHAR) AS annotations
        FROM (
            SELECT * FROM annotations
            WHERE example_id IN (SELECT example_id FROM chosen) AND created_at <= $until
            QUALIFY row_number() OVER (
                PARTITION BY example_id, person_id ORDER BY created_at DESC) = 1
        ) a LEFT JOIN people p ON p.person_id = a.person_id
        WHERE a.example_id NOT IN (
            SELECT example_id FROM example_current WHERE state = 'new' AND annotations > 0)
        GROUP BY a.example_id
    ) several ON several.example_id = c.example_id
    LEFT JOIN imports i ON i.import_id = e.import_id
    LEFT JOIN people writer ON writer.person_id = r.author_id
    LEFT JOIN people annotator ON annotator.person_id = a.author_id
    LEFT JOIN people reviewer ON reviewer.person_id = v.reviewer_id
    LEFT JOIN people importer ON importer.person_id = i.actor_id
"""


class Exports:
    """Queries that are answered straight into a file; their columns are in
    `core.exporting.layout`. They come in no order: to sort long texts takes as much memory again,
    and the worker does it by `position`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def examples(self, project_id: str, wanted: ExampleFilter, *, provenance: bool) -> Query:
        """The present of each example that the filter matches."""
        chosen = f"""
            SELECT example_id, revision_id, position, state AS status, flagged
            FROM example_current WHERE {conditions(wanted)}
        """  # noqa: S608 conditions are literals of storage.filters
        about = parameters(project_id, wanted)
        return _query(chosen, "example_current", provenance, about)

    def version(self, version_id: str, frozen_at: datetime, *, provenance: bool) -> Query:
        """The examples of a version as they were frozen."""
        chosen = """
            SELECT example_id, revision_id, position, split, group_id
            FROM version_examples WHERE version_id = $version_id
        """
        return _query(chosen, "revisions", provenance, {"version_id": version_id}, frozen_at)

    def count(self, project_id: str, wanted: ExampleFilter) -> int:
        """How many examples `examples` gives."""
        return int(
            self._db.value(
                f"SELECT count(*) FROM example_current WHERE {conditions(wanted)}",  # noqa: S608
                parameters(project_id, wanted),
            )
        )


def _query(
    chosen: str, texts: str, provenance: bool, about: dict[str, Any], until: datetime | None = None
) -> Query:
    # Whatever is narrow is joined first, so that the texts go through one join alone. `about`, read
    # once, is not materialized: 100,000 examples with their provenance took 30 MB more.
    sql = f"""
        WITH chosen AS MATERIALIZED ({chosen}),
        about AS (
            SELECT c.*, e.external_id, {_META} AS meta
                   {_PROVENANCE if provenance else ""}
            FROM chosen c JOIN examples e ON e.example_id = c.example_id
            LEFT JOIN synthetic_examples y ON y.example_id = c.example_id
            {_PEOPLE if provenance else ""}
        )
        SELECT about.*, t.instruction, t.input, t.output, CAST(t.labels AS VARCHAR) AS labels,
               t.quality
        FROM about JOIN {texts} t ON t.revision_id = about.revision_id
    """  # noqa: S608 literals of this module
    return Query(sql, {**about, "until": until or now()} if provenance else about)
