"""Groups of people in a project, whom examples are assigned to together."""

from __future__ import annotations

from collections.abc import Collection

from core.examples.assignment import Group
from storage.database import Database
from storage.remembered import Remembered


class Groups:
    """Questions and changes about groups; callers hold the transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._of_project: Remembered[tuple[Group, ...]] = Remembered(db)

    def of_project(self, project_id: str) -> tuple[Group, ...]:
        """The groups by name."""
        return self._of_project.recall(project_id, lambda: self._read(project_id)) or ()

    def of_person(self, project_id: str, person_id: str) -> list[str]:
        """The ids of the groups that a person is in."""
        groups = self.of_project(project_id)
        return [group.group_id for group in groups if person_id in group.members]

    def reach(self, project_id: str, person_id: str) -> list[str]:
        """Whose examples this person is given, in that order: their own, those of their groups,
        those of the open queue."""
        return [person_id, *self.of_person(project_id, person_id), ""]

    def with_member(self, person_id: str, project_id: str = "") -> list[Group]:
        """The groups that a person is in, of one project or of all."""
        rows = self._db.rows(
            """
            SELECT DISTINCT g.project_id FROM groups g JOIN group_members m USING (group_id)
            WHERE m.person_id = $person_id AND $project_id IN ('', g.project_id)
            """,
            {"person_id": person_id, "project_id": project_id},
        )
        groups = [group for row in rows for group in self._read(row["project_id"])]
        return [group for group in groups if person_id in group.members]

    def save(self, group: Group) -> None:
        """Insert a group, or replace its name and members."""
        self._of_project.forget()
        self._db.execute(
            """
            INSERT INTO groups (group_id, project_id, name)
            VALUES ($group_id, $project_id, $name)
            ON CONFLICT (group_id) DO UPDATE SET name = excluded.name
            """,
            {
                "group_id": group.group_id,
                "project_id": group.project_id,
                "name": group.name.strip(),
            },
        )
        self._keep_members(group.group_id, group.members)

    def remove(self, group_id: str) -> None:
        """Delete a group."""
        self._of_project.forget()
        self._keep_members(group_id, ())
        self._db.execute("DELETE FROM groups WHERE group_id = $group_id", {"group_id": group_id})

    def _keep_members(self, group_id: str, members: Collection[str]) -> None:
        about = {"group_id": group_id, "members": list(members)}
        self._db.execute(
            """
            DELETE FROM group_members
            WHERE group_id = $group_id AND NOT list_contains($members, person_id)
            """,
            about,
        )
        if members:
            self._db.execute(
                """
                INSERT INTO group_members (group_id, person_id)
                SELECT $group_id, unnest($members) ON CONFLICT DO NOTHING
                """,
                about,
            )

    def _read(self, project_id: str) -> tuple[Group, ...]:
        rows = self._db.rows(
            """
            SELECT g.group_id, g.name,
                   (SELECT list(m.person_id ORDER BY m.person_id) FROM group_members m
                    WHERE m.group_id = g.group_id) AS members
            FROM groups g WHERE g.project_id = $project_id ORDER BY lower(g.name), g.group_id
            """,
            {"project_id": project_id},
        )
        return tuple(
            Group(row["group_id"], project_id, row["name"], tuple(row["members"] or ()))
            for row in rows
        )
