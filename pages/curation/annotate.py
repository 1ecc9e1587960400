"""Annotate: one example after the other, guidelines beside it, saved in one round trip."""

from __future__ import annotations

from core.actor import Actor
from core.workflows import annotating, home
from pages.components import page, session, trouble
from pages.components.desk import Desk, Message, Task, event_id, saved
from pages.components.editor import EditorForm, Note, Submission, editor
from pages.components.history import history

NOTHING = "Nothing waits for you to annotate"


def main() -> None:
    """Take in what was sent, then draw the next example."""
    page.head("Annotate", "Make each example what a good model should learn, one at a time.")
    actor, project = session.actor(), session.project()
    desk = Desk("annotate", project.project_id)
    message = desk.receive(lambda sent: act(desk, actor, sent))
    conflict = desk.conflict()
    task, problem = (conflict[0], None) if conflict else next_task(desk, actor)
    figures(desk, actor)
    if task is None:
        nothing_left(desk, actor, message or problem)
        return
    form = EditorForm(
        "annotate",
        actor.person_id,
        session.submission_id(desk.form(task)),
        task,
        schema=project.settings.label_schema,
        guidelines=project.settings.guidelines,
        notes=[Note(f"Sent back: {task['sent_back']}", icon="↩")] if task.get("sent_back") else [],
        can_go_back=annotating.last_saved(session.store(), actor, desk.project_id) is not None,
        message=message or problem,
        conflict=conflict[1] if conflict else None,
        saved=saved(),
    )
    editor(form, desk.key)
    history(annotating.history_of(session.store(), actor, desk.project_id, str(task["example_id"])))


def act(desk: Desk, actor: Actor, sent: Submission) -> None:
    """Do what the person asked for. Raises TouchstoneError when it cannot be done."""
    store, project_id = session.store(), desk.project_id
    if sent.action == "save":
        annotating.save_annotation(store, actor, project_id, sent.edit())
    elif sent.action in ("skip", "flag"):
        leave = annotating.skip if sent.action == "skip" else annotating.flag
        leave(store, actor, project_id, event_id(sent), sent.example_id, sent.reason)
    elif sent.action in ("back", "open"):
        last = annotating.last_saved(store, actor, project_id)
        desk.choose(sent.open if sent.action == "open" else last)
        return
    elif sent.action == "alive":
        return
    desk.acknowledge(sent)


def next_task(desk: Desk, actor: Actor) -> tuple[Task | None, Message | None]:
    """The example to show, leased to this person."""
    store = session.store()
    return desk.task(
        lambda wished: annotating.open_example(store, actor, desk.project_id, wished),
        lambda: annotating.next_to_annotate(store, actor, desk.project_id),
    )


def figures(desk: Desk, actor: Actor) -> None:
    """How far this person is."""
    done = annotating.done_today(session.store(), actor, desk.project_id)
    waits = home.standing(session.store(), actor, desk.project_id)
    page.figures(
        [
            ("Saved today", page.number(done["annotated"]), "Revisions you saved in 24 hours"),
            ("Waiting", page.number(waits.to_annotate), "Examples that you can be given"),
            ("Sent back to me", page.number(waits.sent_back), "With a reviewer's comment"),
        ]
    )


def nothing_left(desk: Desk, actor: Actor, message: Message | None) -> None:
    """What to do when the queue is empty."""
    if message:
        trouble.tell(message["title"], message["text"])
    if annotating.counts(session.store(), actor, desk.project_id)["total"] == 0:
        how = "Examples come from a file. Import one, and they wait here."
        page.empty("There are no examples yet", how, "curation/importing.py", "Import examples")
    elif actor.has(desk.project_id, "reviewer", "lead"):
        how = "What people annotated waits for a reviewer's decision."
        page.empty(NOTHING, how, "curation/review.py", "Review examples")
    else:
        how = "Others hold the rest, or it waits for a reviewer. Look in again later."
        page.empty(NOTHING, how, "curation/examples.py", "Browse the examples")


main()
