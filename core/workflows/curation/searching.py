"""Search: where a text occurs, by the project's text index; more examples like one; the job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import InvalidInput
from core.examples.current import CurrentExample
from core.examples.index_job import NAME
from core.examples.listing import ExampleFilter
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.wording import counted
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

KIND = "index_text"
MOST_HITS = 20_000
"""Where a text occurs more often, looking at all texts is as fast."""
MOST_ALIKE = 100
_AGAIN_AFTER = timedelta(hours=1)


class NotIndexed(InvalidInput):
    """A worker has to index the project's texts first."""

    title = "The texts are being indexed"


def looked_up(store: Store, actor: Actor, project_id: str, wanted: ExampleFilter) -> ExampleFilter:
    """The same filter with the positions of its text, where the index knows them: it matches the
    same examples, and fast. Where a worker must make the index first, that is begun."""
    actor.require(project_id)
    if not wanted.text:
        return wanted
    found = store.search.positions(project_id, wanted.text, MOST_HITS)
    if found is None:
        _begin_index(store, actor, project_id)
        return wanted
    if wanted.positions is not None:
        known = set(found)
        found = [position for position in wanted.positions if position in known]
    return replace(wanted, text="", positions=tuple(found))


def more_like(store: Store, actor: Actor, example: CurrentExample) -> tuple[int, ...]:
    """The positions of the examples that share most rare words with one, the most alike first; at
    most 100. Raises NotIndexed while a worker makes the index."""
    project_id = example.project_id
    actor.require(project_id)
    found = store.search.like(project_id, example.position, MOST_ALIKE)
    if found is None:
        _begin_index(store, actor, project_id)
        raise NotIndexed("This takes seconds up to a minute. Try it again then.")
    return tuple(found)


def _begin_index(store: Store, actor: Actor, project_id: str) -> None:
    """Queue the job that makes the index where one is needed, none is on its way, and none has
    failed just now."""
    if not store.search.is_behind(project_id):
        return
    newest = next(iter(store.jobs.of_project(project_id, (KIND,), 1)), None)
    lately = newest is not None and newest.created_at > now() - _AGAIN_AFTER
    if newest is not None and (not newest.taken_in or (lately and newest.status != "completed")):
        return
    jobs.submit(
        store,
        actor,
        kind=KIND,
        project_id=project_id,
        subject_id=new_id("idx"),
        title=f"Index {counted(store.examples.counts(project_id)['total'], 'text')}",
        spec={"mark": now().isoformat()},
        tables={"texts.parquet": store.search.to_index(project_id)},
    )


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Search by the index from now on; the files of earlier ones go."""
    store.search.put_in_place(job.project_id, folder.final / NAME)
    for other in store.jobs.of_project(job.project_id, (KIND,)):
        if other.taken_in and other.job_id != job.job_id:
            (store.workspace / other.folder / "final" / NAME).unlink(missing_ok=True)
