"""Checks of a project's examples on a real store: a worker, and edits after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from core.actor import Actor
from core.checks.check import GroupTotal
from core.checks.settings import CheckSettings
from core.errors import Conflict, InvalidInput, NotAllowed
from core.examples.listing import ANY_FINDING, ExampleFilter
from core.projects import LabelField
from core.workflows.curation import (
    browsing,
    checks,
    deduplicating,
    mending,
    reviewing,
)
from core.workflows.curation.checks import NothingToCheck, start_check
from core.workflows.curation.working import Task
from core.workflows.jobs import control
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once, wait_for
from pages.server.work_views import task_view
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples, triples
from tests.check_builders import (
    DAMAGED,
    MENDED,
    check,
    copies,
    damaged,
    kinds,
    save,
    total,
)
from tests.job_builders import run_here

# The check --------------------------------------------------------------------------------------


def test_a_worker_finds_flaws_duplicates_and_the_health_of_the_set(
    store: Store, project_id: str, lead: Actor
) -> None:
    plain = triples(40)
    ids = some_examples(store, project_id, plain + damaged(2) + copies(plain[:3]))
    flawed = browsing.example_of(store, lead, project_id, ids[40])
    assert checks.findings_of(store, lead, flawed) == []  # and that is remembered until the check
    check_id = start_check(store, lead, project_id, CheckSettings())
    job = store.jobs.of_subject(check_id)
    assert job
    assert job.title == "Check 45 examples"
    assert wait_for(store, job.job_id).taken_in

    found = checks.found_examples(store, lead, project_id, "encoding_damage")
    assert [one.example_id for one in found] == ids[40:42]
    assert "encoding_damage" in {one.kind for one in checks.findings_of(store, lead, flawed)}
    first = found[0]
    assert "Ã©" in first.text[slice(first.start, first.end)]
    assert (first.field, first.severity, first.mend) == ("output", "high", f"0: {MENDED}")
    assert total(store, lead, project_id, "exact") == GroupTotal(3, 6, 3)
    group = deduplicating.groups(store, lead, project_id, "exact")[0]
    assert [one.position for one in group.members] == [1, 43]
    assert (group.best.position, group.why_best) == (43, "Example 43 has the longest output.")
    # Texts that differ in numbers only are siblings, no duplicates.
    assert total(store, lead, project_id, "near").groups == 0
    assert total(store, lead, project_id, "siblings").members >= 40
    newest = checks.newest_check(store, lead, project_id)
    assert newest
    result = newest.result
    assert (result.examples, result.distinct_prompts, result.points) == (45, 42, 45)
    assert sum(result.lengths["output"]["counts"]) == 45
    points = checks.map_points(store, lead, project_id)
    assert {one.topic for one in points} <= set(range(len(result.topics)))
    assert all(-1 <= one.x <= 1 and -1 <= one.y <= 1 for one in points)


def test_what_is_compared_and_which_kinds_are_on_is_kept_for_the_next_check(
    store: Store, project_id: str, lead: Actor
) -> None:
    same = [(f"Ask {k} {k * 7919}", f"Text {k * 104729}", "All the same to me.") for k in range(3)]
    some_examples(store, project_id, same + damaged(1))
    assert checks.settings_of(store, lead, project_id) == CheckSettings()
    off = frozenset({"encoding_damage"})
    check(store, lead, project_id, over="output", off=off, language="en")
    assert total(store, lead, project_id, "exact") == GroupTotal(1, 3, 2)
    assert "encoding_damage" not in kinds(store, lead, project_id)
    chosen = CheckSettings(over="output", off=off, language="en")
    assert checks.settings_of(store, lead, project_id) == chosen


def test_outputs_that_are_none_of_a_labels_options_are_found(store: Store) -> None:
    mood = LabelField("mood", ("good", "bad"))
    project_id = a_project(store, label_schema=(mood,)).project_id
    lead = an_actor(project_id, "lead")
    rows = [("Which mood?", f"Text {k * 7919}", "good" if k % 2 else "bad") for k in range(60)]
    ids = some_examples(store, project_id, [*rows, ("Which mood?", "Another", "angry")])
    check(store, lead, project_id, output_label="mood")
    found = checks.found_examples(store, lead, project_id, "label_not_in_schema")
    assert [one.example_id for one in found] == ids[60:]
    newest = checks.newest_check(store, lead, project_id)
    assert newest
    assert newest.result.labels["output"] == {"bad": 30, "good": 30, "angry": 1}
    with pytest.raises(InvalidInput, match="has no label “gone” any more"):
        start_check(store, lead, project_id, CheckSettings(output_label="gone"))


def test_examples_that_are_set_aside_are_not_checked(
    store: Store, project_id: str, lead: Actor
) -> None:
    with pytest.raises(NothingToCheck):
        start_check(store, lead, project_id, CheckSettings())
    ids = some_examples(store, project_id, damaged(2))
    for number, example_id in enumerate(ids):
        task = reviewing.open_review(store, lead, project_id, example_id)
        reviewing.decide(store, lead, project_id, f"d{number}", "set_aside", an_edit(task))
        if number == 0:
            check(store, lead, project_id)
            assert kinds(store, lead, project_id)["encoding_damage"] == 1
    assert "encoding_damage" not in kinds(store, lead, project_id)
    with pytest.raises(NothingToCheck):
        start_check(store, lead, project_id, CheckSettings())


def test_a_second_check_waits_and_an_older_one_replaces_nothing(
    store: Store, project_id: str, lead: Actor
) -> None:
    some_examples(store, project_id, damaged(3))
    check_id = start_check(store, lead, project_id, CheckSettings(), "chk_1")
    assert start_check(store, lead, project_id, CheckSettings(), "chk_1") == check_id
    other = an_actor(project_id, "lead", name="bob")
    with pytest.raises(Conflict, match="on its way already"):
        start_check(store, other, project_id, CheckSettings())
    job = store.jobs.of_subject(check_id)
    assert job
    run_here(store, check_id)
    later = check(store, other, project_id)
    newest = checks.newest_check(store, lead, project_id)
    assert newest
    assert newest.check_id == later
    before = store.database.value("SELECT count(*) FROM checks")
    store.database.execute("DELETE FROM checks WHERE check_id = $id", {"id": check_id})
    checks.take_in(store, job, folder_of(store, job))
    assert store.database.value("SELECT count(*) FROM checks") == before - 1


def test_a_check_that_is_cancelled_leaves_the_findings_of_the_one_before(
    store: Store, project_id: str, lead: Actor
) -> None:
    some_examples(store, project_id, damaged(2))
    check(store, lead, project_id)
    some_examples(store, project_id, [(f"{a}?", b, c) for a, b, c in damaged(20)])
    second = start_check(store, lead, project_id, CheckSettings())
    job = store.jobs.of_subject(second)
    assert job
    control.cancel_job(store, lead, job.job_id)
    while store.jobs.unsettled():
        supervise_once(store)
    ended = store.jobs.of_subject(second)
    assert ended
    assert ended.status == "cancelled"
    assert kinds(store, lead, project_id)["encoding_damage"] == 2
    assert checks.job_under_way(store, lead, project_id) is None


# After edits ------------------------------------------------------------------------------------


def test_a_finding_is_shown_only_while_its_revision_is_the_present(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = some_examples(store, project_id, damaged(3))
    check(store, lead, project_id)
    save(store, project_id, ids[0], output=MENDED)
    save(store, project_id, ids[1], output="<b>Bold</b> dish, served in the house at noon.")
    assert kinds(store, lead, project_id)["encoding_damage"] == 1
    assert checks.refresh(store, lead, project_id) == checks.Refreshed(2, 0)
    found = kinds(store, lead, project_id)
    assert (found["encoding_damage"], found["markup"]) == (1, 1)
    assert checks.refresh(store, lead, project_id) == checks.Refreshed(0, 0)


def test_after_an_edit_the_findings_of_the_whole_set_are_decided_anew(
    store: Store, project_id: str, lead: Actor
) -> None:
    same = [("Is it open?", "The shop on Monday", answer) for answer in ("yes", "no", "yes")]
    ids = some_examples(store, project_id, same)
    check(store, lead, project_id)
    assert kinds(store, lead, project_id)["contradictory_answers"] == 3
    save(store, project_id, ids[1], output="Yes, it is.")
    checks.refresh(store, lead, project_id)
    assert "contradictory_answers" not in kinds(store, lead, project_id)


def test_a_new_example_is_checked_and_more_than_200_wait_for_a_whole_check(
    store: Store, project_id: str, lead: Actor
) -> None:
    some_examples(store, project_id, damaged(1))
    check(store, lead, project_id)
    more = damaged(202)
    some_examples(store, project_id, more[1:2])
    assert checks.refresh(store, lead, project_id) == checks.Refreshed(1, 0)
    assert kinds(store, lead, project_id)["encoding_damage"] == 2
    some_examples(store, project_id, [(f"{a} Again?", b, c) for a, b, c in more[1:]])
    assert checks.refresh(store, lead, project_id) == checks.Refreshed(0, 201)
    assert kinds(store, lead, project_id)["encoding_damage"] == 2


# Permissions ------------------------------------------------------------------------------------


def test_all_members_look_and_only_leads_check_mend_and_decide(
    store: Store, project_id: str, lead: Actor
) -> None:
    some_examples(store, project_id, damaged(1))
    check_id = check(store, lead, project_id)
    keep = partial(deduplicating.decide, kind="exact", decision="keep_best", check_id=check_id)
    changes: tuple[Callable[..., object], ...] = (
        partial(start_check, settings=CheckSettings()),
        partial(mending.mend_all, kind="encoding_damage"),
        keep,
    )
    for member in (an_actor(project_id, role) for role in ("annotator", "reviewer", "viewer")):
        assert kinds(store, member, project_id)["encoding_damage"] == 1
        for change in changes:
            with pytest.raises(NotAllowed):
                change(store, member, project_id)
    with pytest.raises(NotAllowed):
        checks.totals(store, an_actor("another project"), project_id)


def test_who_asked_and_who_mended_stands_in_the_audit_log(
    store: Store, project_id: str, lead: Actor
) -> None:
    some_examples(store, project_id, damaged(1))
    check(store, lead, project_id)
    mending.mend_all(store, lead, project_id, "encoding_damage")
    actions = [one.action for one in store.audit.of_subject("project", project_id)]
    assert {"check_asked", "checked", "mended"} <= set(actions)


# Findings elsewhere -----------------------------------------------------------------------------


def test_examples_are_found_by_what_the_newest_check_says_of_them(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = some_examples(store, project_id, triples(20) + damaged(2))

    def listed(**wanted: Any) -> list[str]:
        rows, _ = browsing.examples_page(store, lead, project_id, ExampleFilter(**wanted))
        return [one.example_id for one in rows]

    assert listed(finding="encoding_damage") == []
    check(store, lead, project_id)
    assert listed(finding="encoding_damage") == ids[20:]
    assert listed(finding="high") == ids[20:]
    assert set(ids[20:]) <= set(listed(finding=ANY_FINDING))
    assert listed(finding="email") == []
    assert sorted(one for k in range(12) for one in listed(topic=k)) == sorted(ids)
    save(store, project_id, ids[20], output=MENDED)
    assert listed(finding="encoding_damage") == ids[21:]


def test_the_work_page_gets_what_was_found_on_the_text_it_shows(
    store: Store, project_id: str, lead: Actor
) -> None:
    text = f"𝔘nder the roof: {DAMAGED}"
    first, second = some_examples(store, project_id, [("Where?", "Here", text), *triples(1)])

    def shown(example_id: str) -> list[dict[str, Any]]:
        example = browsing.example_of(store, lead, project_id, example_id)
        view = task_view(store, lead, project_id, "annotate", Task(example, ()))
        return [one for one in view["findings"] if one["severity"] == "high"]

    assert shown(first) == []
    check(store, lead, project_id)
    (found,) = shown(first)
    assert (found["field"], found["label"]) == ("output", "Encoding damage")
    units = text.encode("utf-16-le")
    marked = units[2 * found["start"] : 2 * found["end"]].decode("utf-16-le")
    assert marked == found["text"] == "fÃ©"
    assert shown(second) == []
    # A text that nobody has checked is looked at when it is opened.
    save(store, project_id, second, output="Write to ann@example.com.")
    assert [(one["label"], one["text"]) for one in shown(second)] == [
        ("E-mail address", "ann@example.com")
    ]
