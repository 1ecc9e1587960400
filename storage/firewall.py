"""The firewall between training and evaluation: protected files, and examples that are rated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.query import Query
from core.versions.protected import Firewall, ProtectedFile
from storage.database import Database, Row


class Firewalls:
    """Questions about what keeps examples out of train and validation. Callers hold the
    transaction where they write."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Protected files ---------------------------------------------------------------------------

    def add(self, file: ProtectedFile, texts: Path) -> None:
        """Insert a file and its texts, a Parquet file in the workspace (line, instruction, input).
        Texts of which the file has the same twice count once."""
        count = self._db.insert_from_parquet(
            texts,
            """
            INSERT INTO protected_texts (file_id, line, instruction, input)
            SELECT $file_id, min(line), instruction, input FROM read_parquet($parquet_path)
            GROUP BY instruction, input ORDER BY min(line)
            """,
            {"file_id": file.file_id},
        )
        self._db.execute(
            """
            INSERT INTO protected_files
                (file_id, project_id, name, texts, rejected, actor_id, created_at)
            VALUES ($file_id, $project_id, $name, $texts, $rejected, $actor_id, $created_at)
            """,
            {
                "file_id": file.file_id,
                "project_id": file.project_id,
                "name": file.name,
                "texts": count,
                "rejected": file.rejected,
                "actor_id": file.actor_id,
                "created_at": file.created_at,
            },
        )

    def by_id(self, file_id: str) -> ProtectedFile | None:
        """One protected file, also one that was removed."""
        found = self._files("WHERE f.file_id = $id", file_id)
        return found[0] if found else None

    def of_project(self, project_id: str) -> list[ProtectedFile]:
        """The files that protect a project now, newest first."""
        return self._files(
            "WHERE f.project_id = $id AND f.removed_at IS NULL ORDER BY f.created_at DESC",
            project_id,
        )

    def of_version(self, version_id: str) -> list[tuple[ProtectedFile, int]]:
        """The files that a version heeded, with how many examples each left out of it."""
        rows = self._db.rows(
            """
            SELECT file_id, left_out FROM version_protected WHERE version_id = $version
            ORDER BY left_out DESC, file_id
            """,
            {"version": version_id},
        )
        found = [(self.by_id(row["file_id"]), int(row["left_out"])) for row in rows]
        return [(file, count) for file, count in found if file is not None]

    def _files(self, which: str, subject_id: str) -> list[ProtectedFile]:
        rows = self._db.rows(
            f"""
            SELECT f.file_id, f.project_id, f.name, f.texts, f.rejected, f.actor_id,
                   coalesce(p.name, 'Touchstone') AS person, f.created_at, f.removed_at
            FROM protected_files f LEFT JOIN people p ON p.person_id = f.actor_id
            {which}
            """,  # noqa: S608 `which` is one of the two above
            {"id": subject_id},
        )
        return [ProtectedFile(**row) for row in rows]

    def texts(self, file_id: str, limit: int) -> list[Row]:
        """The first texts of a file: line, instruction, input."""
        return self._db.rows(
            """
            SELECT line, instruction, input FROM protected_texts WHERE file_id = $file
            ORDER BY line LIMIT $limit
            """,
            {"file": file_id, "limit": limit},
        )

    def remove(self, file_id: str, moment: object) -> None:
        """Delete the texts of a file, which then protects nothing."""
        self._db.execute("DELETE FROM protected_texts WHERE file_id = $file", {"file": file_id})
        self._db.execute(
            "UPDATE protected_files SET removed_at = $now WHERE file_id = $file",
            {"file": file_id, "now": moment},
        )

    # At a freeze -------------------------------------------------------------------------------

    def now(self, project_id: str) -> Firewall:
        """What a freeze would heed now."""
        files = self.of_project(project_id)
        studied = self._db.value(
            f"""
            SELECT count(*) FROM example_current c
            JOIN ({_STUDIED}) t ON t.example_id = c.example_id
            WHERE c.project_id = $project_id AND c.state = 'accepted' AND NOT c.flagged
            """,  # noqa: S608 _STUDIED is a literal
            {"project_id": project_id},
        )
        names = {file.file_id: file.name for file in files}
        return Firewall(names, sum(file.texts for file in files), int(studied))

    def barred(self, project_id: str) -> Query:
        """The texts that nothing may train on: protected ones, and those that a study shows of
        examples that are not in test (a test example guards itself)."""
        return Query(
            f"""
            SELECT NULL AS example_id, f.file_id, x.line, false AS studied, x.instruction, x.input
            FROM protected_files f JOIN protected_texts x ON x.file_id = f.file_id
            WHERE f.project_id = $project_id AND f.removed_at IS NULL
            UNION ALL
            SELECT b.example_id, NULL, NULL, true, r.instruction, r.input
            FROM (SELECT DISTINCT example_id, revision_id FROM pairs) b
            JOIN ({_STUDIED}) t ON t.example_id = b.example_id
            JOIN revisions r ON r.revision_id = b.revision_id
            """,  # noqa: S608 _STUDIED is a literal
            {"project_id": project_id},
        )

    def studied(self, project_id: str) -> int:
        """How many examples of a project are in a study, and not in test."""
        found = self._db.value(
            f"SELECT count(*) FROM ({_STUDIED})",  # noqa: S608 a literal
            {"project_id": project_id},
        )
        return int(found)

    def heed(self, version_id: str, file_ids: Sequence[str]) -> None:
        """Keep which files a version heeded, and how many examples each kept out of it."""
        for file_id in file_ids:
            self._db.execute(
                """
                INSERT INTO version_protected (version_id, file_id, left_out)
                SELECT $version, f.file_id, count(l.example_id)
                FROM protected_files f
                LEFT JOIN version_left_out l
                    ON l.version_id = $version AND l.near_file = f.file_id
                WHERE f.file_id = $file GROUP BY f.file_id
                """,
                {"version": version_id, "file": file_id},
            )


# Examples in a study of the project, open or closed, which no version has put into test. A study
# for preference tuning judges nothing: it is there to be learnt from.
_STUDIED = """
    SELECT DISTINCT p.example_id
    FROM pairs p
    JOIN studies s ON s.study_id = p.study_id AND s.project_id = $project_id
        AND NOT coalesce(CAST(s.plan ->> '$.for_tuning' AS BOOLEAN), false)
    ANTI JOIN (
        SELECT example_id FROM example_splits WHERE project_id = $project_id AND split = 'test'
    ) e ON e.example_id = p.example_id
"""
