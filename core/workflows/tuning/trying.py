"""Ask a run's base and tuned model the same question, as often as one likes; leads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.examples.current import CurrentExample
from core.examples.example import Example
from core.jobs.events import EventLog, read_events
from core.jobs.job import Job
from core.tuning.generation_config import GenerationConfig
from core.tuning.run import Run
from core.workflows.curation.browsing import add_example
from core.workflows.jobs import jobs
from core.workflows.tuning.training import get_run

if TYPE_CHECKING:
    from storage.store import Store

KIND = "try"
QUESTIONS = "questions.jsonl"
IDLE_SECONDS = 300
LONGEST_QUESTION = 20_000
Which = Literal["base", "tuned"]


@dataclass(frozen=True)
class Asked:
    """A question; `base` and `tuned` are None until it is answered. `seconds` are of both."""

    question_id: str
    instruction: str
    input: str
    base: str | None = None
    tuned: str | None = None
    seconds: float | None = None


def start_trying(store: Store, actor: Actor, run_id: str) -> str:
    """Load a completed run's models in a worker; the job's id, or that of the one that is there.

    Raises InvalidInput for a run that is not completed.
    """
    run = _run(store, actor, run_id)
    if run.metrics is None:
        raise InvalidInput("Only a completed run can be tried. Choose another one.")
    earlier = latest_trial(store, actor, run_id)
    if earlier and not earlier.is_terminal:
        return earlier.job_id
    return jobs.submit(
        store,
        actor,
        kind=KIND,
        project_id=run.project_id,
        subject_id=jobs.subject_again(store, _subject(run_id)),
        title=f"Try {run.name}",
        spec={
            "base_model": run.spec.base.location,
            "adapter": f"{run.folder}/final",
            "precision": run.precision,
            "base_model_hash": run.base_model_hash,
            "prompt": run.prompt.to_json(),
            "idle_seconds": IDLE_SECONDS,
        },
        detail={"run": run.run_id},
    )


def latest_trial(store: Store, actor: Actor, run_id: str) -> Job | None:
    """The newest job in which this run is or was tried."""
    _run(store, actor, run_id)
    return store.jobs.newest_about(_subject(run_id))


def _subject(run_id: str) -> str:
    return f"{KIND}_{run_id}"


def ask(
    store: Store,
    actor: Actor,
    job_id: str,
    instruction: str,
    input: str = "",
    config: GenerationConfig | None = None,
) -> str:
    """Put a question to a loaded model; its id. Raises InvalidInput, and Conflict when the model
    was unloaded."""
    job = jobs.get_job(store, actor, job_id)
    actor.require(job.project_id, "lead")
    if job.is_terminal:
        raise Conflict("The model was unloaded meanwhile. Load it again.")
    if not instruction.strip():
        raise InvalidInput("A question needs an instruction. Write one.")
    if len(instruction) + len(input) > LONGEST_QUESTION:
        raise InvalidInput(f"A question may have {LONGEST_QUESTION} characters. Shorten it.")
    question_id = new_id("ask")
    log = EventLog(jobs.folder_of(store, job).path / QUESTIONS)
    asked = {"question_id": question_id, "instruction": instruction, "input": input}
    log.append("question", **asked, config=(config or GenerationConfig()).to_json())
    return question_id


def conversation(store: Store, actor: Actor, job_id: str) -> list[Asked]:
    """All questions of a trial in the order they were asked, each with its answers once there."""
    job = jobs.get_job(store, actor, job_id)
    actor.require(job.project_id, "lead")
    folder = jobs.folder_of(store, job)
    events = read_events(folder.events_file)[0]
    answered = {e["question_id"]: e for e in events if e["kind"] == "answer"}
    return [_asked(one, answered.get(one["question_id"])) for one in _questions(folder.path)]


def _questions(folder: Any) -> Sequence[dict[str, Any]]:
    return read_events(folder / QUESTIONS)[0]


def _asked(question: dict[str, Any], answer: dict[str, Any] | None) -> Asked:
    given = {name: answer[name] for name in ("base", "tuned", "seconds")} if answer else {}
    return Asked(question["question_id"], question["instruction"], question["input"], **given)


def propose(
    store: Store, actor: Actor, job_id: str, question_id: str, which: Which, *, good: bool
) -> CurrentExample:
    """Put a question with one of its answers into the annotation queue, as a new example that
    somebody must confirm or correct. Twice is once.

    Raises InvalidInput before the question is answered, ContentKnown when the project has an
    example with the same texts.
    """
    job = jobs.get_job(store, actor, job_id)
    asked = next(
        (one for one in conversation(store, actor, job_id) if one.question_id == question_id), None
    )
    text = getattr(asked, which) if asked else None
    if asked is None or not text:
        raise InvalidInput("This question has no answer to propose. Ask it again.")
    run = _run(store, actor, str(job.detail["run"]))
    said = "good" if good else "to be corrected"
    return add_example(
        store,
        actor,
        job.project_id,
        f"ex_{question_id}_{which}",
        Example(asked.instruction, asked.input, text),
        comment=f"Proposed from trying {run.name}: an answer of the {which} model, {said}.",
    )


def _run(store: Store, actor: Actor, run_id: str) -> Run:
    run = get_run(store, actor, run_id)
    actor.require(run.project_id, "lead")
    return run
