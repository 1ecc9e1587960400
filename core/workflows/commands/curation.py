"""Terminal commands of curation: importing examples, freezing and exporting versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.actor import system_actor
from core.clock import new_id
from core.errors import InvalidInput, TouchstoneError, full_disk_told
from core.examples.listing import ExampleFilter
from core.exporting.formats import format_named
from core.importing.formats import identify
from core.importing.limits import UNLIMITED
from core.importing.pipeline import check_output
from core.importing.sniffing import begin
from core.projects import Project, ProjectSettings
from core.versions.split_plan import SplitPlan
from core.workflows.commands.command import Answer, project_named
from core.workflows.curation import exporting, freezing, importing
from core.workflows.jobs.jobs import refuse_without_room
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team.projects import create_project, delete_project
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store

REJECTS_PRINTED = 1000


def import_examples(store: Store, workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Import a file into a project, which is created if it is missing; `accept`: as accepted.

    A file of any size: one that was sent to the server is moved into the job, another read where
    it lies. Answers import_id, accepted, duplicates, rejected, label_problems, warnings and the
    first rejects [{line, reason}].
    """
    actor, name = system_actor(), str(arguments.get("project") or "").strip()
    if not name:
        raise InvalidInput("Name the project to import into with --project.")
    path, file_name = Path(arguments["file"]), str(arguments["file_name"])
    with _project(store, workspace, name, path, file_name) as project:
        import_id = importing.start_import(
            store,
            actor,
            project.project_id,
            path,
            file_name,
            entered_as="accepted" if arguments.get("accept") else "new",
            in_place=not path.resolve().is_relative_to(workspace.inbox.resolve()),
            limits=UNLIMITED,
        )
        job = store.jobs.of_subject(import_id)
        assert job is not None
        wait_for(store, job.job_id)
    found = store.imports.by_id(import_id)
    assert found is not None
    rejects = importing.rejects_of(
        store, actor, project.project_id, import_id, limit=REJECTS_PRINTED
    )
    return {
        "project": project.name,
        "import_id": import_id,
        "accepted": found.accepted,
        "duplicates": found.duplicates,
        "rejected": found.rejected,
        "label_problems": found.label_problems,
        "entered_as": found.entered_as,
        "warnings": list(found.warnings),
        "rejects": [{"line": one.line, "reason": one.reason} for one in rejects],
    }


@contextmanager
def _project(
    store: Store, workspace: Workspace, name: str, path: Path, file_name: str
) -> Iterator[Project]:
    """The project of that name; a new one is made only for a file that can be read.

    When the import is refused all the same and nothing has come in, a new project is deleted again.
    """
    if found := store.projects.by_name(name):
        yield found
        return
    settings = ProjectSettings(name)
    refuse_without_room(store)
    with full_disk_told():
        _refuse_unreadable(workspace, path, file_name)
    made = create_project(store, system_actor(), settings)
    try:
        yield made
    except TouchstoneError:
        if _is_unused(store, made.project_id):
            delete_project(store, system_actor(), made.project_id)
        raise


def _refuse_unreadable(workspace: Workspace, path: Path, file_name: str) -> None:
    """Raise what the import job would raise at its first look at the file."""
    with TemporaryDirectory(dir=workspace.inbox) as folder:
        named = path
        if path.is_file():  # one that was sent has lost its name, which tells its kind
            named = Path(folder) / f"upload{Path(file_name).suffix}"
            named.symlink_to(path.resolve())
        kind = identify(named, UNLIMITED, whole=False)
        beginning = begin(named, kind, UNLIMITED)
        check_output(beginning.mapping(), beginning.is_document)


def _is_unused(store: Store, project_id: str) -> bool:
    """Whether nothing came into a project and nothing works on it."""
    jobs = store.jobs.of_project(project_id)
    return (
        all(job.taken_in for job in jobs)
        and not store.imports.of_project(project_id)
        and not store.examples.counts(project_id)["total"]
    )


def freeze(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Freeze what is accepted in a project: project, name, seed, evaluation_only, plan (how to
    split: core.versions.split_plan).

    Answers version (its id), name, number, content_hash, counts per split, groups, kept (examples
    that keep an earlier split), left_out and warnings.
    """
    actor, project = system_actor(), project_named(store, arguments)
    version_id = freezing.start_freeze(
        store,
        actor,
        project.project_id,
        name=str(arguments.get("name") or ""),
        seed=int(arguments.get("seed", freezing.SEED)),
        evaluation_only=bool(arguments.get("evaluation_only")),
        plan=SplitPlan.from_json(arguments.get("plan") or {}),
    )
    job = store.jobs.of_subject(version_id)
    assert job is not None
    wait_for(store, job.job_id)
    version = freezing.get_version(store, actor, version_id)
    return {
        "version": version.version_id,
        "project": project.name,
        "name": version.name,
        "number": version.number,
        "content_hash": version.content_hash,
        "counts": dict(version.counts),
        "groups": version.groups,
        "kept": version.kept,
        "left_out": version.left_out,
        "evaluation_only": version.evaluation_only,
        "warnings": list(version.warnings),
    }


def export_version(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Write a version's files: version (its id), format, provenance.

    Answers version, content_hash, counts and files (name → path in the workspace).
    """
    actor, version_id = system_actor(), str(arguments.get("version") or "")
    version, wish = freezing.get_version(store, actor, version_id), _wish(arguments)
    wait_for(store, exporting.start_version_export(store, actor, version_id, wish))
    export = exporting.version_export(store, actor, version_id, wish)
    assert export is not None
    return {
        "version": version_id,
        "content_hash": version.content_hash,
        "counts": dict(version.counts),
        "files": {name: str(path) for name, path in export.files.items()},
    }


def export_examples(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Write the examples of a project: project, format, provenance, and as a filter any of state,
    label ("NAME=OPTION"), text, flagged.

    Answers project, examples (how many) and files (name → path in the workspace).
    """
    actor, project = system_actor(), project_named(store, arguments)
    name, given, option = str(arguments.get("label") or "").partition("=")
    if name and not given:
        raise InvalidInput("Name the label and its option, such as --label topic=sums.")
    wanted = ExampleFilter(
        state=arguments.get("state") or None,
        flagged=True if arguments.get("flagged") else None,
        label=(name, option) if name else None,
        text=str(arguments.get("text") or ""),
    )
    job_id = exporting.start_examples_export(
        store, actor, project.project_id, wanted, _wish(arguments), export_id=new_id("exp")
    )
    wait_for(store, job_id)
    export = exporting.export_of_job(store, actor, job_id)
    return {
        "project": project.name,
        "examples": export.job.detail["examples"],
        "files": {name: str(path) for name, path in export.files.items()},
    }


def _wish(arguments: dict[str, Any]) -> exporting.Wish:
    named = format_named(str(arguments.get("format") or "jsonl"))
    return exporting.Wish(named.name, provenance=bool(arguments.get("provenance")))
