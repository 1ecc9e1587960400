"""Who acts, and with which roles. Every workflow takes an Actor and refuses first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.errors import NotAllowed

Role = Literal["annotator", "reviewer", "lead"]
ROLES: tuple[Role, ...] = ("annotator", "reviewer", "lead")


@dataclass(frozen=True)
class Actor:
    """A signed-in person. `roles` maps project id to roles held there; admin is the server's."""

    person_id: str
    name: str
    is_admin: bool = False
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    def has(self, project_id: str, *roles: Role) -> bool:
        """Whether any of `roles` is held in the project (any role at all when none is named)."""
        held = self.roles.get(project_id, frozenset())
        return self.is_admin or bool(held & frozenset(roles) if roles else held)

    def require(self, project_id: str, *roles: Role) -> None:
        """Raise NotAllowed unless one of `roles` is held in the project."""
        if not self.has(project_id, *roles):
            needed = " or ".join(roles) or "member"
            raise NotAllowed(
                f"This needs the role {needed} in this project. Ask a lead to give it to you."
            )

    def require_admin(self) -> None:
        """Raise NotAllowed unless this person is an admin of the server."""
        if not self.is_admin:
            raise NotAllowed("This needs an admin of the server. Ask one to do it.")


def system_actor() -> Actor:
    """The server itself: the demo at first start, and what a finished job leads to."""
    return Actor("system", "Touchstone", is_admin=True)
