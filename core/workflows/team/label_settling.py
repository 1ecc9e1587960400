"""Labels that are saved while a lead changes the label schema: brought in line once both are there.

Who saves has looked at the schema of before, and neither transaction sees the other. So the changes
of this process are remembered: a change looks once more when it is committed, and so does a save
during which one was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from core.actor import Actor
from core.clock import new_id
from core.examples.overlap import COLLECTOR
from core.label_changes import Moves, keeps_all, rewritten
from core.labels.values import fit
from core.projects import LabelField

if TYPE_CHECKING:
    from storage.store import Store

P = ParamSpec("P")
T = TypeVar("T")
COMMENT = "The label schema changed."


@dataclass(frozen=True)
class _Change:
    before: Sequence[LabelField]
    after: Sequence[LabelField]
    moves: Moves


_changes: dict[str, list[_Change]] = {}


def settles_labels(
    save: Callable[Concatenate[Store, Actor, str, P], T],
) -> Callable[Concatenate[Store, Actor, str, P], T]:
    """A workflow that saves labels of a project, and brings them in line with what changed
    meanwhile. Inside another transaction that is its caller's."""

    @wraps(save)
    def settled(
        store: Store, actor: Actor, project_id: str, /, *args: P.args, **more: P.kwargs
    ) -> T:
        since = len(_changes.get(project_id, ()))
        done = save(store, actor, project_id, *args, **more)
        if not store.database.in_transaction:
            _settle_since(store, project_id, since)
        return done

    return settled


def schema_changed(
    store: Store,
    project_id: str,
    before: Sequence[LabelField],
    after: Sequence[LabelField],
    moves: Moves,
) -> None:
    """A schema was replaced, and that is committed."""
    if keeps_all(before, after):
        return
    known = _changes.setdefault(project_id, [])
    known.append(_Change(before, after, moves))
    _settle_since(store, project_id, len(known) - 1)


def _settle_since(store: Store, project_id: str, since: int) -> None:
    if later := _changes.get(project_id, [])[since:]:
        store.transact(partial(_settle, store, project_id, later))


def _settle(store: Store, project_id: str, later: Sequence[_Change]) -> None:
    project = store.projects.by_id(project_id)
    if project is None:
        return
    schema = project.settings.label_schema
    in_use = {text: json.loads(text) for text in store.annotation.labels_in_use(project_id)}
    right = {
        text: _through(labels, later) for text, labels in in_use.items() if not fit(schema, labels)
    }
    if not right:
        return
    batch_id = new_id("bat")
    n = store.annotation.rewrite_labels(project_id, right, batch_id, COLLECTOR, COMMENT)
    store.audit.record(
        "relabelled", "project", project_id, COLLECTOR, project_id=project_id,
        batch_id=batch_id, n=n,
    )  # fmt: skip


def _through(labels: dict[str, Any], later: Sequence[_Change]) -> dict[str, Any]:
    for one in later:
        labels = rewritten(labels, one.before, one.after, one.moves)
    return labels
