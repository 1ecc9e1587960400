"""Rating: places under a lease, judgements and their ratings."""

from __future__ import annotations

import json
from datetime import datetime

from core.clock import now
from storage.database import Database, Row


class Judgements:
    """Leases on the pairs of a study, and what the raters said."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def slot_of(self, study_id: str, rater_id: str) -> int | None:
        """The order of pairs and sides that this rater sees, if they have begun."""
        value = self._db.value(
            "SELECT slot FROM study_raters WHERE study_id = ? AND rater_id = ?",
            [study_id, rater_id],
        )
        return None if value is None else int(value)

    def take_slot(self, study_id: str, rater_id: str) -> int:
        """Give this rater the next order."""
        slot = int(
            self._db.value(
                "SELECT coalesce(max(slot) + 1, 0) FROM study_raters WHERE study_id = ?",
                [study_id],
            )
        )
        self._db.execute(
            "INSERT INTO study_raters VALUES (?, ?, ?, ?)", [study_id, rater_id, slot, now()]
        )
        return slot

    def slots(self, study_id: str) -> int:
        """How many orders were fixed when the study was opened."""
        return int(
            self._db.value(
                "SELECT coalesce(max(slot) + 1, 0) FROM pair_sides WHERE study_id = ?", [study_id]
            )
        )

    def free_places(self, study_id: str, rater_id: str, slot: int, limit: int) -> list[Row]:
        """Places this rater can fill, in their order: what they hold, then first views, overlap."""
        return self._db.rows(
            "SELECT l.pair_id, l.place FROM pair_places l "
            "JOIN pair_sides s "
            "  ON s.study_id = l.study_id AND s.pair_id = l.pair_id AND s.slot = $slot "
            "WHERE l.study_id = $study AND NOT l.done "
            "AND (l.rater_id IS NULL OR l.lease_until < $now OR l.rater_id = $rater) "
            "AND NOT EXISTS (SELECT 1 FROM judgements j "
            "  WHERE j.pair_id = l.pair_id AND j.rater_id = $rater) "
            "AND NOT EXISTS (SELECT 1 FROM pair_places mine WHERE mine.pair_id = l.pair_id "
            "  AND mine.place <> l.place AND mine.rater_id = $rater AND mine.lease_until >= $now) "
            "ORDER BY (l.rater_id = $rater AND l.lease_until >= $now) IS TRUE DESC, "
            "l.place, s.position LIMIT $limit",
            {
                "slot": slot,
                "study": study_id,
                "rater": rater_id,
                "now": now(),
                "limit": limit,
            },
        )

    def take_place(self, pair_id: str, place: int, rater_id: str, until: datetime) -> bool:
        """Compare and set: whether this rater now holds the place."""
        return bool(
            self._db.rows(
                "UPDATE pair_places SET rater_id = ?, lease_until = ? "
                "WHERE pair_id = ? AND place = ? AND NOT done "
                "AND (rater_id IS NULL OR lease_until < ? OR rater_id = ?) RETURNING pair_id",
                [rater_id, until, pair_id, place, now(), rater_id],
            )
        )

    def pair(self, pair_id: str, slot: int) -> Row | None:
        """Everything about one pair for one order, texts of both systems included."""
        return self._db.one(
            "SELECT b.pair_id, b.study_id, b.number, s.position, s.baseline_left, r.instruction, "
            "r.input, r.output AS reference, base.text AS baseline_text, "
            "cand.text AS candidate_text FROM blind_pairs b "
            "JOIN studies t USING (study_id) "
            "JOIN pair_sides s ON s.study_id = b.study_id AND s.pair_id = b.pair_id AND s.slot = ? "
            "JOIN version_examples m "
            "  ON m.version_id = t.version_id AND m.example_id = b.example_id "
            "JOIN revisions r ON r.revision_id = m.revision_id "
            "JOIN generations base "
            "  ON base.system_id = t.baseline_id AND base.example_id = b.example_id "
            "JOIN generations cand "
            "  ON cand.system_id = t.candidate_id AND cand.example_id = b.example_id "
            "WHERE b.pair_id = ?",
            [slot, pair_id],
        )

    def progress(self, study_id: str, rater_id: str) -> Row:
        """`pairs`, `judged` (by anyone), `mine`, `open` (places this rater could still fill)."""
        return self._db.one(
            "SELECT (SELECT count(*) FROM blind_pairs WHERE study_id = $study) AS pairs, "
            "(SELECT count(DISTINCT pair_id) FROM judgements WHERE study_id = $study) AS judged, "
            "(SELECT count(*) FROM judgements WHERE study_id = $study AND rater_id = $rater) "
            "  AS mine, "
            "(SELECT count(DISTINCT l.pair_id) FROM pair_places l WHERE l.study_id = $study "
            "  AND NOT l.done AND NOT EXISTS (SELECT 1 FROM judgements j "
            "  WHERE j.pair_id = l.pair_id AND j.rater_id = $rater)) AS open",
            {"study": study_id, "rater": rater_id},
        ) or {"pairs": 0, "judged": 0, "mine": 0, "open": 0}

    def place_for(self, pair_id: str, rater_id: str) -> int:
        """The place this rater's judgement fills: the one held, a free one, or one more."""
        place = self._db.value(
            "SELECT place FROM pair_places WHERE pair_id = ? AND NOT done "
            "AND (rater_id = ? OR rater_id IS NULL OR lease_until < ?) "
            "ORDER BY (rater_id = ?) IS TRUE DESC, place LIMIT 1",
            [pair_id, rater_id, now(), rater_id],
        )
        if place is not None:
            return int(place)
        return 1 + int(
            self._db.value("SELECT max(place) FROM pair_places WHERE pair_id = ?", [pair_id])
        )

    def by_rater(self, pair_id: str, rater_id: str) -> Row | None:
        """What this rater said of a pair."""
        return self._db.one(
            "SELECT * FROM judgements WHERE pair_id = ? AND rater_id = ?", [pair_id, rater_id]
        )

    def by_id(self, judgement_id: str) -> Row | None:
        """One judgement."""
        return self._db.one("SELECT * FROM judgements WHERE judgement_id = ?", [judgement_id])

    def add(self, row: Row, ratings: list[Row]) -> None:
        """Insert a judgement with its ratings and mark its place as filled."""
        self._db.execute(
            "INSERT INTO judgements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                row["judgement_id"],
                row["study_id"],
                row["pair_id"],
                row["place"],
                row["rater_id"],
                row["choice"],
                row["verdict"],
                row["baseline_left"],
                json.dumps(row["flags"]),
                row["comment"],
                row["correction"],
                row["seconds"],
                now(),
            ],
        )
        if ratings:
            self._db.execute_many(
                "INSERT INTO ratings VALUES (?, ?, ?, ?, ?)",
                [
                    [row["judgement_id"], r["system"], r["criterion"], r["value"], r["remark"]]
                    for r in ratings
                ],
            )
        self._db.execute(
            "INSERT INTO pair_places VALUES (?, ?, ?, ?, ?, true) "
            "ON CONFLICT (pair_id, place) DO UPDATE SET rater_id = excluded.rater_id, done = true",
            [row["pair_id"], row["place"], row["study_id"], row["rater_id"], now()],
        )

    def was_withdrawn(self, judgement_id: str) -> bool:
        """Whether a judgement with this id was taken back."""
        return bool(
            self._db.value(
                "SELECT count(*) FROM withdrawn_judgements WHERE judgement_id = ?", [judgement_id]
            )
        )

    def withdraw(self, judgement_id: str, until: datetime) -> None:
        """Move a judgement into the log of what was taken back; its place is its rater's again."""
        self._db.execute(
            "INSERT INTO withdrawn_judgements SELECT judgement_id, study_id, pair_id, rater_id, "
            "to_json(j), (SELECT coalesce(to_json(list(r)), '[]') FROM ratings r "
            "  WHERE r.judgement_id = j.judgement_id), ? "
            "FROM judgements j WHERE judgement_id = ?",
            [now(), judgement_id],
        )
        self._db.execute(
            "UPDATE pair_places SET done = false, lease_until = ? FROM judgements j "
            "WHERE j.judgement_id = ? AND pair_places.pair_id = j.pair_id "
            "AND pair_places.place = j.place",
            [until, judgement_id],
        )
        self._db.execute("DELETE FROM ratings WHERE judgement_id = ?", [judgement_id])
        self._db.execute("DELETE FROM judgements WHERE judgement_id = ?", [judgement_id])
