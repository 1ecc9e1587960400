"""What raters said: judgements and their ratings, saved with the counters of the study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from core.clock import now
from core.study.pairs import Judgement, Presentation, RatedPair, Rating
from storage.database import Row
from storage.study_counts import StudyCounts


class Judgements(StudyCounts):
    """Questions about judgements, saving them and taking them back."""

    # Judging -----------------------------------------------------------------------------------

    def by_id(self, judgement_id: str) -> Row | None:
        """Whose judgement this is, of which presentation and study."""
        return self._db.one(
            """
            SELECT judgement_id, presentation_id, study_id, pair_id, rater_id
            FROM judgements WHERE judgement_id = $id
            """,
            {"id": judgement_id},
        )

    def of(self, presentation_id: str) -> str | None:
        """The id of the judgement of a presentation."""
        found = self._db.value(
            "SELECT judgement_id FROM judgements WHERE presentation_id = $id",
            {"id": presentation_id},
        )
        return None if found is None else str(found)

    def was_withdrawn(self, judgement_id: str, presentation_id: str) -> bool:
        """Whether a judgement with this id, or of this presentation, was taken back."""
        return bool(
            self._db.value(
                """
                SELECT count(*) FROM withdrawn_judgements
                WHERE judgement_id = $id OR presentation_id = $presentation
                """,
                {"id": judgement_id, "presentation": presentation_id},
            )
        )

    def add(
        self, row: Row, shown: Presentation, ratings: Sequence[Rating], *, apart: bool = False
    ) -> None:
        """Insert a judgement with its ratings, mark its presentation as done, and count it.
        `apart`: its rater has seen results or names."""
        self._db.execute(
            """
            INSERT INTO judgements
                (judgement_id, presentation_id, study_id, pair_id, rater_id, choice, outcome,
                 preferred_system_id, flags, comment, correction, seconds, created_at, spans)
            VALUES ($judgement_id, $presentation_id, $study_id, $pair_id, $rater_id, $choice,
                    $outcome, $preferred_system_id, $flags, $comment, $correction, $seconds,
                    $created_at, $spans)
            """,
            {
                **row,
                **{name: json.dumps(row[name]) for name in ("flags", "spans")},
                "created_at": now(),
            },
        )
        if ratings:
            self._db.execute(
                """
                INSERT INTO ratings (judgement_id, system_id, criterion, value, remark)
                SELECT $judgement, unnest($systems), unnest($criteria), unnest($values),
                       unnest($remarks)
                """,
                {
                    "judgement": row["judgement_id"],
                    "systems": [r.system_id for r in ratings],
                    "criteria": [r.criterion for r in ratings],
                    "values": [r.value for r in ratings],
                    "remarks": [r.remark for r in ratings],
                },
            )
        self._db.execute(
            "UPDATE presentations SET done = true WHERE presentation_id = $id",
            {"id": shown.presentation_id},
        )
        if shown.occasion > 1:
            self.count_repeat(shown, +1)
            return
        pair = self.fill(shown, +1, apart)
        before = (
            (0, 0) if pair.judgements == 1 else self.rated(shown.pair_id, but=row["judgement_id"])
        )
        # The first judgement that counts fixes the pair's verdict; one that comes later does not.
        after = before if before[0] or apart else (1, int(row["outcome"] != "cannot_judge"))
        self.count_in(shown, pair, before, after)

    def withdraw(self, judgement_id: str, shown: Presentation) -> None:
        """Move a judgement into the log of what was taken back; its presentation has lapsed."""
        self._db.execute(
            """
            INSERT INTO withdrawn_judgements
                (judgement_id, presentation_id, study_id, pair_id, rater_id, judgement, ratings,
                 created_at)
            SELECT j.judgement_id, j.presentation_id, j.study_id, j.pair_id, j.rater_id,
                   to_json(j),
                   (SELECT coalesce(to_json(list(r)), '[]') FROM ratings r
                    WHERE r.judgement_id = j.judgement_id),
                   $now
            FROM judgements j WHERE j.judgement_id = $id
            """,
            {"id": judgement_id, "now": now()},
        )
        self._db.execute(
            """
            UPDATE presentations SET done = false, lapsed = true, lease_until = NULL
            WHERE presentation_id = $id
            """,
            {"id": shown.presentation_id},
        )
        before = self.rated(shown.pair_id)
        self._db.execute("DELETE FROM ratings WHERE judgement_id = $id", {"id": judgement_id})
        self._db.execute("DELETE FROM judgements WHERE judgement_id = $id", {"id": judgement_id})
        if shown.occasion > 1:
            self.count_repeat(shown, -1)
        else:
            self.count_in(shown, self.fill(shown, -1), before, self.rated(shown.pair_id))

    def last_of(self, study_id: str, rater_id: str) -> str | None:
        """The id of a rater's newest judgement in a study."""
        found = self._db.value(
            """
            SELECT judgement_id FROM judgements WHERE study_id = $study AND rater_id = $rater
            ORDER BY created_at DESC, judgement_id DESC LIMIT 1
            """,
            {"study": study_id, "rater": rater_id},
        )
        return None if found is None else str(found)

    def rated_since(self, study_id: str, rater_id: str, since: datetime) -> list[RatedPair]:
        """A rater's judgements in a study since then, newest first, at most 100."""
        rows = self._db.rows(
            """
            SELECT j.judgement_id, j.created_at, coalesce(r.instruction[:120], '') AS instruction,
                   j.choice
            FROM judgements j
            JOIN pairs b ON b.pair_id = j.pair_id
            LEFT JOIN revisions r ON r.revision_id = b.revision_id
            WHERE j.study_id = $study AND j.rater_id = $rater AND j.created_at >= $since
            ORDER BY j.created_at DESC, j.judgement_id DESC LIMIT 100
            """,
            {"study": study_id, "rater": rater_id, "since": since},
        )
        return [RatedPair(**row) for row in rows]

    # Reading -----------------------------------------------------------------------------------

    def of_study(self, study_id: str) -> list[Judgement]:
        """Every judgement of a study with its rater's name, oldest first; none of a gold pair."""
        rows = self._db.rows(_JUDGEMENTS, {"study": study_id, "judgement": None})
        return [Judgement.of_row(row) for row in rows]

    def said(self, judgement_id: str) -> Judgement | None:
        """One judgement."""
        found = self.by_id(judgement_id)
        if found is None:
            return None
        (row,) = self._db.rows(_JUDGEMENTS, {"study": found["study_id"], "judgement": judgement_id})
        return Judgement.of_row(row)

    def ratings_of(self, judgement_id: str) -> list[Rating]:
        """The ratings of one judgement."""
        found = self.by_id(judgement_id)
        if found is None:
            return []
        rows = self._db.rows(_RATINGS, {"study": found["study_id"], "judgement": judgement_id})
        return [Rating(**row) for row in rows]

    def ratings(self, study_id: str) -> list[Rating]:
        """Every rating of a study, those of gold pairs too."""
        return [
            Rating(**row) for row in self._db.rows(_RATINGS, {"study": study_id, "judgement": None})
        ]

    def count(self, study_id: str) -> int:
        """How many judgements a study has, those of gold pairs aside."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM judgements j JOIN pairs b ON b.pair_id = j.pair_id
                WHERE j.study_id = $study AND b.stratum <> 'gold'
                """,
                {"study": study_id},
            )
        )

    def count_withdrawn(self, study_id: str) -> int:
        """How many judgements of a study were taken back, those of gold pairs aside."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM withdrawn_judgements j JOIN pairs b ON b.pair_id = j.pair_id
                WHERE j.study_id = $study AND b.stratum <> 'gold'
                """,
                {"study": study_id},
            )
        )

    def write(self, judgements: Path, ratings: Path, study_id: str) -> None:
        """Write a study's judgements and ratings for a worker."""
        self._db.write_parquet(judgements, _JUDGEMENTS, {"study": study_id, "judgement": None})
        self._db.write_parquet(ratings, _RATINGS, {"study": study_id, "judgement": None})


_JUDGEMENTS = """
    SELECT j.judgement_id, j.presentation_id, j.study_id, j.pair_id, b.example_id,
           j.rater_id, coalesce(p.name, '?') AS rater, j.choice, j.outcome,
           j.preferred_system_id, b.system_a, b.system_b, CAST(j.flags AS VARCHAR) AS flags,
           CAST(j.spans AS VARCHAR) AS spans,
           j.comment, j.correction, j.seconds,
           -- A pair that moved into the sample is in it from then on: no earlier look saw it there.
           CASE WHEN b.sampled_at > j.created_at
                THEN b.sampled_at + to_microseconds(row_number() OVER (
                    PARTITION BY j.pair_id ORDER BY j.created_at, j.judgement_id))
                ELSE j.created_at END AS created_at,
           b.number, coalesce(b.sample_stratum, b.stratum) AS stratum,
           coalesce(b.sample_probability, b.inclusion_probability) AS probability,
           coalesce(j.created_at > u.created_at, false) AS set_apart, s.occasion
    FROM judgements j
    JOIN pairs b ON b.pair_id = j.pair_id
    JOIN presentations s ON s.presentation_id = j.presentation_id
    LEFT JOIN first_unblindings u ON u.study_id = j.study_id AND u.person_id = j.rater_id
    LEFT JOIN people p ON p.person_id = j.rater_id
    WHERE j.study_id = $study
      AND (j.judgement_id = $judgement OR ($judgement IS NULL AND b.stratum <> 'gold'))
    ORDER BY j.created_at, j.judgement_id
"""
_RATINGS = """
    SELECT r.judgement_id, j.pair_id, j.rater_id, r.system_id, r.criterion, r.value, r.remark
    FROM ratings r JOIN judgements j ON j.judgement_id = r.judgement_id
    WHERE j.study_id = $study AND ($judgement IS NULL OR j.judgement_id = $judgement)
    ORDER BY j.pair_id, j.rater_id, r.criterion, r.system_id
"""
