"""What a freeze takes: accepted examples, splits decided earlier, what a plan to split needs."""

from __future__ import annotations

from collections.abc import Sequence

from core.query import Query
from core.versions.split_plan import AT_RANDOM, SplitPlan
from core.versions.splitting import SPLITS, Split
from core.versions.time_values import TimesSeen
from storage.database import Database
from storage.filters import pointer

_LOOKED_AT = 500
# Metadata is a date, a time or a number; a time of import is seconds since 1970, too. A time
# without an offset is taken as UTC; DuckDB's TIMESTAMP would drop an offset.
_WRITTEN = "json_extract_string(e.meta, $time)"
_DATE = rf"""
    coalesce(CASE WHEN regexp_matches({_WRITTEN}, ':\d\d.*[+-]\d\d')
                  THEN epoch(try_cast({_WRITTEN} AS TIMESTAMPTZ)) END,
             epoch(try_cast({_WRITTEN} AS TIMESTAMP)))
"""
_NUMBER = (
    f"CASE WHEN isfinite(try_cast({_WRITTEN} AS DOUBLE)) THEN try_cast({_WRITTEN} AS DOUBLE) END"
)
_MOMENT = f"coalesce({_DATE}, {_NUMBER})"
# A TimeKind. Years and days are whole; Unix times begin in 1973, in milliseconds as in seconds, and
# those in seconds end in 2100: there are numbers between any two scales.
_TIME_KIND = """
    CASE WHEN coalesce(trim(written), '') = '' THEN 'missing'
         WHEN date IS NOT NULL THEN 'date'
         WHEN number IS NULL THEN 'unreadable'
         WHEN number BETWEEN 1900 AND 2100 AND number = trunc(number) THEN 'year'
         WHEN number BETWEEN 19000101 AND 21001231 AND number = trunc(number) THEN 'day'
         WHEN number BETWEEN 1e8 AND 4102444800 THEN 'seconds'
         WHEN number BETWEEN 1e11 AND 1e14 THEN 'milliseconds'
         WHEN number BETWEEN 2100 AND 1e11 THEN 'between'
         ELSE 'number' END
"""
# Several options are the same in any order.
_STRATUM = """
    CASE json_type(c.labels, $label) WHEN 'ARRAY'
         THEN CAST(to_json(list_sort(
             json_extract_string(json_extract(c.labels, $label), '$[*]'))) AS VARCHAR)
         ELSE json_extract_string(c.labels, $label) END
"""


class FreezeInputs:
    """Questions about what a freeze would take."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def to_freeze(self, project_id: str, plan: SplitPlan = AT_RANDOM) -> Query:
        """What is accepted and not flagged, in import order, with the splits decided earlier,
        whether it is rated in a study without being in test, what it was made of where it is
        synthetic, and what the plan needs: the stratum, the moment (seconds, or the metadata's
        number), what it stays together with."""
        traits, params = _traits(plan)
        more = "".join(f", {sql} AS {name}" for name, sql in traits.items())
        return Query(
            f"""
            SELECT c.example_id, c.revision_id, c.instruction, c.input, c.output, s.split,
                   s.group_id, s.split IS DISTINCT FROM 'test' AND c.example_id IN (
                       SELECT p.example_id FROM pairs p JOIN studies t USING (study_id)
                       WHERE t.project_id = $project_id
                         AND NOT coalesce(CAST(t.plan ->> '$.for_tuning' AS BOOLEAN), false)
                   ) AS studied, y.source_id {more}
            FROM example_current c
            {_WITH_META if traits else ""}
            LEFT JOIN (
                SELECT example_id, split, group_id FROM example_splits
                WHERE project_id = $project_id
            ) s USING (example_id)
            LEFT JOIN (
                SELECT example_id, source_id FROM synthetic_examples WHERE project_id = $project_id
            ) y USING (example_id)
            WHERE c.project_id = $project_id AND c.state = 'accepted' AND NOT c.flagged
            ORDER BY c.position
            """,  # noqa: S608 the parts are literals of this module
            {"project_id": project_id, **params},
        )

    def frozen_earlier(self, project_id: str, plan: SplitPlan = AT_RANDOM) -> Query:
        """Every revision that some version holds and `to_freeze` does not, with its split, and what
        it stays together with."""
        traits, params = _traits(SplitPlan(together=plan.together))
        return Query(
            f"""
            SELECT m.example_id, m.revision_id, s.split, s.group_id, r.instruction, r.input
                   {"".join(f", {sql} AS {name}" for name, sql in traits.items())}
            FROM (
                SELECT DISTINCT m.example_id, m.revision_id
                FROM version_examples m JOIN dataset_versions v USING (version_id)
                WHERE v.project_id = $project_id
            ) m
            JOIN example_splits s ON s.example_id = m.example_id AND s.project_id = $project_id
            JOIN revisions r ON r.revision_id = m.revision_id
            {_WITH_META.replace("c.example_id", "m.example_id") if traits else ""}
            ANTI JOIN (
                SELECT revision_id FROM example_current
                WHERE project_id = $project_id AND state = 'accepted' AND NOT flagged
            ) c ON c.revision_id = m.revision_id
            """,  # noqa: S608 the parts are literals of this module
            {"project_id": project_id, **params},
        )

    def decided(self, project_id: str) -> dict[Split, int]:
        """How many of the accepted, unflagged examples have a split already, per split."""
        rows = self._db.rows(
            """
            SELECT s.split, count(*) AS n
            FROM example_current c JOIN example_splits s USING (example_id)
            WHERE c.project_id = $project_id AND s.project_id = $project_id
                AND c.state = 'accepted' AND NOT c.flagged
            GROUP BY s.split
            """,
            {"project_id": project_id},
        )
        return dict.fromkeys(SPLITS, 0) | {row["split"]: row["n"] for row in rows}

    def times_seen(self, project_id: str, name: str) -> list[TimesSeen]:
        """Of each kind of value that the metadata `name` has among accepted, unflagged examples
        without a split, how many there are and the first in import order."""
        rows = self._db.rows(
            f"""
            WITH read AS (
                SELECT c.position, {_WRITTEN} AS written, {_DATE} AS date, {_NUMBER} AS number
                FROM example_current c
                {_WITH_META}
                ANTI JOIN (
                    SELECT example_id FROM example_splits WHERE project_id = $project_id
                ) s ON s.example_id = c.example_id
                WHERE c.project_id = $project_id AND c.state = 'accepted' AND NOT c.flagged
            )
            SELECT {_TIME_KIND} AS kind, count(*) AS count, min(position) AS position,
                   coalesce(arg_min(written, position), '') AS text
            FROM read GROUP BY kind ORDER BY min(position)
            """,  # noqa: S608 the parts are literals of this module
            {"project_id": project_id, "time": pointer(name)},
        )
        return [TimesSeen(**row) for row in rows]

    def has_times(self, project_id: str, name: str) -> bool:
        """Whether an accepted, unflagged example has a usable time in the metadata `name`."""
        found = self._db.value(
            f"""
            SELECT 1 FROM example_current c
            {_WITH_META}
            WHERE c.project_id = $project_id AND c.state = 'accepted' AND NOT c.flagged
              AND {_MOMENT} IS NOT NULL
            LIMIT 1
            """,  # noqa: S608 the parts are literals of this module
            {"project_id": project_id, "time": pointer(name)},
        )
        return found is not None

    def metadata(self, project_id: str) -> Sequence[str]:
        """The names of metadata that the beginning of each import has, in order."""
        rows = self._db.rows(
            """
            SELECT DISTINCT unnest(json_keys(meta)) AS name FROM examples
            WHERE project_id = $project_id AND line <= $lines ORDER BY name
            """,
            {"project_id": project_id, "lines": _LOOKED_AT},
        )
        return [row["name"] for row in rows]

    def has_metadata(self, project_id: str, name: str) -> bool:
        """Whether an example of the project has metadata of this name."""
        found = self._db.value(
            """
            SELECT 1 FROM examples
            WHERE project_id = $project_id AND json_extract(meta, $name) IS NOT NULL LIMIT 1
            """,
            {"project_id": project_id, "name": pointer(name)},
        )
        return found is not None


_WITH_META = """
    JOIN (
        SELECT example_id AS meta_of, meta, created_at FROM examples WHERE project_id = $project_id
    ) e ON e.meta_of = c.example_id
"""


def _traits(plan: SplitPlan) -> tuple[dict[str, str], dict[str, str]]:
    """Column -> SQL of what a plan needs of each example, and what that binds."""
    traits: dict[str, str] = {}
    params: dict[str, str] = {}
    if plan.together:
        traits["together"] = "nullif(trim(json_extract_string(e.meta, $together)), '')"
        params["together"] = pointer(plan.together)
    if plan.by == "stratified":
        traits["stratum"] = _STRATUM
        params["label"] = pointer(plan.label)
    if plan.by == "time":
        traits["moment"] = _MOMENT if plan.time else "epoch(e.created_at)"
        params |= {"time": pointer(plan.time)} if plan.time else {}
    return traits, params
