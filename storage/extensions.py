"""Pairs that were added to an open study, and what they change of the ones before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from core.query import Query
from core.study.study import StudyPlan
from storage.database import Database, Row
from storage.studies import TAKE_IN_PAIRS, TAKE_IN_PRESENTATIONS


class Extensions:
    """Questions about a study's pairs as a sample, and adding to them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def there(self, study_id: str) -> Query:
        """The pairs of a study as they are in the sample now: example_id, pair_id, stratum."""
        return Query(
            """
            SELECT example_id, pair_id, coalesce(sample_stratum, stratum) AS stratum
            FROM pairs WHERE study_id = $study ORDER BY number
            """,
            {"study": study_id},
        )

    def drawn(self, study_id: str) -> list[Row]:
        """The examples of a study, gold aside, each once, with the stratum and the probability that
        it has in the sample now, and why it is risky."""
        return self._db.rows(
            """
            SELECT example_id, any_value(coalesce(sample_stratum, stratum)) AS stratum,
                   max(coalesce(sample_probability, inclusion_probability))
                       AS inclusion_probability,
                   CAST(any_value(risk_reasons) AS VARCHAR[]) AS risk_reasons
            FROM pairs WHERE study_id = $study AND stratum <> 'gold'
            GROUP BY example_id ORDER BY min(number)
            """,
            {"study": study_id},
        )

    def last_number(self, study_id: str) -> int:
        """The highest number of a pair of a study."""
        return int(
            self._db.value(
                "SELECT max(number) FROM pairs WHERE study_id = $study", {"study": study_id}
            )
        )

    def take_in(self, study_id: str, number: int, drawn: Path) -> None:
        """Insert what was drawn, the folder's pairs.parquet and presentations.parquet, as the
        extension of this number, and count it."""
        before = self.last_number(study_id)
        self._db.insert_from_parquet(drawn / "pairs.parquet", TAKE_IN_PAIRS)
        self._db.insert_from_parquet(drawn / "presentations.parquet", TAKE_IN_PRESENTATIONS)
        about = {"study": study_id, "before": before}
        self._db.execute(
            """
            UPDATE pairs SET extension = $number WHERE study_id = $study AND number > $before
            """,
            {**about, "number": number},
        )
        self._db.execute(
            """
            INSERT INTO study_counts
                (study_id, rater_id, pairs, places, filled, judged, judgements, blocked, gold)
            SELECT $study, '', count(*), sum(places), 0, 0, 0, 0, stratum = 'gold'
            FROM pairs WHERE study_id = $study AND number > $before GROUP BY stratum = 'gold'
            """,
            about,
        )

    def move(self, study_id: str, moved: Mapping[str, str], at: datetime) -> None:
        """Pairs (id → stratum) that were beside the sample are in it from now on."""
        self._db.execute(
            """
            UPDATE pairs SET sample_stratum = m.stratum, sampled_at = $at
            FROM (SELECT unnest($pairs) AS pair_id, unnest($strata) AS stratum) m
            WHERE pairs.pair_id = m.pair_id AND pairs.study_id = $study
            """,
            {"pairs": list(moved), "strata": list(moved.values()), "at": at, "study": study_id},
        )

    def raise_probabilities(self, study_id: str, probabilities: Mapping[str, float]) -> None:
        """Give the pairs of each stratum the probability that the whole sample was drawn with;
        those that were certain stay so."""
        self._db.execute(
            """
            UPDATE pairs SET sample_probability = m.probability
            FROM (SELECT unnest($strata) AS stratum, unnest($probabilities) AS probability) m
            WHERE pairs.study_id = $study
              AND coalesce(pairs.sample_stratum, pairs.stratum) = m.stratum
              AND coalesce(pairs.sample_probability, pairs.inclusion_probability) < m.probability
            """,
            {
                "study": study_id, "strata": list(probabilities),
                "probabilities": list(probabilities.values()),
            },
        )  # fmt: skip

    def add(self, row: Row) -> None:
        """Insert an extension: the columns of the table."""
        self._db.execute(
            """
            INSERT INTO study_extensions
                (extension_id, study_id, number, examples, moved, probabilities, judgements, seal,
                 actor_id, created_at)
            VALUES ($extension_id, $study_id, $number, $examples, $moved, $probabilities,
                    $judgements, $seal, $actor_id, $created_at)
            """,
            {**row, **{name: json.dumps(row[name]) for name in ("moved", "probabilities")}},
        )

    def set_plan(self, study_id: str, plan: StudyPlan) -> None:
        """Write the plan of a study whose counts of pairs have changed."""
        self._db.execute(
            "UPDATE studies SET plan = $plan WHERE study_id = $study",
            {"study": study_id, "plan": json.dumps(plan.to_json())},
        )
