"""The embedded demo: a project that is there at the first start, and the loop without a browser.

    touchstone demo --home DIR --json

The notes are made by `core.demo.notes`; the base model is the one under `core/demo/base`. The loop
invents no ratings: it ends where people begin, with the queue of blind pairs.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor, system_actor
from core.clock import new_id
from core.demo.notes import (
    DEMO_FIELDS,
    DEMO_GUIDELINES,
    DemoExample,
    make_examples,
)
from core.errors import NotFound, TouchstoneError
from core.jobs import local
from core.jobs.folder import JobFolder
from core.names import free_name
from core.projects import LabelField, Project, ProjectSettings
from core.study.system import VersionSystem
from core.tuning.base_models import DEMO_ID
from core.tuning.generation_config import GenerationConfig
from core.workflows.curation import freezing
from core.workflows.curation.importing import save_import
from core.workflows.evaluation import generating, studies
from core.workflows.jobs.supervisor import wait_for
from core.workflows.tuning import training

if TYPE_CHECKING:
    from storage.store import Store

NAME = "Demo: intake notes"
FILE = "intake-notes.jsonl"
LEFT_OPEN = 40
# What the demo's two runs change of the settings for its base model.
SHORT_AND_WHOLE: tuple[Mapping[str, Any], Mapping[str, Any]] = ({"num_train_epochs": 0.3}, {})
# The longest answer of the demo has 59 tokens.
GENERATION = GenerationConfig(max_new_tokens=80, batch_size=32, shots=3)
Say = Callable[[str], None]


def demo_settings() -> ProjectSettings:
    """The demo project as a lead would set it up."""
    return ProjectSettings(
        name=NAME,
        task_kind="extraction",
        guidelines=DEMO_GUIDELINES,
        label_schema=(
            LabelField("note", ("complete", "breaks off", "unclear")),
            LabelField("problems", ("typo", "swapped fields", "wrong decision"), "multiple"),
        ),
        record_fields=DEMO_FIELDS,
        label_field="decision",
    )


def ensure_demo(store: Store) -> Project | None:
    """The demo project, made if this workspace never had one; None once a lead deleted it.

    Its examples come in through the importer, rejects included. Those without a known flaw are
    accepted by “Touchstone”, but for a few: they and the flawed ones wait for people.
    """
    found = next((p for p in store.projects.all() if p.is_demo), None)
    if found is not None or store.projects.ever_had_demo():
        return found
    actor = system_actor()
    project = Project(new_id("prj"), demo_settings(), is_demo=True)
    examples = make_examples()
    with tempfile.TemporaryDirectory(dir=store.workspace) as folder:
        final = _read_examples(examples, Path(folder) / "import")

        def save() -> None:
            store.projects.add(project, actor.person_id)
            save_import(
                store,
                final,
                project_id=project.project_id,
                import_id=new_id("imp"),
                file_name=FILE,
                actor_id=actor.person_id,
            )
            _accept_sound_ones(store, actor, project, examples)

        store.transact(save)
    return project


def _read_examples(examples: list[DemoExample], path: Path) -> Path:
    """Write the examples as a file and have a worker read it; where its tables are.

    As every import does: what reading needs would stay in the server's memory.
    """
    lines = (
        {"id": f"note-{i:04}", "instruction": e.instruction, "input": e.input, "output": e.output}
        for i, e in enumerate(examples, 1)
    )
    folder = JobFolder.create(path, {"kind": "import", "file": FILE})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder.data / FILE).write_text(text, encoding="utf-8")
    local.launch(folder)
    while not (state := local.status_of(folder)).is_terminal:
        time.sleep(0.02)
    if state.status != "completed":
        log = folder.log_file.read_text(encoding="utf-8", errors="replace")
        raise TouchstoneError(f"The demo's examples could not be read ({state.status}). {log}")
    return folder.final


def _accept_sound_ones(
    store: Store, actor: Actor, project: Project, examples: list[DemoExample]
) -> None:
    sound = [f"note-{i:04}" for i, e in enumerate(examples, 1) if e.flaw is None]
    known = store.examples.ids_by_external_id(project.project_id)
    chosen = [known[name] for name in sound[LEFT_OPEN:] if name in known]
    store.annotation.accept_these(
        chosen,
        new_id("bat"),
        actor.person_id,
        "Made without a flaw by the demo's own script.",
    )


def run_demo(
    store: Store,
    actor: Actor,
    say: Say = lambda _text: None,
    trainings: tuple[Mapping[str, Any], Mapping[str, Any]] = SHORT_AND_WHOLE,
    generation: GenerationConfig = GENERATION,
) -> dict[str, Any]:
    """Freeze, train, generate, score and open a study in the demo project; what came of it.

    `trainings`: settings of the run that the study's baseline comes from, and of its candidate's.
    Raises NotFound when a lead deleted the demo, and the sentence of a job that failed.
    """
    began = time.monotonic()
    project = ensure_demo(store)
    if project is None:
        raise NotFound(
            "The demo project was deleted in this workspace. Use another folder with --home."
        )
    project_id = project.project_id
    actor.require(project_id, "lead")
    counts = store.examples.counts(project_id)
    say(f"Freezing {counts['accepted']} of {counts['total']} examples")
    taken = [version.name for version in freezing.versions_of(store, actor, project_id)]
    name = free_name("demo", taken)
    version_id = freezing.start_freeze(store, actor, project_id, name=name)
    _settle(store, version_id)
    say("Training two LoRA adapters on the demo base: 0.3 and 3 epochs")
    short_id, run_id = (
        training.start_run(store, actor, version_id, model_id=DEMO_ID, name=name, settings=settings)
        for name, settings in zip(("demo LoRA, 0.3 epochs", "demo LoRA"), trainings, strict=True)
    )
    _settle(store, short_id)
    _settle(store, run_id)
    say("Generating with base, prompted base and both runs")
    systems = generating.start_generation(store, actor, run_id, config=generation)
    short = generating.start_generation(store, actor, short_id, config=generation, kinds=["tuned"])
    _settle_generation(store, systems)
    _settle_generation(store, short)
    say("Opening a blind study")
    # The toy base answers in one line, where runs write a record: raters would know at a glance
    # who is who. Two runs that differ in training alone can be compared blind.
    study_id = studies.open_study(
        store,
        actor,
        project_id,
        version_id=version_id,
        name="demo: 0.3 epochs against 3",
        baseline_id=short["tuned"],
        candidate_ids=[systems["tuned"]],
        split="test",
    )
    _settle(store, study_id)
    return _report(store, actor, project_id, version_id, run_id, systems, study_id) | {
        "seconds": round(time.monotonic() - began, 1)
    }


def _settle(store: Store, subject_id: str) -> None:
    job = store.jobs.of_subject(subject_id)
    assert job is not None
    wait_for(store, job.job_id)


def _settle_generation(store: Store, systems: dict[str, str]) -> None:
    """Wait for the answers and for the scoring that follows them."""
    first = store.systems.newest_generation(next(iter(systems.values())))
    assert first is not None
    assert first.job_id is not None
    project_id = wait_for(store, first.job_id).project_id
    scoring = next(
        job
        for job in store.jobs.of_project(project_id, ["score"])
        if first.system_id in job.detail["systems"]
    )
    wait_for(store, scoring.job_id)


def _report(
    store: Store,
    actor: Actor,
    project_id: str,
    version_id: str,
    run_id: str,
    systems: dict[str, str],
    study_id: str,
) -> dict[str, Any]:
    version = freezing.get_version(store, actor, version_id)
    run = training.get_run(store, actor, run_id)
    assert run.metrics is not None
    study = studies.get_study(store, actor, study_id)
    return {
        "examples": store.examples.counts(project_id),
        "splits": {name: version.counts[name] for name in ("train", "validation", "test")},
        "run": {
            "status": run.status,
            "seconds": run.metrics.seconds,
            "trainable_parameters": run.metrics.trainable_parameters,
            "total_parameters": run.metrics.total_parameters,
        },
        "scores": {
            s.kind: _scores(s)
            for s in store.systems.of_version(version_id)
            if s.system_id in systems.values()
        },
        "study": {"pairs": study.plan.pairs, "blind": study.blind},
    }


def _scores(system: VersionSystem) -> dict[str, Any]:
    summary = system.summary
    return {
        **summary["metrics"],
        "label_f1": summary["label_report"]["macro_f1"],
        "field_accuracy": summary["field_accuracy"],
        "n": summary["n"],
    }
