"""The pairs of a study, as Results lists them: both answers, the verdicts, what was said."""

from __future__ import annotations

from collections.abc import Sequence

from core.study.answer import StudyPair
from core.study.spans import Span, spans_of_column
from storage.database import Database, Row


class StudyPairs:
    """Reads across pairs and judgements."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, study_id: str, which: str, limit: int, offset: int) -> list[StudyPair]:
        """Pairs of a study, gold aside, with both answers, the reference, how they were judged and
        what was said; `which`: all, rated, open, or split where two people differ."""
        rows = self._db.rows(
            """
            WITH asked AS (
                SELECT * FROM pairs
                WHERE study_id = $study AND stratum <> 'gold'
                  AND CASE $which WHEN 'all' THEN true WHEN 'rated' THEN judgements > 0
                      WHEN 'open' THEN judgements = 0
                      ELSE pair_id IN $split END
                ORDER BY number LIMIT $limit OFFSET $offset
            ),
            said AS (
                SELECT j.*, coalesce(j.created_at > u.created_at, false) AS set_apart,
                       s.occasion > 1 AS again
                FROM judgements j SEMI JOIN asked USING (pair_id)
                JOIN presentations s ON s.presentation_id = j.presentation_id
                LEFT JOIN first_unblindings u
                  ON u.study_id = j.study_id AND u.person_id = j.rater_id
            )
            SELECT b.number, b.pair_id, b.example_id,
                   coalesce(b.sample_stratum, b.stratum) AS stratum, r.instruction, r.input,
                   r.output AS reference, b.system_a, b.system_b, b.answer_a, b.answer_b,
                   coalesce((SELECT list(coalesce(j.preferred_system_id, j.outcome)
                                         ORDER BY j.created_at)
                    FROM said j WHERE j.pair_id = b.pair_id AND NOT j.set_apart AND NOT j.again),
                    []) AS verdicts,
                   coalesce((SELECT list(coalesce(j.preferred_system_id, j.outcome)
                                         ORDER BY j.created_at)
                    FROM said j WHERE j.pair_id = b.pair_id AND NOT j.set_apart AND j.again),
                    []) AS again,
                   coalesce((SELECT list(coalesce(j.preferred_system_id, j.outcome)
                                         ORDER BY j.created_at)
                    FROM said j WHERE j.pair_id = b.pair_id AND j.set_apart), []) AS set_apart,
                   (SELECT list(CAST(j.spans AS VARCHAR) ORDER BY j.created_at) FROM said j
                    WHERE j.pair_id = b.pair_id) AS spans,
                   coalesce(CAST(b.risk_reasons AS VARCHAR[]), []) AS risk_reasons,
                   coalesce((SELECT list(j.comment ORDER BY j.created_at) FROM said j
                    WHERE j.pair_id = b.pair_id AND j.comment <> ''), []) AS comments
            FROM asked b LEFT JOIN revisions r ON r.revision_id = b.revision_id
            ORDER BY b.number
            """,
            {
                "study": study_id,
                "which": which,
                "limit": limit,
                "offset": offset,
                "split": self._split(study_id, which),
            },
        )
        return [_study_pair(row) for row in rows]

    def count(self, study_id: str, which: str) -> int:
        """How many pairs `page` would give without a limit."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM pairs
                WHERE study_id = $study AND stratum <> 'gold'
                  AND CASE $which WHEN 'all' THEN true WHEN 'rated' THEN judgements > 0
                      WHEN 'open' THEN judgements = 0
                      ELSE pair_id IN $split END
                """,
                {"study": study_id, "which": which, "split": self._split(study_id, which)},
            )
        )

    def _split(self, study_id: str, which: str) -> list[str]:
        """The pairs that people judged differently, each at their first look
        (`core.study.verdicts.count_split`), where they are asked for."""
        if which != "split":
            return []
        rows = self._db.rows(
            """
            SELECT j.pair_id FROM judgements j
            JOIN presentations s ON s.presentation_id = j.presentation_id AND s.occasion = 1
            LEFT JOIN first_unblindings u ON u.study_id = j.study_id AND u.person_id = j.rater_id
            WHERE j.study_id = $study AND j.outcome <> 'cannot_judge'
              AND NOT coalesce(j.created_at > u.created_at, false)
            GROUP BY j.pair_id
            HAVING count(DISTINCT coalesce(j.preferred_system_id, j.outcome)) > 1
            """,
            {"study": study_id},
        )
        return [row["pair_id"] for row in rows]


def _study_pair(row: Row) -> StudyPair:
    return StudyPair(
        pair_id=row["pair_id"],
        number=row["number"],
        example_id=row["example_id"],
        stratum=row["stratum"],
        instruction=row["instruction"] or "",
        input=row["input"] or "",
        reference=row["reference"] or "",
        answers={row["system_a"]: row["answer_a"], row["system_b"]: row["answer_b"]},
        verdicts=tuple(row["verdicts"]),
        comments=tuple(row["comments"]),
        set_apart=tuple(row["set_apart"]),
        again=tuple(row["again"]),
        spans=_all_spans(row["spans"] or ()),
        risk_reasons=tuple(row["risk_reasons"]),
    )


def _all_spans(columns: Sequence[str | None]) -> dict[str, tuple[Span, ...]]:
    """System id → the spans of all judgements of a pair."""
    found: dict[str, tuple[Span, ...]] = {}
    for column in columns:
        for system, own in spans_of_column(column).items():
            found[system] = (*found.get(system, ()), *own)
    return found
