"""Who acts, and with which roles. Every workflow takes an Actor and refuses first.

ROLES is the one list of roles: the storage's CHECK (migration 0013), the terminal, the pages and
the invitations follow it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from core.errors import InvalidInput, NotAllowed

Role = Literal["annotator", "reviewer", "lead", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_MEANS: Mapping[Role, str] = {
    "annotator": "imports and edits examples",
    "reviewer": "accepts examples and rates answers blind",
    "lead": "does everything in the project",
    "viewer": "reads examples, versions, runs and results; changes nothing",
}
WORKERS: tuple[Role, ...] = ("annotator", "reviewer", "lead")
READS_RESULTS: tuple[Role, ...] = ("lead", "viewer")


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

    def roles_in(self, project_id: str) -> frozenset[Role]:
        """The roles that count in the project; an admin acts as lead."""
        held = self.roles.get(project_id, frozenset())
        return held | {"lead"} if self.is_admin else held

    def require(self, project_id: str, *roles: Role) -> None:
        """Raise NotAllowed unless one of `roles` is held in the project."""
        if not self.has(project_id, *roles):
            needed = any_of(roles) or "member"
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


def any_of(roles: Sequence[Role]) -> str:
    """Roles of which one is enough: “annotator, reviewer or lead”."""
    return " or ".join(filter(None, (", ".join(roles[:-1]), *roles[-1:])))


def role_named(name: str) -> Role:
    """The role of that name. Raises InvalidInput."""
    found = next((role for role in ROLES if role == name), None)
    if found is None:
        raise InvalidInput(f"There is no role “{name}”. Choose one of {', '.join(ROLES)}.")
    return found


def check_roles_together(roles: Collection[Role]) -> None:
    """Raise InvalidInput where one person may not hold these roles in one project.

    Who has seen the results knows which system leads: such a person is no blind rater. (A lead,
    who may do both, sees on the Rate page what that means.)
    """
    if "viewer" in roles and "reviewer" in roles:
        raise InvalidInput(
            "A viewer reads the results and so cannot rate blind as a reviewer. "
            "Take one of the two roles away first."
        )
