"""Compare versions: what was added, removed, changed or moved between two of one project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.versions.difference import DifferenceCounts, DifferenceKind, DifferentExample
from core.workflows.curation import gold_lists
from core.workflows.curation.freezing import get_version

if TYPE_CHECKING:
    from storage.store import Store


def difference_counts(store: Store, actor: Actor, older: str, newer: str) -> DifferenceCounts:
    """How many examples of each kind of difference. Raises InvalidInput, NotFound, NotAllowed."""
    _check(store, actor, older, newer)
    return store.differences.counts(older, newer)


def difference_page(
    store: Store,
    actor: Actor,
    older: str,
    newer: str,
    kind: DifferenceKind,
    *,
    limit: int = 10,
    offset: int = 0,
) -> list[DifferentExample]:
    """Some of the examples that differ in this way, in a fixed order."""
    hidden = gold_lists.seen(store, actor, _check(store, actor, older, newer))
    found = store.differences.page(older, newer, kind, limit=limit, offset=offset)
    return [one for one in found if one.example_id not in hidden]


def difference_file(
    store: Store,
    actor: Actor,
    older: str,
    newer: str,
    kind: DifferenceKind,
    form: Literal["csv", "jsonl"],
) -> bytes:
    """All of them as CSV or JSON lines. Raises NotAllowed for who is measured by gold examples."""
    if gold_lists.seen(store, actor, _check(store, actor, older, newer)):
        raise NotAllowed("A lead can download the differences. Ask one for the file.")
    query = store.differences.file(older, newer, kind)
    return store.downloads.csv(query) if form == "csv" else store.downloads.jsonl(query)


def _check(store: Store, actor: Actor, older: str, newer: str) -> str:
    """The id of the one project of both. Raises InvalidInput unless they are two versions of one
    project that the actor may read."""
    first, second = (get_version(store, actor, version_id) for version_id in (older, newer))
    if first.project_id != second.project_id:
        raise InvalidInput("These versions are of different projects. Choose two of one project.")
    if older == newer:
        raise InvalidInput("This is the same version twice. Choose another one.")
    return first.project_id
