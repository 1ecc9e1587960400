"""Examples to check, checking them in this process, and what was found, one line each."""

from __future__ import annotations

from collections.abc import Sequence

from core.actor import Actor
from core.checks.check import DuplicateKind, GroupTotal
from core.checks.settings import CheckSettings
from core.examples.current import CurrentExample
from core.workflows.curation import annotating, checks, deduplicating
from core.workflows.curation.checks import start_check
from storage.store import Store
from tests.builders import Triple, an_actor, an_edit
from tests.job_builders import run_here

DAMAGED = "It was served in the cafÃ© at noon."
MENDED = "It was served in the café at noon."


def check(store: Store, lead: Actor, project_id: str, **settings: object) -> str:
    """Check in this process, with the worker's code; the check's id."""
    chosen = CheckSettings(**settings)  # type: ignore[arg-type]
    check_id = start_check(store, lead, project_id, chosen)
    run_here(store, check_id)
    return check_id


def kinds(store: Store, lead: Actor, project_id: str) -> dict[str, int]:
    return {one.kind: one.examples for one in checks.totals(store, lead, project_id)}


def current(store: Store, example_id: str) -> CurrentExample:
    found = store.examples.current(example_id)
    assert found is not None
    return found


def save(store: Store, project_id: str, example_id: str, **changes: str) -> None:
    """An annotator saves other texts."""
    anna = an_actor(project_id, "annotator", name="anna")
    shown = annotating.open_example(store, anna, project_id, example_id)
    annotating.save_annotation(store, anna, project_id, an_edit(shown, **changes))


def damaged(n: int) -> list[Triple]:
    return [(f"Where was dish {k * 37}?", f"Menu {k * 91}", f"{k}: {DAMAGED}") for k in range(n)]


def copies(of: Sequence[Triple]) -> list[Triple]:
    """Each again in capitals: an exact duplicate, whose output is longer."""
    return [(a.upper(), b.upper(), f"{c} Longer.") for a, b, c in of]


def total(store: Store, lead: Actor, project_id: str, kind: DuplicateKind) -> GroupTotal:
    return deduplicating.total(store, lead, project_id, kind)
