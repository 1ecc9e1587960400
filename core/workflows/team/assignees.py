"""Whom examples can be assigned to: who annotates in a project, and groups of them.

What is assigned to somebody who leaves, or to a group without members, is the open queue's again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from core.actor import Actor, Role
from core.clock import new_id
from core.errors import InvalidInput, NameTaken, NotFound
from core.examples.assignment import Group

if TYPE_CHECKING:
    from core.accounts import Person
    from storage.store import Store

ANNOTATES: frozenset[Role] = frozenset(("annotator", "lead"))


def assignees(store: Store, actor: Actor, project_id: str) -> dict[str, str]:
    """Id → name of whoever can be given examples: people by name, then groups."""
    actor.require(project_id)
    return assignees_of(store, project_id)


def annotators(store: Store, actor: Actor, project_id: str) -> dict[str, str]:
    """Id → name of the people who annotate in the project, by name."""
    actor.require(project_id)
    return annotators_of(store, project_id)


def annotators_of(store: Store, project_id: str) -> dict[str, str]:
    """`annotators`, for workflows that asked already."""
    everybody = store.accounts.everybody(project_id)
    return {one.person_id: one.name for one in everybody if _annotates(one)}


def assignees_of(store: Store, project_id: str) -> dict[str, str]:
    """`assignees`, for workflows that asked already."""
    groups = store.groups.of_project(project_id)
    return {
        **annotators_of(store, project_id),
        **{group.group_id: f"Group {group.name}" for group in groups},
    }


def names_of(store: Store, project_id: str, ids: Collection[str]) -> list[str]:
    """The names of people and groups. Raises InvalidInput where one cannot be given examples."""
    if not ids:
        return []
    known = assignees_of(store, project_id)
    if not set(ids) <= known.keys():
        raise InvalidInput(
            "Somebody among those chosen does not annotate in this project any more, or a group "
            "was deleted. Reload the page and choose again."
        )
    return [known[one] for one in ids]


# Groups -----------------------------------------------------------------------------------------


def groups(store: Store, actor: Actor, project_id: str) -> tuple[Group, ...]:
    """The project's groups by name."""
    actor.require(project_id)
    return store.groups.of_project(project_id)


def save_group(store: Store, actor: Actor, group: Group) -> int:
    """Add a group, or change its name and members, by a lead; how many examples went to the open
    queue because nobody is left in it.

    Raises NameTaken, and InvalidInput where a member does not annotate in the project.
    """
    actor.require(group.project_id, "lead")

    def save() -> int:
        names = [annotators_of(store, group.project_id).get(one) for one in group.members]
        if None in names:
            raise InvalidInput("Only who annotates in this project can be in a group. Reload.")
        name = group.name.strip().casefold()
        for other in store.groups.of_project(group.project_id):
            if other.group_id != group.group_id and other.name.casefold() == name:
                raise NameTaken(f"There is a group “{other.name}” already. Choose another name.")
        store.groups.save(group)
        returned = 0 if group.members else _release(store, actor.person_id, group.group_id)
        store.audit.record(
            "saved", "group", group.group_id, actor.person_id, project_id=group.project_id,
            name=group.name.strip(), members=names, examples_returned=returned or None,
        )  # fmt: skip
        return returned

    return store.transact(save)


def delete_group(store: Store, actor: Actor, project_id: str, group_id: str) -> int:
    """Delete a group, by a lead; how many examples went to the open queue. Raises NotFound."""
    actor.require(project_id, "lead")

    def save() -> int:
        known = {group.group_id: group for group in store.groups.of_project(project_id)}
        if group_id not in known:
            raise NotFound("There is no such group. Reload the page.")
        returned = _release(store, actor.person_id, group_id)
        store.groups.remove(group_id)
        store.audit.record(
            "deleted", "group", group_id, actor.person_id, project_id=project_id,
            name=known[group_id].name, examples_returned=returned or None,
        )  # fmt: skip
        return returned

    return store.transact(save)


# Leaving ----------------------------------------------------------------------------------------


def leave(store: Store, actor_id: str, person_id: str, project_id: str = "") -> int:
    """Inside a transaction: somebody does not annotate in a project, or in any, any more. How many
    examples went to the open queue, those of groups that nobody is left in among them."""
    returned = _release(store, actor_id, person_id, project_id)
    for group in store.groups.with_member(person_id, project_id):
        rest = tuple(one for one in group.members if one != person_id)
        store.groups.save(Group(group.group_id, group.project_id, group.name, rest))
        if not rest:
            returned += _release(store, actor_id, group.group_id)
    return returned


def _release(store: Store, actor_id: str, assignee: str, project_id: str = "") -> int:
    return sum(
        store.annotation.release(one, assignee, new_id("bat"), actor_id)
        for one in store.annotation.projects_of(assignee)
        if project_id in ("", one)
    )


def _annotates(person: Person) -> bool:
    return not person.disabled and bool(person.roles & ANNOTATES)
