"""How far a study is, and each rater in it: counters that are written with what they count.

A pair's own counters (`filled`, `judgements`) are one row, so that two raters of one pair meet
there, and one of them tries again. Gold pairs are counted apart from the others. A judgement that
is set apart, as its rater had seen results or names, fills no place and makes no pair rated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from core.study.gold import GOLD
from core.study.pairs import Presentation
from core.study.study import RatedStudy, StudyProgress
from storage.database import Database

COMPACT_FROM = 400


@dataclass(frozen=True)
class _Delta:
    """A change of one rater's counters; "" is the study's own."""

    rater_id: str
    filled: int = 0
    judged: int = 0
    judgements: int = 0
    blocked: int = 0
    reviewed: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class FilledPair:
    """A pair's own counters after a `change` of judgements by one, which filled so many places."""

    change: int
    fills: int
    places: int
    filled: int
    judgements: int


class StudyCounts:
    """Changes of `study_counts`, and their sums."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def progress(self, study: RatedStudy, rater_id: str) -> StudyProgress:
        """How far the study is, and what is left to this rater; from the counters."""
        rows = self._db.rows(
            """
            SELECT rater_id = $rater AS own, gold, sum(pairs) AS pairs, sum(judged) AS judged,
                   sum(reviewed) AS reviewed, sum(judgements) AS judgements,
                   sum(places) - sum(filled) AS places, sum(blocked) AS blocked,
                   sum(repeats) AS repeats
            FROM study_counts WHERE study_id = $study GROUP BY ALL
            """,
            {"study": study.study_id, "rater": rater_id},
        )

        def total(name: str, gold: bool, *, own: bool = False) -> int:
            chosen = (row for row in rows if row["gold"] == gold and (row["own"] or not own))
            return sum(int(row[name]) for row in chosen)

        return StudyProgress(
            study.name,
            study.closed,
            pairs=total("pairs", False),
            judged=total("judged", False),
            reviewed=total("reviewed", False),
            mine=total("judgements", False, own=True),
            open=total("places", False) - total("blocked", False, own=True),
            least=study.least,
            repeats=total("repeats", False, own=True) + total("repeats", True, own=True),
            gold=total("judgements", True, own=True),
            gold_open=total("places", True) - total("blocked", True, own=True),
            gold_pairs=total("pairs", True),
            gold_judged=total("judged", True),
        )

    def rated(self, pair_id: str, but: str = "") -> tuple[int, int]:
        """(1 where a pair has a judgement that counts, 1 where the first of these, which fixes its
        verdict, could tell); else 0. Repeats, what is set apart and the judgement `but` do not
        count."""
        outcome = self._db.value(
            """
            SELECT j.outcome FROM judgements j
            LEFT JOIN first_unblindings u
                ON u.study_id = j.study_id AND u.person_id = j.rater_id
            WHERE j.pair_id = $pair AND j.judgement_id <> $but AND j.presentation_id IN (
                SELECT presentation_id FROM presentations WHERE pair_id = $pair AND occasion = 1
            ) AND NOT coalesce(j.created_at > u.created_at, false)
            ORDER BY j.created_at, j.judgement_id LIMIT 1
            """,
            {"pair": pair_id, "but": but},
        )
        return int(outcome is not None), int(outcome not in (None, "cannot_judge"))

    def fill(self, shown: Presentation, change: int, apart: bool = False) -> FilledPair:
        """Count a judgement of a pair in (+1) or out (-1) in the pair's own row. One of a lapsed
        presentation, or one that is set `apart`, fills no place."""
        fills = 0 if shown.lapsed or apart else change
        (row,) = self._db.rows(
            """
            UPDATE pairs SET filled = filled + $fills, judgements = judgements + $change
            WHERE pair_id = $pair RETURNING places, filled, judgements
            """,
            {"pair": shown.pair_id, "fills": fills, "change": change},
        )
        return FilledPair(change, fills, **row)

    def count_in(
        self,
        shown: Presentation,
        pair: FilledPair,
        before: tuple[int, int],
        after: tuple[int, int],
    ) -> None:
        """Count a judgement for the study and its raters, when it is in the table or out of it.
        `before` and `after`: what `rated` says of the pair without and with the change."""
        assert shown.rater_id is not None
        judged, reviewed = after[0] - before[0], after[1] - before[1]
        # In: the places still open are closed to this rater. Out: those open before are theirs.
        open_places = pair.places - pair.filled - (0 if pair.change > 0 else -pair.fills)
        deltas = [
            _Delta("", filled=pair.fills, judged=judged, reviewed=reviewed),
            _Delta(shown.rater_id, judgements=pair.change, blocked=pair.change * open_places),
        ]
        if pair.fills and pair.places > 1:
            others = self._db.rows(
                """
                SELECT DISTINCT rater_id FROM judgements
                WHERE pair_id = $pair AND rater_id <> $rater
                """,
                {"pair": shown.pair_id, "rater": shown.rater_id},
            )
            deltas += [_Delta(row["rater_id"], blocked=-pair.fills) for row in others]
        self._add_counts(shown.study_id, deltas, shown.phase == GOLD)

    def count_repeat(self, shown: Presentation, change: int) -> None:
        """Count a repeat in (+1) or out (-1): for its rater alone."""
        assert shown.rater_id is not None
        self._add_counts(shown.study_id, [_Delta(shown.rater_id, repeats=change)])

    def _add_counts(self, study_id: str, deltas: Sequence[_Delta], gold: bool = False) -> None:
        names = [one.name for one in fields(_Delta)]
        self._db.execute(
            """
            INSERT INTO study_counts
                (study_id, pairs, places, gold, rater_id, filled, judged, judgements, blocked,
                 reviewed, repeats)
            SELECT $study, 0, 0, $gold, unnest($rater_id), unnest($filled), unnest($judged),
                   unnest($judgements), unnest($blocked), unnest($reviewed), unnest($repeats)
            """,
            {"study": study_id, "gold": gold}
            | {name: [getattr(one, name) for one in deltas] for name in names},
        )

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
