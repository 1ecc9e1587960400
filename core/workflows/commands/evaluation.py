"""Terminal commands of evaluation: a study's report and seal, and the demo's loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.accounts import name_key
from core.actor import Actor, system_actor
from core.errors import NotFound
from core.study.study import Study
from core.workflows import demo
from core.workflows.commands.command import Answer, by_id_or_name
from core.workflows.evaluation import reporting, results, seals
from core.workflows.jobs.supervisor import wait_for
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store


def run_demo(store: Store, _workspace: Workspace, _arguments: dict[str, Any]) -> Answer:
    """The whole loop in the demo project, up to the queue of blind pairs."""
    return demo.run_demo(store, system_actor())


def report(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """The report of a `study` (its id, or a name that one study alone has), once its results are
    computed: {"study", "name", "json", "html", "seen_by"}; json and html as texts. `person`: the
    name of the account that the unblinding ledger names, else it says "from the terminal"."""
    actor = _person(store, str(arguments.get("person") or ""))
    study = _study(store, str(arguments["study"]))
    waiting = results.study_report(store, actor, study.study_id)
    if waiting.content is None:
        wait_for(store, waiting.job_id)
    files = reporting.report_files(store, actor, study.study_id)
    seen_by = actor.name if actor.person_id != system_actor().person_id else ""
    return {"study": study.study_id, "name": study.name, "seen_by": seen_by, **files}


def seal(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """The seal of a `study`; of a closed one with what it stands for: {"study", "name", "closed",
    "seal", "added", "opened"}; `added` are the seals of pairs that were added."""
    study = _study(store, str(arguments["study"]))
    opened = seals.opened_seal(store, system_actor(), study.study_id) if study.closed else None
    return {
        "study": study.study_id,
        "name": study.name,
        "closed": study.closed,
        "seal": study.seal,
        "added": [one.seal for one in study.extensions],
        "opened": opened,
    }


def _person(store: Store, name: str) -> Actor:
    """Who asks at the terminal, which may do everything. Raises NotFound for an unknown name."""
    if not name.strip():
        return system_actor()
    known = store.accounts.credentials_of(name_key(name))
    if known is None:
        raise NotFound(f"Nobody here is called “{name}”. Give --as the name that you sign in with.")
    return Actor(known.person_id, known.name, is_admin=True)


def _study(store: Store, named: str) -> Study:
    return by_id_or_name(
        store, store.studies, named, kind="study", id_of=lambda study: study.study_id,
        advice="Give its name, or its id.",
    )  # fmt: skip
