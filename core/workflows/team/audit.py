"""The audit log as leads and admins read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.audit import AuditEvent, AuditQuery, to_csv

if TYPE_CHECKING:
    from storage.store import Store

LARGEST_EXPORT = 100_000


def audit_events(
    store: Store, actor: Actor, query: AuditQuery, limit: int = 100, offset: int = 0
) -> tuple[list[AuditEvent], int]:
    """A page of what the query asks for, newest first, and how many there are.

    A project's events are for its leads, the whole workspace's for admins. Raises NotAllowed.
    """
    _require(actor, query.project_id)
    return store.audit.matching(query, limit, offset), store.audit.count(query)


def audit_filters(
    store: Store, actor: Actor, project_id: str | None
) -> tuple[dict[str, str], list[str]]:
    """Who did something (id → name), and which actions occur."""
    _require(actor, project_id)
    return store.audit.people_and_actions(project_id)


def audit_csv(store: Store, actor: Actor, query: AuditQuery) -> str:
    """What the query asks for as CSV, the newest LARGEST_EXPORT events."""
    _require(actor, query.project_id)
    return to_csv(store.audit.matching(query, LARGEST_EXPORT))


def _require(actor: Actor, project_id: str | None) -> None:
    if project_id is None:
        actor.require_admin()
    else:
        actor.require(project_id, "lead")
