"""What the work routes of curation answer: an example, its changes, notes and history as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import TouchstoneError
from core.examples.current import CurrentExample
from core.examples.example import Change
from core.examples.overlap import BlindAnnotation, label_values
from core.examples.phrases import changes_between
from core.examples.states import Queue
from core.examples.timeline import deed, notes_for_annotator, notes_for_reviewer
from core.findings.finding import Finding
from core.labels.values import changed_words
from core.workflows.curation import (
    accepting,
    browsing,
    checks,
    commenting,
    drafts,
    gold_views,
    progress,
    working,
)
from core.workflows.curation.sent import Sent
from core.workflows.curation.working import Answer, Task

if TYPE_CHECKING:
    from storage.store import Store

Body = dict[str, Any]
NOTHING = {
    "annotate": (
        "Nothing waits for you to annotate",
        "Others hold the rest, or it waits for a reviewer's decision.",
    ),
    "review": ("Nothing waits for a decision", "Annotated and flagged examples appear here."),
}
# These neither save an example nor bring one.
LIGHT = ("draft", "discard", "read_guidelines", "comment", "read_comments")
SEVERAL = (
    "Others hold the rest, you have annotated or skipped it already, or it waits for a reviewer's "
    "decision."
)
NO_EXAMPLES = ("There are no examples yet", "They come from a file, or are added one by one.")
IMPORT = {"text": "Import examples", "path": "/import"}


def handle(name: str, store: Store, actor: Actor, project_id: str, body: Body) -> Body:
    """Do what was asked and answer as the contract says. Raises TouchstoneError."""
    mode: Queue = "review" if name == "review" else "annotate"
    sent = Sent.from_json(body)
    act = working.review if mode == "review" else working.annotate
    answer = act(store, actor, project_id, sent)
    light = sent.action in LIGHT
    figures = {} if light else working.figures(store, actor, project_id, mode, answer.missing)
    imports = actor.has(project_id, "annotator", "lead")
    message = None if light else _message(mode, sent, answer, figures, imports=imports)
    if message and mode == "annotate" and (told := progress.limit_told(store, actor, project_id)):
        message = {"title": "You have reached your limit", "text": told}
    return {
        "saved": list(answer.saved),
        "task": task_view(store, actor, project_id, mode, answer.task) if answer.task else None,
        "figures": figures,
        "message": message,
        **_said(store, actor, project_id, sent),
    }


def _said(store: Store, actor: Actor, project_id: str, sent: Sent) -> Body:
    """After a comment: the whole thread."""
    if sent.action != "comment":
        return {}
    example = browsing.example_of(store, actor, project_id, sent.example_id)
    return comments_view(store, actor, example)


def _message(
    mode: Queue, sent: Sent, answer: Answer, figures: Body, *, imports: bool
) -> Body | None:
    if answer.task is not None or not sent.next:
        return None
    if not figures["total"]:
        title, text = NO_EXAMPLES
        return {"title": title, "text": text, "links": [IMPORT] if imports else []}
    title, text = NOTHING[mode]
    if figures.get("annotators", 1) > 1:
        text = SEVERAL
    return {"title": title, "text": text}


def task_view(store: Store, actor: Actor, project_id: str, mode: Queue, task: Task) -> Body:
    """One example as the editor shows it."""
    example = task.example
    notes = notes_for_annotator(task.sent_back, own=task.own)
    if mode == "review":
        needed = accepting.needed(store, example)
        notes = notes_for_reviewer(example, task.previous, task.history, actor.person_id, needed)
    draft = drafts.draft_of(store, actor, mode, example.example_id)
    if draft is not None:
        draft["saved_at"] = draft["saved_at"].isoformat()
    hidden = mode == "annotate" and gold_views.hides_positions(store, actor, project_id)
    findings = checks.findings_of(store, actor, example)
    return {
        "project": project_id,
        "example_id": example.example_id,
        "based_on": example.revision_id,
        "submission_id": working.new_submission_id(),
        "fields": example.fields,
        "labels": dict(example.labels),
        "quality": example.quality,
        "position": None if hidden else example.position,
        "number": example.number,
        "state": example.state,
        "flagged": example.flagged,
        "changes": listed(
            changes_between(task.previous.fields if task.previous else None, example.fields)
        ),
        "label_changes": changed_words((task.previous or example).labels, example.labels),
        "notes": [asdict(note) for note in notes],
        "findings": [finding_view(one, example) for one in findings],
        "draft": draft,
        **comments_view(store, actor, example),
        "history": [
            {"at": entry.created_at.isoformat(), "text": deed(entry)} for entry in task.history
        ],
        "annotations": [annotation_view(one, example) for one in task.annotations],
    }


def annotation_view(one: BlindAnnotation, example: CurrentExample) -> Body:
    """One of several people's annotations, and how its texts differ from those shown."""
    return {
        **asdict(one),
        "said": [list(value) for value in label_values(one.labels)],
        "changes": listed(changes_between(example.fields, one.fields)),
    }


def finding_view(finding: Finding, example: CurrentExample) -> Body:
    """One finding: `start` and `end` count UTF-16 code units, as the browser's texts do; `text` is
    the marked place, "" where the whole field is meant."""
    from core.findings.kinds import KINDS

    text = getattr(example, finding.field, "")
    start, end = finding.start, finding.end
    return {
        "field": finding.field,
        "severity": finding.severity,
        "label": KINDS[finding.kind].label,
        "explanation": finding.explanation,
        "text": "" if start is None else text[start:end],
        "start": None if start is None else utf16_length(text[:start]),
        "end": None if end is None else utf16_length(text[:end]),
    }


def utf16_length(text: str) -> int:
    """UTF-16 code units: characters beyond the basic plane count two."""
    return len(text) + sum(character > "\uffff" for character in text)


def comments_view(store: Store, actor: Actor, example: CurrentExample) -> Body:
    """The comments on an example, and whether one mentions this person who has not opened it."""
    found = commenting.thread_of(store, actor, example)
    mentioned = bool(found) and commenting.is_mentioned(
        store, actor, example.project_id, example.example_id
    )
    return {
        "comments": [
            {"at": one.created_at.isoformat(), "person": one.author, "text": one.text}
            for one in found
        ],
        "mentioned": mentioned,
    }


def conflict_view(store: Store, actor: Actor, name: str, body: Body) -> Body:
    """Beside a refused edit: the example as it is now, and what the refused text would change."""
    mode: Queue = "review" if name == "review" else "annotate"
    try:
        sent = Sent.from_json(body)
        project_id = str(body["project"])
        theirs = working.theirs(store, actor, project_id, mode, sent.example_id)
    except (TouchstoneError, KeyError):
        return {}
    if sent.action == "open" or not any(sent.fields.values()):
        return {}
    return {
        "theirs": task_view(store, actor, project_id, mode, theirs),
        "changes": listed(changes_between(theirs.example.fields, sent.fields)),
        "labels": changed_words(theirs.example.labels, sent.labels),
        "open": working.may_still_be_saved(mode, theirs.example),
    }


def listed(changes: Mapping[str, Sequence[Change]]) -> dict[str, list[list[str]]]:
    """Changes as JSON has them."""
    return {name: [list(run) for run in runs] for name, runs in changes.items()}
