"""People, their roles in projects, and failed attempts to sign in."""

from __future__ import annotations

from datetime import datetime

from core.accounts import Attempts, Credentials, Person
from core.actor import Role
from core.clock import new_id, now
from storage.database import Database
from storage.sessions import Sessions


class Accounts:
    """Questions and changes about people."""

    def __init__(self, db: Database, sessions: Sessions) -> None:
        self._db = db
        self._sessions = sessions

    # People ------------------------------------------------------------------------------------

    def has_admin(self) -> bool:
        """Whether anybody who can sign in is an admin."""
        return bool(self._db.value("SELECT count(*) FROM people WHERE is_admin AND NOT disabled"))

    def credentials_of(self, name_key: str) -> Credentials | None:
        """What signing in under this name is checked against."""
        row = self._db.one(
            """
            SELECT person_id, name, password_hash, disabled FROM people
            WHERE name_key = $name_key
            """,
            {"name_key": name_key},
        )
        return Credentials(**row) if row else None

    def person(self, person_id: str) -> Person | None:
        """One person, without roles."""
        row = self._db.one(
            """
            SELECT person_id, name, is_admin, disabled, created_at FROM people
            WHERE person_id = $person_id
            """,
            {"person_id": person_id},
        )
        return Person(**row) if row else None

    def everybody(self, project_id: str | None) -> list[Person]:
        """Everybody by name, with their roles in the project if one is named."""
        rows = self._db.rows(
            """
            SELECT p.person_id, p.name, p.is_admin, p.disabled, p.created_at,
                   (SELECT list(m.role) FROM memberships m
                    WHERE m.person_id = p.person_id AND m.project_id = $project_id) AS roles
            FROM people p ORDER BY p.disabled, p.name_key
            """,
            {"project_id": project_id},
        )
        return [Person(**{**row, "roles": frozenset(row["roles"] or ())}) for row in rows]

    def add(self, name: str, name_key: str, password_hash: str, is_admin: bool) -> str:
        """Insert a person and return their id."""
        person_id = new_id("person")
        self._db.execute(
            """
            INSERT INTO people (person_id, name, name_key, password_hash, is_admin, created_at)
            VALUES ($person_id, $name, $name_key, $password_hash, $is_admin, $created_at)
            """,
            {
                "person_id": person_id,
                "name": name,
                "name_key": name_key,
                "password_hash": password_hash,
                "is_admin": is_admin,
                "created_at": now(),
            },
        )
        return person_id

    def set_password_hash(self, person_id: str, password_hash: str) -> None:
        """Replace the password."""
        self._db.execute(
            "UPDATE people SET password_hash = $password_hash WHERE person_id = $person_id",
            {"password_hash": password_hash, "person_id": person_id},
        )

    def set_disabled(self, person_id: str, disabled: bool) -> None:
        """Let a person sign in, or not any more."""
        self._sessions.forget()
        self._db.execute(
            "UPDATE people SET disabled = $disabled WHERE person_id = $person_id",
            {"disabled": disabled, "person_id": person_id},
        )

    # Roles -------------------------------------------------------------------------------------

    def roles(self, project_id: str, person_id: str) -> frozenset[Role]:
        """The roles that a person holds in a project."""
        rows = self._db.rows(
            """
            SELECT role FROM memberships
            WHERE project_id = $project_id AND person_id = $person_id
            """,
            {"project_id": project_id, "person_id": person_id},
        )
        return frozenset(row["role"] for row in rows)

    def grant(self, project_id: str, person_id: str, role: Role) -> None:
        """Give a role; giving it twice is once."""
        self._sessions.forget()
        self._db.execute(
            """
            INSERT INTO memberships (project_id, person_id, role)
            VALUES ($project_id, $person_id, $role) ON CONFLICT DO NOTHING
            """,
            {"project_id": project_id, "person_id": person_id, "role": role},
        )

    def withdraw(self, project_id: str, person_id: str, role: Role) -> None:
        """Take a role away."""
        self._sessions.forget()
        self._db.execute(
            """
            DELETE FROM memberships
            WHERE project_id = $project_id AND person_id = $person_id AND role = $role
            """,
            {"project_id": project_id, "person_id": person_id, "role": role},
        )

    # Failed attempts ---------------------------------------------------------------------------

    def attempts(self, name_hash: str) -> Attempts:
        """The failures under a name, whether anybody has it or not."""
        row = self._db.one(
            """
            SELECT failures, last_failure, locked_until FROM sign_in_attempts
            WHERE name_hash = $name_hash
            """,
            {"name_hash": name_hash},
        )
        return Attempts(**row) if row else Attempts()

    def record_failure(self, name_hash: str, attempts: Attempts) -> None:
        """Keep the failures under a name."""
        self._db.execute(
            """
            INSERT INTO sign_in_attempts (name_hash, failures, last_failure, locked_until)
            VALUES ($name_hash, $failures, $last_failure, $locked_until)
            ON CONFLICT DO UPDATE SET failures = excluded.failures,
                last_failure = excluded.last_failure, locked_until = excluded.locked_until
            """,
            {
                "name_hash": name_hash,
                "failures": attempts.failures,
                "last_failure": attempts.last_failure,
                "locked_until": attempts.locked_until,
            },
        )

    def forget_failures(self, name_hash: str, older_than: datetime) -> None:
        """Forget the failures under a name, and everybody's old ones."""
        self._db.execute(
            """
            DELETE FROM sign_in_attempts
            WHERE name_hash = $name_hash OR last_failure < $older_than
            """,
            {"name_hash": name_hash, "older_than": older_than},
        )
