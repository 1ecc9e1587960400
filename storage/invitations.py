"""Invitations: one-time links into a project, by the hash of their token."""

from __future__ import annotations

from datetime import datetime

from core.accounts import Invitation
from core.clock import now
from storage.database import Database, Row


class Invitations:
    """Questions and changes about invitations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, invitation: Invitation, token_hash: str) -> None:
        """Insert an invitation."""
        self._db.execute(
            """
            INSERT INTO invitations (invitation_id, token_hash, project_id, role, note, invited_by,
                                     created_at, expires_at)
            VALUES ($invitation_id, $token_hash, $project_id, $role, $note, $invited_by,
                    $created_at, $expires_at)
            """,
            {
                "invitation_id": invitation.invitation_id,
                "token_hash": token_hash,
                "project_id": invitation.project_id,
                "role": invitation.role,
                "note": invitation.note,
                "invited_by": invitation.invited_by,
                "created_at": invitation.created_at,
                "expires_at": invitation.expires_at,
            },
        )

    def open_by_token(self, token_hash: str, moment: datetime) -> Invitation | None:
        """The invitation with this token, if it can still be used."""
        row = self._db.one(
            """
            SELECT i.invitation_id, i.project_id, i.role, i.note, i.invited_by, i.created_at,
                   i.expires_at, coalesce(p.name, 'Touchstone') AS inviter,
                   j.name AS project
            FROM invitations i JOIN projects j USING (project_id)
            LEFT JOIN people p ON p.person_id = i.invited_by
            WHERE i.token_hash = $token_hash AND i.used_at IS NULL AND i.revoked_at IS NULL
              AND i.expires_at > $moment AND j.deleted_at IS NULL
            """,
            {"token_hash": token_hash, "moment": moment},
        )
        return _invitation(row) if row else None

    def open_of_project(self, project_id: str, moment: datetime) -> list[Invitation]:
        """A project's invitations that can still be used, newest first."""
        rows = self._db.rows(
            """
            SELECT i.invitation_id, i.project_id, i.role, i.note, i.invited_by, i.created_at,
                   i.expires_at, coalesce(p.name, 'Touchstone') AS inviter,
                   j.name AS project
            FROM invitations i JOIN projects j USING (project_id)
            LEFT JOIN people p ON p.person_id = i.invited_by
            WHERE i.project_id = $project_id AND i.used_at IS NULL AND i.revoked_at IS NULL
              AND i.expires_at > $moment
            ORDER BY i.created_at DESC
            """,
            {"project_id": project_id, "moment": moment},
        )
        return [_invitation(row) for row in rows]

    def use(self, invitation_id: str, person_id: str) -> bool:
        """Use an invitation up; False if it was used or revoked meanwhile."""
        row = self._db.one(
            """
            UPDATE invitations SET used_at = $moment, person_id = $person_id
            WHERE invitation_id = $invitation_id AND used_at IS NULL AND revoked_at IS NULL
            RETURNING invitation_id
            """,
            {"moment": now(), "person_id": person_id, "invitation_id": invitation_id},
        )
        return row is not None

    def revoke(self, project_id: str, invitation_id: str) -> bool:
        """Make an invitation void; False if it is no open one of the project."""
        row = self._db.one(
            """
            UPDATE invitations SET revoked_at = $moment
            WHERE invitation_id = $invitation_id AND project_id = $project_id
              AND used_at IS NULL AND revoked_at IS NULL
            RETURNING invitation_id
            """,
            {"moment": now(), "invitation_id": invitation_id, "project_id": project_id},
        )
        return row is not None


def _invitation(row: Row) -> Invitation:
    return Invitation(**row)
