"""What preference pairs are made of: judged pairs, negatives, and where their examples are."""

from __future__ import annotations

from core.tuning.judged_pairs import ConfirmedNegative, JudgedPair
from storage.database import Database, Row


class Preferences:
    """Questions about judged pairs, as the objective "dpo" asks them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def studies(self, project_id: str) -> list[str]:
        """The ids of the project's studies that have a judgement, oldest first."""
        rows = self._db.rows(
            """
            SELECT t.study_id FROM studies t
            SEMI JOIN (SELECT study_id FROM judgements) j ON j.study_id = t.study_id
            WHERE t.project_id = $project ORDER BY t.created_at, t.study_id
            """,
            {"project": project_id},
        )
        return [row["study_id"] for row in rows]

    def judged_pairs(self, project_id: str, version_id: str) -> list[JudgedPair]:
        """Every pair of the project that has a judgement, gold aside, with where its example is in
        this version, whether any version tests with it or with a near-duplicate, and both answers
        as their systems wrote them. No study is withheld here: a lead's notes decide that."""
        given = {"project": project_id, "version": version_id}
        return [_pair(row) for row in self._db.rows(_JUDGED, given)]

    def negatives(self, project_id: str, version_id: str) -> list[ConfirmedNegative]:
        """Every confirmed negative of the project, with where its example is in this version."""
        given = {"project": project_id, "version": version_id}
        return [ConfirmedNegative(**row) for row in self._db.rows(_NEGATIVES, given)]


def _pair(row: Row) -> JudgedPair:
    return JudgedPair(
        pair_id=row["pair_id"],
        study_id=row["study_id"],
        example_id=row["example_id"],
        revision_id=row["revision_id"],
        instruction=row["instruction"] or "",
        input=row["input"] or "",
        split=row["split"] or "",
        group_id=row["group_id"] or "",
        in_test=row["in_test"],
        near_test=row["near_test"],
        study_closed=row["closed"],
        study_withheld=False,
        system_ids=(row["system_a"], row["system_b"]),
        texts=(row["text_a"], row["text_b"]),
        cut=(row["cut_a"], row["cut_b"]),
    )


# `placed`: every place that an example has, or had, in the project: in a version, or as decided for
# all later ones.
_PLACES = """
    placed AS (
        SELECT m.example_id, m.split, m.group_id
        FROM version_examples m JOIN dataset_versions v ON v.version_id = m.version_id
        WHERE v.project_id = $project
        UNION
        SELECT example_id, split, group_id FROM example_splits WHERE project_id = $project
    ),
    tested AS (SELECT DISTINCT example_id FROM placed WHERE split = 'test'),
    near AS (
        SELECT example_id FROM placed
        WHERE group_id IN (SELECT group_id FROM placed WHERE split = 'test')
        UNION
        SELECT l.example_id
        FROM version_left_out l JOIN dataset_versions v ON v.version_id = l.version_id
        WHERE v.project_id = $project
          AND (l.reason = 'near_test' OR l.near_id IN (SELECT example_id FROM tested))
    )
"""
# Texts of studies from before answers were kept apart are those that were shown.
_JUDGED = f"""
    WITH judged AS (
        SELECT b.*, t.closed_at IS NOT NULL AS closed
        FROM pairs b JOIN studies t ON t.study_id = b.study_id
        WHERE t.project_id = $project AND b.stratum <> 'gold' AND b.judgements > 0
    ),
    {_PLACES}
    SELECT j.pair_id, j.study_id, j.example_id, j.revision_id, r.instruction, r.input,
           m.split, m.group_id, j.closed,
           j.example_id IN (SELECT example_id FROM tested) AS in_test,
           j.example_id IN (SELECT example_id FROM near) AS near_test,
           j.system_a, j.system_b,
           coalesce(a.text, j.answer_a) AS text_a, coalesce(b.text, j.answer_b) AS text_b,
           coalesce(a.finish = 'length', false) AS cut_a,
           coalesce(b.finish = 'length', false) AS cut_b
    FROM judged j
    LEFT JOIN revisions r ON r.revision_id = j.revision_id
    LEFT JOIN version_examples m ON m.version_id = $version AND m.example_id = j.example_id
    LEFT JOIN answers a ON a.system_id = j.system_a AND a.example_id = j.example_id
     AND a.revision_id = j.revision_id
    LEFT JOIN answers b ON b.system_id = j.system_b AND b.example_id = j.example_id
     AND b.revision_id = j.revision_id
    ORDER BY j.study_id, j.number
"""  # noqa: S608 literals of this module
_NEGATIVES = f"""
    WITH {_PLACES}
    SELECT n.negative_id, n.source_id AS example_id, n.source_revision_id AS revision_id,
           r.instruction, r.input, r.output, n.output AS rejected, n.cut AS rejected_cut,
           coalesce(m.split, '') AS split, coalesce(m.group_id, '') AS group_id,
           n.source_id IN (SELECT example_id FROM tested) AS in_test,
           n.source_id IN (SELECT example_id FROM near) AS near_test,
           coalesce(m.revision_id = n.source_revision_id, false) AS same_revision,
           n.masked_at IS NOT NULL AS masked,
           n.other_id IN (SELECT example_id FROM tested UNION SELECT example_id FROM near)
               AS borrowed
    FROM negatives n
    JOIN revisions r ON r.revision_id = n.source_revision_id
    LEFT JOIN version_examples m ON m.version_id = $version AND m.example_id = n.source_id
    WHERE n.project_id = $project AND n.state = 'confirmed'
    ORDER BY n.negative_id
"""  # noqa: S608 literals of this module
