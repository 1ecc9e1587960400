"""Review: what changed since the revision before, and a decision on it."""

from __future__ import annotations

from typing import Any

from core.actor import Actor
from core.workflows import annotating, home, reviewing
from pages.components import page, session, trouble
from pages.components.bulk import bulk_accept
from pages.components.desk import Desk, event_id, saved
from pages.components.editor import EditorForm, Note, Submission, editor
from pages.components.history import history


def main() -> None:
    """Take in what was sent, then draw the next example."""
    page.head("Review", "Decide on what people annotated. Only accepted examples are frozen.")
    store, actor, project = session.store(), session.actor(), session.project()
    desk = Desk("review", project.project_id)
    message = desk.receive(lambda sent: act(desk, actor, sent))
    conflict, problem = desk.conflict(), None
    if conflict:
        task: dict[str, Any] | None = conflict[0]
    else:
        task, problem = desk.task(
            lambda wished: reviewing.open_review(store, actor, project.project_id, wished),
            lambda: reviewing.next_to_review(store, actor, project.project_id),
        )
    figures(desk, actor)
    message = message or problem
    if task is None:
        if message:
            trouble.tell(message["title"], message["text"])
        nothing_left(desk, actor)
    else:
        entries = annotating.history_of(store, actor, project.project_id, task["example_id"])
        form = EditorForm(
            "review",
            actor.person_id,
            session.submission_id(desk.form(task)),
            task,
            schema=project.settings.label_schema,
            guidelines=project.settings.guidelines,
            notes=notes(task, entries, actor),
            can_go_back=reviewing.last_decision(store, actor, project.project_id) is not None,
            message=message,
            conflict=conflict[1] if conflict else None,
            saved=saved(),
        )
        editor(form, desk.key)
        history(entries)
    if actor.has(project.project_id, "lead"):
        bulk_accept(project.project_id)


def act(desk: Desk, actor: Actor, sent: Submission) -> None:
    """Do what the person asked for. Raises TouchstoneError when it cannot be done."""
    store, project_id = session.store(), desk.project_id
    if sent.action in ("accept", "send_back", "set_aside"):
        reviewing.decide(store, actor, project_id, event_id(sent), sent.action, sent.edit())
    elif sent.action == "skip":
        annotating.skip(store, actor, project_id, event_id(sent), sent.example_id, sent.reason)
    elif sent.action == "back":
        last = reviewing.last_decision(store, actor, project_id) or {"review_id": ""}
        undo_id = f"undo_{last['review_id']}"
        desk.choose(reviewing.undo_decision(store, actor, project_id, undo_id, last["review_id"]))
        return
    elif sent.action != "take_theirs":
        return
    desk.acknowledge(sent)


def notes(task: dict[str, Any], entries: list[dict[str, Any]], actor: Actor) -> list[Note]:
    """What a reviewer should know before reading."""
    found = []
    if task["flagged"]:
        flag = next(entry for entry in reversed(entries) if entry["kind"] == "flag")
        found.append(Note(f"Flagged by {flag['person']}: {flag['text']}", icon="⚑"))
    if task["number"] == 1:
        found.append(Note("Nobody has changed it since the import.", kind="plain", icon="○"))
    elif task["author_id"] == actor.person_id:
        found.append(Note("You wrote this revision yourself. Better let somebody else decide."))
    else:
        said = f"{task['author']} saved revision {task['number']}; marked is what changed in it."
        found.append(Note(said, kind="plain", icon="±"))
    return found


def figures(desk: Desk, actor: Actor) -> None:
    """How far this person is, and where the project stands."""
    done = annotating.done_today(session.store(), actor, desk.project_id)
    at = home.standing(session.store(), actor, desk.project_id)
    page.figures(
        [
            ("Decided today", page.number(done["reviewed"]), "Your single decisions in 24 hours"),
            ("Waiting", page.number(at.to_review), "Annotated or flagged, and free"),
            ("Accepted", page.number(at.accepted), "Ready to be frozen"),
        ]
    )


def nothing_left(desk: Desk, actor: Actor) -> None:
    """What to do when the queue is empty."""
    if annotating.counts(session.store(), actor, desk.project_id)["accepted"]:
        how = "What is accepted can be frozen as a dataset version."
        page.empty("Nothing waits for a decision", how, "curation/versions.py", "Freeze a version")
    else:
        how = "Annotated and flagged examples appear here."
        page.empty("Nothing waits for a decision", how, "curation/annotate.py", "Annotate examples")


main()
