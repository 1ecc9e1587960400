"""Studies: their systems, plan and notes, and the counters of how far they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.clock import new_id, now
from core.projects import rubric_from_json
from core.study.comparing import Difference
from core.study.leak_report import LeakReport
from core.study.pairing import meetings
from core.study.study import (
    Extension,
    OpenStudy,
    RatedStudy,
    Study,
    StudyNote,
    StudyPlan,
    StudySystem,
)
from storage.database import Database, Row


class Studies:
    """Questions about studies, and opening one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, row: Row, systems: Mapping[str, str], drawn: Path) -> None:
        """Insert a study, its systems (id → role, the baseline first), and what was drawn: the
        folder's pairs.parquet and presentations.parquet."""
        study_id = row["study_id"]
        self._db.execute(
            """
            INSERT INTO studies
                (study_id, project_id, version_id, name, rubric, plan, seal, leaks, blind,
                 differences, actor_id, created_at)
            VALUES ($study_id, $project_id, $version_id, $name, $rubric, $plan, $seal,
                    $leaks, $blind, $differences, $actor_id, $created_at)
            """,
            {
                **row,
                **{k: json.dumps(row[k]) for k in ("rubric", "plan", "leaks", "differences")},
                "created_at": now(),
            },
        )
        for number, (system_id, role) in enumerate(systems.items()):
            self._db.execute(
                """
                INSERT INTO study_systems (study_id, system_id, role, number)
                VALUES ($study_id, $system_id, $role, $number)
                """,
                {"study_id": study_id, "system_id": system_id, "role": role, "number": number},
            )
        self._db.insert_from_parquet(drawn / "pairs.parquet", TAKE_IN_PAIRS)
        self._db.insert_from_parquet(drawn / "presentations.parquet", TAKE_IN_PRESENTATIONS)
        self._db.execute(
            """
            INSERT INTO study_counts
                (study_id, rater_id, pairs, places, filled, judged, judgements, blocked, gold)
            SELECT $study, '', count(*), sum(places), 0, 0, 0, 0, stratum = 'gold'
            FROM pairs WHERE study_id = $study GROUP BY stratum = 'gold'
            """,
            {"study": study_id},
        )

    def sealed_pairs(self, study_id: str) -> list[Row]:
        """The pairs of a study as they were drawn."""
        return self._db.rows(
            """
            SELECT pair_id, example_id, revision_id, number, system_a, system_b, places, answer_a,
                   answer_b, stratum, inclusion_probability, extension
            FROM pairs WHERE study_id = $study_id
            """,
            {"study_id": study_id},
        )

    def by_id(self, study_id: str) -> Study | None:
        """One study with its systems and notes."""
        found = self._listed(study=study_id)
        return found[0] if found else None

    def rated(self, study_id: str) -> RatedStudy | None:
        """What raters' requests need of a study: one query, and nothing of its systems."""
        row = self._db.one(
            """
            SELECT study_id, project_id, name, closed_at IS NOT NULL AS closed, rubric, plan,
                   (SELECT count(*) FROM study_systems s WHERE s.study_id = $study) AS systems
            FROM studies WHERE study_id = $study
            """,
            {"study": study_id},
        )
        if row is None:
            return None
        plan = StudyPlan.from_json(json.loads(row.pop("plan")))
        each = len(meetings(row.pop("systems"), plan.among))
        rubric = rubric_from_json(json.loads(row.pop("rubric")))
        return RatedStudy(
            **row, rubric=rubric, seed=plan.seed, show_reference=plan.show_reference,
            repeats=plan.repeats, least=plan.least * each,
        )  # fmt: skip

    def newest_open(self, project_id: str) -> str | None:
        """The id of the first of `open_studies`."""
        found = self._db.value(
            """
            SELECT study_id FROM studies WHERE project_id = $project AND closed_at IS NULL
            ORDER BY created_at DESC, study_id DESC LIMIT 1
            """,
            {"project": project_id},
        )
        return None if found is None else str(found)

    def of_project(self, project_id: str) -> list[Study]:
        """A project's studies, newest first."""
        return self._listed(project=project_id)

    def of_both(self, system_id: str, other_id: str) -> list[str]:
        """The studies in which both systems stand, oldest first."""
        rows = self._db.rows(
            """
            SELECT t.study_id FROM studies t
            JOIN study_systems a ON a.study_id = t.study_id AND a.system_id = $system
            JOIN study_systems b ON b.study_id = t.study_id AND b.system_id = $other
            ORDER BY t.created_at, t.study_id
            """,
            {"system": system_id, "other": other_id},
        )
        return [row["study_id"] for row in rows]

    def claims(self, system_id: str, other_id: str) -> int:
        """How many comparisons these studies make: one for each of their candidates."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM study_systems
                WHERE role = 'candidate' AND study_id IN $studies
                """,
                {"studies": self.of_both(system_id, other_id)},
            )
        )

    def _listed(self, study: str = "", project: str = "") -> list[Study]:
        asked = {"study": study, "project": project}
        rows = self._db.rows(
            """
            SELECT t.*, coalesce(p.name, 'Touchstone') AS person
            FROM studies t LEFT JOIN people p ON p.person_id = t.actor_id
            WHERE (t.study_id = $study OR t.project_id = $project)
            ORDER BY t.created_at DESC, t.study_id DESC
            """,
            asked,
        )
        systems: dict[str, list[StudySystem]] = {}
        for s in self._db.rows(
            """
            SELECT c.study_id, c.system_id, s.name, s.kind, c.role, c.number
            FROM study_systems c
            JOIN systems s ON s.system_id = c.system_id
            JOIN studies t ON t.study_id = c.study_id
            WHERE (t.study_id = $study OR t.project_id = $project)
            ORDER BY c.number
            """,
            asked,
        ):
            systems.setdefault(s.pop("study_id"), []).append(StudySystem(**s))
        notes: dict[str, list[StudyNote]] = {}
        for n in self._db.rows(
            """
            SELECT n.study_id, n.kind, n.text, n.created_at,
                   coalesce(p.name, 'Touchstone') AS person
            FROM study_notes n
            JOIN studies t ON t.study_id = n.study_id
            LEFT JOIN people p ON p.person_id = n.actor_id
            WHERE (t.study_id = $study OR t.project_id = $project)
            ORDER BY n.created_at, n.note_id
            """,
            asked,
        ):
            notes.setdefault(n.pop("study_id"), []).append(StudyNote(**n))
        added = self._extensions(asked)
        return [
            _study(row, systems[i], notes.get(i, []), added.get(i, []))
            for row in rows
            for i in [row["study_id"]]
        ]

    def _extensions(self, asked: Mapping[str, str]) -> dict[str, list[Extension]]:
        found: dict[str, list[Extension]] = {}
        for row in self._db.rows(
            """
            SELECT x.study_id, x.number, x.examples, x.moved, x.probabilities, x.judgements, x.seal,
                   coalesce(p.name, 'Touchstone') AS person, x.created_at
            FROM study_extensions x
            JOIN studies t ON t.study_id = x.study_id
            LEFT JOIN people p ON p.person_id = x.actor_id
            WHERE (t.study_id = $study OR t.project_id = $project)
            ORDER BY x.number
            """,
            asked,
        ):
            study_id, moved = row.pop("study_id"), tuple(json.loads(row.pop("moved")))
            drawn = json.loads(row.pop("probabilities"))
            own = Extension(**row, moved=moved, probabilities=drawn)
            found.setdefault(study_id, []).append(own)
        return found

    def open_studies(self, project_id: str) -> list[OpenStudy]:
        """Studies that take judgements, newest first, as raters may see them."""
        rows = self._db.rows(
            """
            SELECT t.study_id, t.name, sum(c.pairs) AS pairs, sum(c.judged) AS judged,
                   sum(c.places) AS places, sum(c.filled) AS done
            FROM studies t JOIN study_counts c ON c.study_id = t.study_id
            WHERE t.project_id = $project AND t.closed_at IS NULL
            GROUP BY t.study_id, t.name, t.created_at ORDER BY t.created_at DESC, t.study_id DESC
            """,
            {"project": project_id},
        )
        names = ("pairs", "judged", "places", "done")
        return [
            OpenStudy(row["study_id"], row["name"], **{n: int(row[n]) for n in names})
            for row in rows
        ]

    def set_closed(self, study_id: str, closed: bool, text: str, actor_id: str) -> None:
        """Close or reopen a study and note it."""
        self._db.execute(
            "UPDATE studies SET closed_at = $at WHERE study_id = $study",
            {"at": now() if closed else None, "study": study_id},
        )
        self.add_note(study_id, "closed" if closed else "reopened", text, actor_id)

    def add_note(self, study_id: str, kind: str, text: str, actor_id: str) -> None:
        """Append a lead's note."""
        self._db.execute(
            """
            INSERT INTO study_notes (note_id, study_id, kind, text, actor_id, created_at)
            VALUES ($note_id, $study_id, $kind, $text, $actor_id, $created_at)
            """,
            {
                "note_id": new_id("note"),
                "study_id": study_id,
                "kind": kind,
                "text": text,
                "actor_id": actor_id,
                "created_at": now(),
            },
        )

    def notes(self, study_id: str) -> tuple[StudyNote, ...]:
        """The notes of a study, oldest first."""
        study = self.by_id(study_id)
        return study.notes if study else ()


# By name: the columns of the file are core.study.drawn_files.PAIR_COLUMNS, of which a worker of an
# earlier version wrote fewer.
TAKE_IN_PAIRS = "INSERT INTO pairs BY NAME SELECT * FROM read_parquet($parquet_path)"
TAKE_IN_PRESENTATIONS = """
    INSERT INTO presentations (presentation_id, study_id, pair_id, position, place, phase, weight)
    SELECT n.presentation_id, n.study_id, n.pair_id, n.position, n.place,
           CASE b.stratum WHEN 'gold' THEN 'gold' ELSE 'main' END,
           CASE b.stratum WHEN 'gold' THEN 0 ELSE 1 END
    FROM read_parquet($parquet_path) n JOIN pairs b ON b.pair_id = n.pair_id
"""


def _study(
    row: Row, systems: list[StudySystem], notes: list[StudyNote], added: list[Extension]
) -> Study:
    given: dict[str, Any] = {name: json.loads(row[name]) for name in ("plan", "leaks")}
    return Study(
        study_id=row["study_id"],
        project_id=row["project_id"],
        version_id=row["version_id"],
        name=row["name"],
        systems=tuple(systems),
        rubric=rubric_from_json(json.loads(row["rubric"])),
        plan=StudyPlan.from_json(given["plan"]),
        seal=row["seal"],
        leaks=LeakReport.from_json(given["leaks"]),
        blind=row["blind"],
        differences=tuple(Difference.from_json(d) for d in json.loads(row["differences"])),
        person=row["person"],
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        notes=tuple(notes),
        extensions=tuple(added),
    )
