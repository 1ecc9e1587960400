"""How far a study is, and each rater in it: counters that are written with what they count.

A pair's own counters (`filled`, `judgements`) are one row, so that two raters of one pair meet
there, and one of them tries again. Gold pairs are counted apart from the others. A judgement that
is set apart, as its rater had seen results or names, fills no place and makes no pair rated.
"""

from __future__ import annotations

from core.study.gold import GOLD
from core.study.pairs import Presentation
from core.study.study import StudyProgress
from storage.database import Database

COMPACT_FROM = 400


class StudyCounts:
    """Changes of `study_counts`, and their sums."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def progress(self, study_id: str, rater_id: str) -> StudyProgress:
        """How far the study is, and what is left to this rater; from the counters."""
        row = self._db.one(
            """
            SELECT t.name, t.closed_at IS NOT NULL AS closed,
                   CAST(t.plan ->> 'least' AS INTEGER) * (
                       SELECT count(*) FROM study_systems s
                       WHERE s.study_id = $study AND s.role = 'candidate'
                   ) AS least,
                   sum(c.pairs) FILTER (NOT c.gold) AS pairs,
                   sum(c.judged) FILTER (NOT c.gold) AS judged,
                   sum(c.reviewed) FILTER (NOT c.gold) AS reviewed,
                   coalesce(sum(c.judgements) FILTER (NOT c.gold AND c.rater_id = $rater), 0)
                       AS mine,
                   sum(c.places - c.filled) FILTER (NOT c.gold) - coalesce(
                       sum(c.blocked) FILTER (NOT c.gold AND c.rater_id = $rater), 0) AS open,
                   coalesce(sum(c.repeats) FILTER (c.rater_id = $rater), 0) AS repeats,
                   coalesce(sum(c.judgements) FILTER (c.gold AND c.rater_id = $rater), 0) AS gold,
                   coalesce(sum(c.places - c.filled) FILTER (c.gold), 0) - coalesce(
                       sum(c.blocked) FILTER (c.gold AND c.rater_id = $rater), 0) AS gold_open,
                   coalesce(sum(c.pairs) FILTER (c.gold), 0) AS gold_pairs,
                   coalesce(sum(c.judged) FILTER (c.gold), 0) AS gold_judged
            FROM studies t JOIN study_counts c ON c.study_id = t.study_id
            WHERE t.study_id = $study GROUP BY ALL
            """,
            {"study": study_id, "rater": rater_id},
        )
        assert row is not None
        counts = {name: int(row[name]) for name in row if name not in ("name", "closed")}
        return StudyProgress(row["name"], row["closed"], **counts)

    def rated(self, pair_id: str) -> tuple[int, int]:
        """(1 where a pair has a judgement that counts, 1 where the first of these, which fixes its
        verdict, could tell); else 0. Repeats and what is set apart do not count."""
        outcome = self._db.value(
            """
            SELECT j.outcome FROM judgements j
            LEFT JOIN first_unblindings u
                ON u.study_id = j.study_id AND u.person_id = j.rater_id
            WHERE j.pair_id = $pair AND j.presentation_id IN (
                SELECT presentation_id FROM presentations WHERE pair_id = $pair AND occasion = 1
            ) AND NOT coalesce(j.created_at > u.created_at, false)
            ORDER BY j.created_at, j.judgement_id LIMIT 1
            """,
            {"pair": pair_id},
        )
        return int(outcome is not None), int(outcome not in (None, "cannot_judge"))

    def count_in(
        self, shown: Presentation, change: int, before: tuple[int, int], apart: bool = False
    ) -> None:
        """Count a judgement in (+1) or out (-1), when it is in the table or out of it. One of a
        lapsed presentation, or one that is set `apart`, fills no place; a repeat counts for its
        rater alone. `before`: what `rated` said of the pair before the change.
        """
        assert shown.rater_id is not None
        if shown.occasion > 1:
            self._add_counts(shown.study_id, shown.rater_id, repeats=change)
            return
        fills = 0 if shown.lapsed or apart else change
        (pair,) = self._db.rows(
            """
            UPDATE pairs SET filled = filled + $fills, judgements = judgements + $change
            WHERE pair_id = $pair RETURNING places, filled
            """,
            {"pair": shown.pair_id, "fills": fills, "change": change},
        )
        after = self.rated(shown.pair_id)
        judged, reviewed = after[0] - before[0], after[1] - before[1]
        # In: the places still open are closed to this rater. Out: those open before are theirs.
        open_places = pair["places"] - pair["filled"] - (0 if change > 0 else -fills)
        gold, study_id = shown.phase == GOLD, shown.study_id
        self._add_counts(study_id, "", gold, filled=fills, judged=judged, reviewed=reviewed)
        self._add_counts(
            study_id, shown.rater_id, gold, judgements=change, blocked=change * open_places
        )
        if fills and pair["places"] > 1:
            for row in self._db.rows(
                """
                SELECT DISTINCT rater_id FROM judgements
                WHERE pair_id = $pair AND rater_id <> $rater
                """,
                {"pair": shown.pair_id, "rater": shown.rater_id},
            ):
                self._add_counts(study_id, row["rater_id"], gold, blocked=-fills)

    def _add_counts(
        self,
        study_id: str,
        rater_id: str,
        gold: bool = False,
        *,
        filled: int = 0,
        judged: int = 0,
        judgements: int = 0,
        blocked: int = 0,
        reviewed: int = 0,
        repeats: int = 0,
    ) -> None:
        self._db.execute(
            """
            INSERT INTO study_counts
                (study_id, rater_id, pairs, places, filled, judged, judgements, blocked, reviewed,
                 repeats, gold)
            VALUES ($study, $rater, 0, 0, $filled, $judged, $judgements, $blocked, $reviewed,
                    $repeats, $gold)
            """,
            {
                "study": study_id, "rater": rater_id, "filled": filled, "judged": judged,
                "judgements": judgements, "blocked": blocked, "reviewed": reviewed,
                "repeats": repeats, "gold": gold,
            },
        )  # fmt: skip

    def compact(self, study_id: str) -> None:
        """Replace the study's deltas by their sums once there are many."""
        count = self._db.value(
            "SELECT count(*) FROM study_counts WHERE study_id = $study", {"study": study_id}
        )
        if count < COMPACT_FROM:
            return
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE summed AS
            SELECT study_id, rater_id, sum(pairs) AS pairs, sum(places) AS places,
                   sum(filled) AS filled, sum(judged) AS judged, sum(judgements) AS judgements,
                   sum(blocked) AS blocked, sum(reviewed) AS reviewed, sum(repeats) AS repeats,
                   gold
            FROM study_counts WHERE study_id = $study GROUP BY study_id, rater_id, gold
            """,
            {"study": study_id},
        )
        self._db.execute("DELETE FROM study_counts WHERE study_id = $study", {"study": study_id})
        self._db.execute(
            """
            INSERT INTO study_counts
                (study_id, rater_id, pairs, places, filled, judged, judgements, blocked, reviewed,
                 repeats, gold)
            SELECT study_id, rater_id, pairs, places, filled, judged, judgements, blocked, reviewed,
                   repeats, gold
            FROM summed
            """
        )
