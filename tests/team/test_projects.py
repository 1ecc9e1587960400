"""Projects: making, changing, deleting and bringing back, on a real database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import NameTaken, NotAllowed, NotFound
from core.projects import (
    DEFAULT_RUBRIC,
    Criterion,
    InvalidProject,
    LabelField,
    ProjectSettings,
)
from core.prompts import InvalidTemplate
from core.scoring.json_schema import InvalidSchema
from core.workflows.team.projects import (
    change_project,
    create_project,
    delete_project,
    get_project,
    restore_project,
    visible_projects,
)
from storage.store import Store
from tests.builders import an_actor, an_admin, some_examples

FULL = ProjectSettings(
    name="Sales notes",
    task_kind="extraction",
    guidelines="# Copy names *as written*.\n- one\n- two",
    label_schema=(
        LabelField("topic", ("billing", "support")),
        LabelField("flaws", ("typo", "missing", "wrong"), "multiple"),
    ),
    rubric=(*DEFAULT_RUBRIC, Criterion("tone", "Is it polite?", ("a", "b", "c", "d", "e"))),
    template="{instruction}\n\n{input}\n\n=>",
    record_fields=("company", "decision"),
    label_field="decision",
)


def test_a_project_is_read_back_as_it_was_made(store: Store) -> None:
    project = create_project(store, an_admin(), FULL)
    assert get_project(store, an_admin(), project.project_id).settings == FULL


def test_its_maker_is_its_lead(store: Store) -> None:
    admin = store.accounts.add("Ada", "ada", "hash", True)
    project = create_project(store, replace(an_admin(), person_id=admin), FULL)
    people = store.accounts.everybody(project.project_id)
    assert [(p.person_id, p.roles) for p in people] == [(admin, frozenset({"lead"}))]


def test_only_an_admin_makes_projects_and_only_a_lead_changes_them(store: Store) -> None:
    project = create_project(store, an_admin(), FULL)
    for role in ("annotator", "reviewer"):
        somebody = an_actor(project.project_id, role)
        with pytest.raises(NotAllowed):
            create_project(store, somebody, replace(FULL, name="Mine"))
        with pytest.raises(NotAllowed):
            change_project(store, somebody, project.project_id, FULL)
        with pytest.raises(NotAllowed):
            delete_project(store, somebody, project.project_id)
        with pytest.raises(NotAllowed):
            restore_project(store, somebody, project.project_id)


def test_a_change_is_kept_and_logged_with_its_author(store: Store) -> None:
    project = create_project(store, an_admin(), FULL)
    lead = an_actor(project.project_id, "lead", name="bob")
    changed = replace(FULL, name="Notes", guidelines="Shorter.")
    change_project(store, lead, project.project_id, changed)
    assert get_project(store, lead, project.project_id).settings == changed
    log = store.audit.of_subject("project", project.project_id)
    assert [(event.action, event.actor_id) for event in log] == [
        ("created", "person_ada"),
        ("changed", "person_bob"),
    ]


def test_two_projects_cannot_have_one_name_whatever_its_case(store: Store) -> None:
    create_project(store, an_admin(), FULL)
    with pytest.raises(NameTaken, match="called “Sales notes” already"):
        create_project(store, an_admin(), replace(FULL, name="SALES NOTES"))
    other = create_project(store, an_admin(), replace(FULL, name="Other"))
    with pytest.raises(NameTaken, match="Choose another name"):
        change_project(store, an_admin(), other.project_id, FULL)


def test_saving_a_project_under_its_own_name_is_no_conflict(store: Store) -> None:
    project = create_project(store, an_admin(), FULL)
    change_project(store, an_admin(), project.project_id, replace(FULL, name="sales NOTES"))
    assert get_project(store, an_admin(), project.project_id).name == "sales NOTES"


def test_a_deleted_project_is_gone_for_everybody_and_comes_back_whole(store: Store) -> None:
    project = create_project(store, an_admin(), FULL)
    some_examples(store, project.project_id, 3)
    delete_project(store, an_admin(), project.project_id)
    assert visible_projects(store, an_admin()) == []
    with pytest.raises(NotFound, match="was deleted"):
        get_project(store, an_admin(), project.project_id)
    restore_project(store, an_admin(), project.project_id)
    assert get_project(store, an_admin(), project.project_id).settings == FULL
    assert store.examples.counts(project.project_id)["total"] == 3


def test_the_name_of_a_deleted_project_is_free_and_bringing_it_back_says_so(store: Store) -> None:
    project = create_project(store, an_admin(), FULL)
    delete_project(store, an_admin(), project.project_id)
    newer = create_project(store, an_admin(), FULL)
    with pytest.raises(NameTaken, match="called “Sales notes” already"):
        restore_project(store, an_admin(), project.project_id)
    change_project(store, an_admin(), newer.project_id, replace(FULL, name="Newer"))
    restore_project(store, an_admin(), project.project_id)
    assert {p.name for p in visible_projects(store, an_admin())} == {"Sales notes", "Newer"}


def test_people_see_the_projects_in_which_they_have_a_role(store: Store) -> None:
    mine = create_project(store, an_admin(), FULL)
    create_project(store, an_admin(), replace(FULL, name="Other"))
    found = visible_projects(store, an_actor(mine.project_id, "annotator"))
    assert [p.project_id for p in found] == [mine.project_id]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "   "}, "needs a name"),
        ({"name": "x" * 81}, "1 to 80 characters"),
        ({"rubric": ()}, "at least one criterion"),
        ({"rubric": DEFAULT_RUBRIC * 2}, "each name once"),
        ({"label_field": "size"}, "none of the record fields"),
        ({"task_kind": "chat"}, "as the task kind"),
        ({"json_schema": '{"type": "objekt"}'}, "no JSON schema"),
    ],
)
def test_settings_that_cannot_be_used_say_how_to_mend_them(
    wrong: dict[str, object], says: str
) -> None:
    with pytest.raises((InvalidProject, InvalidSchema), match=says):
        replace(FULL, **wrong)  # type: ignore[arg-type]


def test_a_template_without_the_instruction_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match="must contain"):
        replace(FULL, template="{input}")


def test_a_label_needs_two_options_each_once() -> None:
    with pytest.raises(InvalidProject, match="at least two options"):
        LabelField("topic", ("one",))
    with pytest.raises(InvalidProject, match="names an option twice"):
        LabelField("topic", ("one", "one"))


def test_a_criterion_needs_all_five_anchors() -> None:
    with pytest.raises(InvalidProject, match="five anchors"):
        Criterion("tone", "Polite?", ("a", "b", " ", "d", "e"))
