"""Projects: the present settings, and the log of every change."""

from __future__ import annotations

import json

from core.clock import new_id, now
from core.projects import Project, ProjectSettings
from storage.database import Database, Row


class Projects:
    """Questions and changes about projects."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Project]:
        """Every project that was not deleted, by name."""
        return [
            _project(row)
            for row in self._db.rows(
                "SELECT project_id, settings, is_demo, created_by FROM projects "
                "WHERE deleted_at IS NULL ORDER BY is_demo, lower(name)"
            )
        ]

    def by_id(self, project_id: str) -> Project | None:
        """The project, unless deleted."""
        row = self._db.one(
            "SELECT project_id, settings, is_demo, created_by FROM projects "
            "WHERE project_id = ? AND deleted_at IS NULL",
            [project_id],
        )
        return _project(row) if row else None

    def settings_of(self, project_id: str) -> ProjectSettings | None:
        """The settings of a project, deleted or not."""
        value = self._db.value("SELECT settings FROM projects WHERE project_id = ?", [project_id])
        return ProjectSettings.from_json(json.loads(value)) if value else None

    def deleted(self) -> list[tuple[str, str]]:
        """(project_id, its own name) of every deleted project, newest deletion first."""
        return [
            (row["project_id"], json.loads(row["settings"])["name"])
            for row in self._db.rows(
                "SELECT project_id, settings FROM projects WHERE deleted_at IS NOT NULL "
                "ORDER BY deleted_at DESC"
            )
        ]

    def by_name(self, name: str) -> Project | None:
        """The project of that name, whatever its case, unless deleted."""
        row = self._db.one(
            "SELECT project_id, settings, is_demo, created_by FROM projects "
            "WHERE lower(name) = lower(?) AND deleted_at IS NULL",
            [name.strip()],
        )
        return _project(row) if row else None

    def ever_had_demo(self) -> bool:
        """Whether a demo project was ever made here, deleted or not."""
        return bool(self._db.value("SELECT count(*) FROM projects WHERE is_demo"))

    def add(self, project: Project, actor_id: str) -> None:
        """Insert a project and log it."""
        settings = json.dumps(project.settings.to_json())
        self._db.execute(
            "INSERT INTO projects (project_id, name, settings, is_demo, created_by, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                project.project_id,
                project.name,
                settings,
                project.is_demo,
                actor_id,
                now(),
            ],
        )
        self._log(project.project_id, "created", settings, actor_id)

    def change(self, project_id: str, settings: ProjectSettings, actor_id: str) -> None:
        """Replace the settings and log the change."""
        data = json.dumps(settings.to_json())
        self._db.execute(
            "UPDATE projects SET name = ?, settings = ? WHERE project_id = ?",
            [settings.name, data, project_id],
        )
        self._log(project_id, "changed", data, actor_id)

    def mark_deleted(self, project_id: str, deleted: bool, actor_id: str) -> None:
        """Hide a project, or bring it back; its name stays free for another one meanwhile."""
        row = self._db.one("SELECT name, settings FROM projects WHERE project_id = ?", [project_id])
        if row is None:
            return
        settings = str(row["settings"])
        name = json.loads(settings)["name"]
        self._db.execute(
            "UPDATE projects SET deleted_at = ?, name = ? WHERE project_id = ?",
            [now() if deleted else None, f"{name} ({project_id})" if deleted else name, project_id],
        )
        self._log(project_id, "deleted" if deleted else "restored", settings, actor_id)

    def _log(self, project_id: str, kind: str, settings: str, actor_id: str) -> None:
        self._db.execute(
            "INSERT INTO project_changes VALUES (?, ?, ?, ?, ?, ?)",
            [new_id("chg"), project_id, kind, settings, actor_id, now()],
        )


def _project(row: Row) -> Project:
    return Project(
        row["project_id"],
        ProjectSettings.from_json(json.loads(row["settings"])),
        row["is_demo"],
        row["created_by"],
    )
