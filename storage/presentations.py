"""Presentations: which pair is shown to whom, on which sides, under a lease."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.clock import now
from core.study.pairs import Presentation, ShownPair
from storage.database import Database


class Presentations:
    """Questions about presentations, and handing them out by compare-and-set."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def held(self, study_id: str, rater_id: str) -> list[Presentation]:
        """What this rater holds and has not judged, in the order in which it was handed out."""
        rows = self._db.rows(
            """
            SELECT * FROM presentations
            WHERE study_id = $study AND rater_id = $rater AND NOT done AND NOT lapsed
            ORDER BY lease_until, position
            """,
            {"study": study_id, "rater": rater_id},
        )
        return [Presentation(**row) for row in rows]

    def free(self, study_id: str, rater_id: str, limit: int) -> list[Presentation]:
        """Presentations that this rater could be given, in the study's order: never shown, or shown
        to somebody whose lease ran out; none of a pair that this rater has been shown."""
        rows = self._db.rows(
            """
            SELECT p.* FROM presentations p
            WHERE p.study_id = $study AND NOT p.done AND NOT p.lapsed AND p.occasion = 1
              AND (p.rater_id IS NULL OR (p.lease_until < $now AND p.rater_id <> $rater))
              AND p.pair_id NOT IN (
                  SELECT pair_id FROM presentations
                  WHERE study_id = $study AND rater_id = $rater AND (done OR NOT lapsed)
              )
            ORDER BY p.position LIMIT $limit
            """,
            {"study": study_id, "rater": rater_id, "now": now(), "limit": limit},
        )
        return [Presentation(**row) for row in rows]

    def take(
        self, presentation_id: str, rater_id: str, left: str, right: str, until: datetime
    ) -> bool:
        """Compare and set: whether a presentation without a rater is now this rater's."""
        return bool(
            self._db.rows(
                """
                UPDATE presentations
                SET rater_id = $rater, left_system_id = $left, right_system_id = $right,
                    lease_until = $until
                WHERE presentation_id = $id AND rater_id IS NULL
                RETURNING presentation_id
                """,
                {
                    "id": presentation_id, "rater": rater_id, "left": left, "right": right,
                    "until": until,
                },
            )
        )  # fmt: skip

    def renew(self, presentation_ids: Sequence[str], rater_id: str, until: datetime) -> None:
        """Let this rater hold, until then, what they hold; leases that ran out too."""
        self._db.execute(
            """
            UPDATE presentations SET lease_until = $until
            WHERE presentation_id IN $ids AND rater_id = $rater AND NOT done AND NOT lapsed
            """,
            {"ids": list(presentation_ids), "rater": rater_id, "until": until},
        )

    def lapse(self, presentation_id: str) -> bool:
        """Whether a presentation whose lease ran out has now lapsed, so that its place is free."""
        return bool(
            self._db.rows(
                """
                UPDATE presentations SET lapsed = true
                WHERE presentation_id = $id AND lease_until < $now AND NOT done AND NOT lapsed
                RETURNING presentation_id
                """,
                {"id": presentation_id, "now": now()},
            )
        )

    def add(self, shown: Presentation) -> None:
        """Insert a presentation in the place of one that lapsed, or a repeat."""
        self._db.execute(
            """
            INSERT INTO presentations
                (presentation_id, study_id, pair_id, position, place, occasion, phase, weight,
                 rater_id, left_system_id, right_system_id, lease_until, done, lapsed)
            VALUES ($presentation_id, $study_id, $pair_id, $position, $place, $occasion, $phase,
                    $weight, $rater_id, $left_system_id, $right_system_id, $lease_until, $done,
                    $lapsed)
            """,
            vars(shown),
        )

    def judged_as(self, study_id: str, rater_id: str, number: int) -> Presentation | None:
        """The presentation that a rater judged so manieth (1: first), repeats and gold
        pairs aside."""
        row = self._db.one(
            """
            SELECT p.* FROM judgements j
            JOIN presentations p ON p.presentation_id = j.presentation_id
            WHERE j.study_id = $study AND j.rater_id = $rater AND p.occasion = 1
              AND p.phase <> 'gold'
            ORDER BY j.created_at, j.judgement_id LIMIT 1 OFFSET $before
            """,
            {"study": study_id, "rater": rater_id, "before": number - 1},
        )
        return Presentation(**row) if row else None

    def came_back(self, pair_id: str, rater_id: str) -> bool:
        """Whether a pair has come back to a rater."""
        return bool(
            self._db.value(
                """
                SELECT count(*) FROM presentations
                WHERE pair_id = $pair AND rater_id = $rater AND occasion > 1
                """,
                {"pair": pair_id, "rater": rater_id},
            )
        )

    def pair_systems(self, pair_id: str) -> tuple[str, str, str]:
        """(first system, second system, stratum) of a pair."""
        row = self._db.one(
            "SELECT system_a, system_b, stratum FROM pairs WHERE pair_id = $pair", {"pair": pair_id}
        )
        assert row is not None
        return row["system_a"], row["system_b"], row["stratum"]

    def shown(self, study_id: str, rater_id: str) -> dict[str, int] | None:
        """How many pairs of each stratum this rater has been shown; None before the first."""
        found = self._db.value(
            "SELECT shown FROM study_raters WHERE study_id = $study AND rater_id = $rater",
            {"study": study_id, "rater": rater_id},
        )
        return None if found is None else dict(json.loads(found))

    def set_shown(
        self, study_id: str, rater_id: str, shown: Mapping[str, int], *, is_first: bool
    ) -> None:
        """Write how many of each stratum this rater has been shown; `is_first`: none before."""
        counted = {"study": study_id, "rater": rater_id, "shown": json.dumps(dict(shown))}
        if is_first:
            self._db.execute(
                """
                INSERT INTO study_raters (study_id, rater_id, shown, created_at)
                VALUES ($study, $rater, $shown, $now)
                """,
                {**counted, "now": now()},
            )
            return
        self._db.execute(
            "UPDATE study_raters SET shown = $shown WHERE study_id = $study AND rater_id = $rater",
            counted,
        )

    def by_id(self, presentation_id: str) -> Presentation | None:
        """One presentation."""
        row = self._db.one(
            "SELECT * FROM presentations WHERE presentation_id = $id", {"id": presentation_id}
        )
        return Presentation(**row) if row else None

    def shown_pair(self, presentation_id: str) -> ShownPair | None:
        """One presentation with its example and both answers: looked up by keys alone."""
        presentation = self.by_id(presentation_id)
        if presentation is None:
            return None
        pair = self._db.one(
            "SELECT * FROM pairs WHERE pair_id = $pair", {"pair": presentation.pair_id}
        )
        assert pair is not None
        revision = self._db.one(
            "SELECT instruction, input, output FROM revisions WHERE revision_id = $revision",
            {"revision": pair["revision_id"]},
        ) or {"instruction": "", "input": "", "output": ""}
        return ShownPair(
            presentation,
            revision["instruction"],
            revision["input"],
            revision["output"],
            {pair["system_a"]: pair["answer_a"], pair["system_b"]: pair["answer_b"]},
        )
