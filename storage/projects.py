"""Projects: the present settings; every change of them is in the audit log."""

from __future__ import annotations

import json

from core.clock import now
from core.projects import Project, ProjectSettings
from storage.audit import Audit
from storage.database import Database, Row
from storage.queue_orders import QueueOrders


class Projects:
    """Questions and changes about projects."""

    def __init__(self, db: Database, orders: QueueOrders) -> None:
        self._db = db
        self._orders = orders
        self._audit = Audit(db)

    def all(self) -> list[Project]:
        """Every project that was not deleted, by name."""
        return [
            _project(row)
            for row in self._db.rows(
                """
                SELECT project_id, settings, is_demo, created_by FROM projects
                WHERE deleted_at IS NULL ORDER BY is_demo, lower(name)
                """
            )
        ]

    def by_id(self, project_id: str) -> Project | None:
        """The project, unless deleted."""
        row = self._db.one(
            """
            SELECT project_id, settings, is_demo, created_by FROM projects
            WHERE project_id = $project_id AND deleted_at IS NULL
            """,
            {"project_id": project_id},
        )
        return _project(row) if row else None

    def by_name(self, name: str) -> Project | None:
        """The project of that name, whatever its case, unless deleted."""
        row = self._db.one(
            """
            SELECT project_id, settings, is_demo, created_by FROM projects
            WHERE lower(name) = lower($name) AND deleted_at IS NULL
            """,
            {"name": name.strip()},
        )
        return _project(row) if row else None

    def deleted(self) -> list[Project]:
        """Every deleted project, newest deletion first."""
        return [
            _project(row)
            for row in self._db.rows(
                """
                SELECT project_id, settings, is_demo, created_by FROM projects
                WHERE deleted_at IS NOT NULL ORDER BY deleted_at DESC
                """
            )
        ]

    def ever_had_demo(self) -> bool:
        """Whether a demo project was ever made here, deleted or not."""
        return bool(self._db.value("SELECT count(*) FROM projects WHERE is_demo"))

    def add(self, project: Project, actor_id: str) -> None:
        """Insert a project."""
        settings = project.settings.to_json()
        self._db.execute(
            """
            INSERT INTO projects (project_id, name, settings, is_demo, created_by, created_at)
            VALUES ($project_id, $name, $settings, $is_demo, $created_by, $created_at)
            """,
            {
                "project_id": project.project_id,
                "name": project.name,
                "settings": json.dumps(settings),
                "is_demo": project.is_demo,
                "created_by": actor_id,
                "created_at": now(),
            },
        )
        self._record("created", project, actor_id)

    def change(self, project: Project, actor_id: str) -> None:
        """Replace the settings."""
        self._orders.forget()
        self._db.execute(
            """
            UPDATE projects SET name = $name, settings = $settings WHERE project_id = $project_id
            """,
            {
                "name": project.name,
                "settings": json.dumps(project.settings.to_json()),
                "project_id": project.project_id,
            },
        )
        self._record("changed", project, actor_id)

    def mark_deleted(self, project: Project, deleted: bool, actor_id: str) -> None:
        """Hide a project, or bring it back; its name stays free for another one meanwhile."""
        kept_aside = f"{project.name} ({project.project_id})"
        self._db.execute(
            """
            UPDATE projects SET deleted_at = $deleted_at, name = $name
            WHERE project_id = $project_id
            """,
            {
                "deleted_at": now() if deleted else None,
                "name": kept_aside if deleted else project.name,
                "project_id": project.project_id,
            },
        )
        self._record("deleted" if deleted else "restored", project, actor_id)

    def _record(self, action: str, project: Project, actor_id: str) -> None:
        self._audit.record(
            action,
            "project",
            project.project_id,
            actor_id,
            project_id=project.project_id,
            settings=project.settings.to_json(),
        )


def _project(row: Row) -> Project:
    return Project(
        row["project_id"],
        ProjectSettings.from_json(json.loads(row["settings"])),
        row["is_demo"],
        row["created_by"],
    )
