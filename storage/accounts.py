"""People, sign-in sessions, set-up links, roles, and the log of what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from core.accounts import Person
from core.actor import Actor, Role
from core.clock import new_id, now
from storage.audit import Audit
from storage.database import Database, Row


class Accounts:
    """Questions and changes about people. `on_revoked` is called with hashes of dead sessions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._audit = Audit(db)
        self.on_revoked: Callable[[Iterable[str]], None] = lambda hashes: None

    # People ------------------------------------------------------------------------------------

    def has_admin(self) -> bool:
        """Whether anybody who can sign in is an admin."""
        return bool(self._db.value("SELECT count(*) FROM people WHERE is_admin AND NOT disabled"))

    def credentials_of(self, name_key: str) -> Row | None:
        """person_id, name, password_hash, disabled of whoever has this name."""
        return self._db.one(
            "SELECT person_id, name, password_hash, disabled FROM people WHERE name_key = ?",
            [name_key],
        )

    def person(self, person_id: str) -> Person | None:
        """One person, without roles."""
        row = self._db.one(
            "SELECT person_id, name, is_admin, disabled, created_at FROM people "
            "WHERE person_id = ?",
            [person_id],
        )
        return Person(**row) if row else None

    def everybody(self, project_id: str | None) -> list[Person]:
        """Everybody by name, with their roles in the project if one is named."""
        rows = self._db.rows(
            "SELECT person_id, name, is_admin, disabled, created_at, "
            "(SELECT list(role) FROM memberships m WHERE m.person_id = people.person_id "
            "AND m.project_id = ?) AS roles FROM people ORDER BY disabled, name_key",
            [project_id],
        )
        return [Person(**{**row, "roles": frozenset(row["roles"] or ())}) for row in rows]

    def add(self, name: str, name_key: str, password_hash: str, is_admin: bool) -> str:
        """Insert a person and return their id."""
        person_id = new_id("person")
        self._db.execute(
            "INSERT INTO people (person_id, name, name_key, password_hash, is_admin, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [person_id, name, name_key, password_hash, is_admin, now()],
        )
        return person_id

    def set_password_hash(self, person_id: str, password_hash: str) -> None:
        """Replace the password."""
        self._db.execute(
            "UPDATE people SET password_hash = ? WHERE person_id = ?", [password_hash, person_id]
        )

    def set_disabled(self, person_id: str, disabled: bool) -> None:
        """Let a person sign in, or not any more."""
        self._db.execute(
            "UPDATE people SET disabled = ? WHERE person_id = ?", [disabled, person_id]
        )

    # Roles -------------------------------------------------------------------------------------

    def grant(self, project_id: str, person_id: str, role: Role) -> None:
        """Give a role; giving it twice is once."""
        self._db.execute(
            "INSERT INTO memberships VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [project_id, person_id, role],
        )

    def withdraw(self, project_id: str, person_id: str, role: Role) -> None:
        """Take a role away."""
        self._db.execute(
            "DELETE FROM memberships WHERE project_id = ? AND person_id = ? AND role = ?",
            [project_id, person_id, role],
        )

    # Failed attempts ---------------------------------------------------------------------------

    def attempts(self, name_hash: str) -> Row | None:
        """failures, last_failure, locked_until under a name, whether anybody has it or not."""
        return self._db.one(
            "SELECT failures, last_failure, locked_until FROM sign_in_attempts WHERE name_hash = ?",
            [name_hash],
        )

    def record_failure(
        self, name_hash: str, failures: int, moment: datetime, locked_until: datetime | None
    ) -> None:
        """Keep the number of failures under a name."""
        self._db.execute(
            "INSERT INTO sign_in_attempts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "failures = excluded.failures, last_failure = excluded.last_failure, "
            "locked_until = excluded.locked_until",
            [name_hash, failures, moment, locked_until],
        )

    def forget_failures(self, name_hash: str, older_than: datetime) -> None:
        """Forget the failures under a name, and everybody's old ones."""
        self._db.execute(
            "DELETE FROM sign_in_attempts WHERE name_hash = ? OR last_failure < ?",
            [name_hash, older_than],
        )

    # Sessions and set-up links -----------------------------------------------------------------

    def open_session(self, token_hash: str, person_id: str, expires_at: datetime) -> None:
        """Insert a session, and drop those that ended before it began."""
        self._db.execute(
            "DELETE FROM sessions WHERE person_id = ? AND expires_at < ?", [person_id, now()]
        )
        self._db.execute(
            "INSERT INTO sessions (token_hash, person_id, created_at, expires_at) "
            "VALUES (?, ?, ?, ?)",
            [token_hash, person_id, now(), expires_at],
        )

    def actor_by_session(self, token_hash: str, moment: datetime) -> tuple[Actor, Row] | None:
        """Who holds a living session, with all roles; and its expires_at, project_id."""
        rows = self._db.rows(
            "SELECT p.person_id, p.name, p.is_admin, s.expires_at, s.project_id, "
            "m.project_id AS role_in, m.role FROM sessions s JOIN people p USING (person_id) "
            "LEFT JOIN memberships m USING (person_id) WHERE s.token_hash = ? "
            "AND s.revoked_at IS NULL AND s.expires_at > ? AND NOT p.disabled",
            [token_hash, moment],
        )
        if not rows:
            return None
        roles: dict[str, set[Role]] = {}
        for row in rows:
            if row["role"]:
                roles.setdefault(row["role_in"], set()).add(row["role"])
        first = rows[0]
        frozen = {project: frozenset(held) for project, held in roles.items()}
        return Actor(first["person_id"], first["name"], first["is_admin"], frozen), first

    def extend_session(self, token_hash: str, expires_at: datetime) -> None:
        """Move the end of a session."""
        self._db.execute(
            "UPDATE sessions SET expires_at = ? WHERE token_hash = ?", [expires_at, token_hash]
        )

    def choose_project(self, token_hash: str, project_id: str) -> None:
        """Keep the project that new tabs of a session begin with."""
        self._db.execute(
            "UPDATE sessions SET project_id = ? WHERE token_hash = ?", [project_id, token_hash]
        )

    def revoke(self, token_hash: str) -> str | None:
        """End one session; the id of its person, or None if it had ended."""
        row = self._db.one(
            "UPDATE sessions SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL "
            "RETURNING person_id",
            [now(), token_hash],
        )
        return str(row["person_id"]) if row else None

    def revoke_all_of(self, person_id: str, *, but: str = "") -> list[str]:
        """End every session of a person but one; the hashes of those that ended."""
        rows = self._db.rows(
            "UPDATE sessions SET revoked_at = ? WHERE person_id = ? AND revoked_at IS NULL "
            "AND token_hash <> ? RETURNING token_hash",
            [now(), person_id, but],
        )
        return [row["token_hash"] for row in rows]

    def replace_setup_link(self, token_hash: str) -> None:
        """Insert a set-up link; unused older ones are void."""
        self._db.execute("DELETE FROM setup_links WHERE used_at IS NULL")
        self._db.execute(
            "INSERT INTO setup_links (token_hash, created_at) VALUES (?, ?)", [token_hash, now()]
        )

    def setup_link_open(self, token_hash: str) -> bool:
        """Whether a set-up link can still be used."""
        return bool(
            self._db.value(
                "SELECT count(*) FROM setup_links WHERE token_hash = ? AND used_at IS NULL",
                [token_hash],
            )
        )

    def use_setup_link(self, token_hash: str) -> bool:
        """Use a set-up link up; False if it was unknown, or used."""
        row = self._db.one(
            "UPDATE setup_links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL "
            "RETURNING token_hash",
            [now(), token_hash],
        )
        return row is not None

    # The log -----------------------------------------------------------------------------------

    def log(
        self,
        kind: str,
        person_id: str,
        actor_id: str,
        *,
        project_id: str | None = None,
        detail: str = "",
    ) -> None:
        """Append what happened to whom, by whom."""
        self._audit.record(
            kind,
            "person",
            person_id,
            actor_id,
            project_id=project_id,
            **({"detail": detail} if detail else {}),
        )
