"""What raters guessed after rating: which answer of a pair is the candidate's. Insert-only."""

from __future__ import annotations

from pathlib import Path

from core.clock import now
from core.study.blinding import BlindGuess, Guess
from storage.database import Database


class Guesses:
    """Questions about guesses, and saving one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def judged_by(self, study_id: str, rater_id: str) -> dict[int, str]:
        """The pairs with the baseline that a rater has judged, by their numbers: the presentation
        of each."""
        rows = self._db.rows(
            """
            SELECT b.number, j.presentation_id FROM judgements j
            JOIN pairs b ON b.pair_id = j.pair_id
            JOIN presentations s ON s.presentation_id = j.presentation_id
            JOIN study_systems o ON o.study_id = j.study_id AND o.role = 'baseline'
             AND o.system_id IN (b.system_a, b.system_b)
            WHERE j.study_id = $study AND j.rater_id = $rater AND s.occasion = 1
            """,
            {"study": study_id, "rater": rater_id},
        )
        return {row["number"]: row["presentation_id"] for row in rows}

    def given_by(self, study_id: str, rater_id: str) -> set[str]:
        """The presentations about which a rater has answered, or would not."""
        rows = self._db.rows(
            "SELECT presentation_id FROM guesses WHERE study_id = $study AND rater_id = $rater",
            {"study": study_id, "rater": rater_id},
        )
        return {row["presentation_id"] for row in rows}

    def add(
        self, study_id: str, rater_id: str, guess: BlindGuess, guessed_system_id: str | None
    ) -> None:
        """Insert a guess. Callers have looked whether there is one."""
        self._db.execute(
            """
            INSERT INTO guesses
                (guess_id, presentation_id, study_id, rater_id, guess, guessed_system_id,
                 created_at)
            VALUES ($guess_id, $presentation_id, $study, $rater, $guess, $system, $now)
            """,
            {
                **vars(guess), "study": study_id, "rater": rater_id,
                "system": guessed_system_id, "now": now(),
            },
        )  # fmt: skip

    def of_study(self, study_id: str) -> list[Guess]:
        """The guesses of a study about judgements that stand, but those of people who had seen
        results or names by then."""
        return [Guess.of_row(row) for row in self._db.rows(_GUESSES, {"study": study_id})]

    def write(self, path: Path, study_id: str) -> None:
        """Write them for a worker."""
        self._db.write_parquet(path, _GUESSES, {"study": study_id})


_GUESSES = """
    SELECT j.pair_id, g.rater_id, b.system_a, b.system_b, g.guessed_system_id,
           g.guess = 'skipped' AS skipped
    FROM guesses g
    JOIN judgements j ON j.presentation_id = g.presentation_id
    JOIN pairs b ON b.pair_id = j.pair_id
    LEFT JOIN first_unblindings u ON u.study_id = g.study_id AND u.person_id = g.rater_id
    WHERE g.study_id = $study AND NOT coalesce(g.created_at > u.created_at, false)
    ORDER BY g.created_at, g.guess_id
"""
