"""Progress of the people in a project, their limits, and groups for assignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.clock import new_id
from core.examples.assignment import LONGEST_GROUP_NAME, Group, Progress, Quota
from core.projects import Project
from core.workflows.curation import accepting, progress
from core.workflows.team import assignees
from pages.components import errors, page, session


def people_at_work(project: Project) -> None:
    """The table, its download, and the forms for limits and groups."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    found = progress.progress(store, actor, project_id)
    limits = progress.quotas(store, actor, project_id)
    st.subheader("Progress", anchor=False)
    st.caption(
        "Assign examples under Examples, Change all that match. Accepted and sent back: what "
        "became of the examples that a person saved."
    )
    table(found, limits)
    second_reviews(project_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Limits …", icon=":material/speed:"):
            limit_form(project_id, limits)
        with st.popover("Groups …", icon=":material/group:"):
            group_forms(project_id)
        st.download_button(
            "Progress as CSV",
            lambda: progress.progress_file(store, actor, project_id),
            file_name="progress.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",  # a rerun would replace the file while the browser asks for it
        )


def second_reviews(project_id: str) -> None:
    """How many examples wait for another reviewer, with the way to them."""
    waiting = accepting.waiting(session.store(), session.actor(), project_id)
    if waiting:
        st.page_link(
            "curation/examples.py",
            label=f"{page.counted(waiting, 'example')} accepted by one reviewer or more, waiting "
            "for another",
            icon=":material/fact_check:",
            query_params={"awaiting": "true"},
        )


def table(found: Sequence[Progress], limits: Mapping[str, Quota]) -> None:
    """One row a person, a group, and the open queue."""
    works = [one.work for one in found]
    st.dataframe(
        {
            "Who": [one.name for one in found],
            "Assigned": [one.assigned for one in found],
            "Done of these": [one.done for one in found],
            "Saved": [work and work.saved for work in works],
            "Accepted": [work and work.accepted for work in works],
            "Sent back": [work and work.sent_back for work in works],
            "Skipped": [work and work.skipped for work in works],
            "Median time": [page.duration(work.median_seconds if work else None) for work in works],
            "Last active": [page.when(work.last_active if work else None) for work in works],
            "Limit": [limit_text(limits.get(one.assignee, Quota())) for one in found],
        },
        hide_index=True,
        placeholder="—",
        height="content" if len(found) <= 20 else 640,
        column_config={"Who": st.column_config.TextColumn(pinned=True)},
    )


def limit_text(quota: Quota) -> str:
    """A limit in few words."""
    parts = [f"{page.number(quota.per_day)} a day"] if quota.per_day else []
    parts += [f"{page.number(quota.total)} in all"] if quota.total else []
    return ", ".join(parts) or "—"


def limit_form(project_id: str, limits: Mapping[str, Quota]) -> None:
    """How much one person may annotate."""
    people = assignees.annotators(session.store(), session.actor(), project_id)
    if not people:
        st.write("Nobody annotates in this project yet.")
        return
    person = st.selectbox("Person", list(people), format_func=people.__getitem__)
    now = limits.get(person, Quota())
    with st.form(f"limit {project_id} {person} {now}", border=False):
        day = st.number_input("Examples in 24 hours", min_value=1, value=now.per_day, step=1)
        total = st.number_input("Examples in all", min_value=1, value=now.total, step=1)
        st.caption("Empty: no limit. What is open when a limit is reached can still be saved.")
        if st.form_submit_button("Save the limit"):
            errors.attempt(
                lambda: progress.set_quota(
                    session.store(), session.actor(), project_id, person, Quota(day, total)
                ),
                f"The limit of {people[person]} is saved.",
            )


def group_forms(project_id: str) -> None:
    """The groups, each with its members, and a new one."""
    store, actor = session.store(), session.actor()
    people = assignees.annotators(store, actor, project_id)
    st.caption("What is assigned to a group goes to whoever in it comes first.")
    groups = assignees.groups(store, actor, project_id)
    names = {"": "New group", **{group.group_id: group.name for group in groups}}
    chosen = st.selectbox("Group", list(names), format_func=names.__getitem__)
    group = next((one for one in groups if one.group_id == chosen), None)
    with st.form(f"group {project_id} {group}", border=False, clear_on_submit=group is None):
        name = st.text_input("Name", group.name if group else "", max_chars=LONGEST_GROUP_NAME)
        members = st.multiselect(
            "Members",
            list(people),
            [one for one in group.members if one in people] if group else [],
            format_func=people.__getitem__,
        )
        with st.container(horizontal=True):
            save = st.form_submit_button("Save the group")
            delete = group is not None and st.form_submit_button("Delete it")
    if save:
        group_id = group.group_id if group else new_id("grp")
        errors.attempt(lambda: save_group(group_id, project_id, name, tuple(members)))
    if delete and group:
        errors.attempt(lambda: delete_group(project_id, group))


def save_group(group_id: str, project_id: str, name: str, members: tuple[str, ...]) -> None:
    """Save it, and say what went to the open queue."""
    group = Group(group_id, project_id, name, members)
    returned = assignees.save_group(session.store(), session.actor(), group)
    session.say(f"{name.strip()} is saved.{returned_text(returned)}")


def delete_group(project_id: str, group: Group) -> None:
    """Delete it, and say what went to the open queue."""
    store, actor = session.store(), session.actor()
    returned = assignees.delete_group(store, actor, project_id, group.group_id)
    session.say(f"{group.name} is deleted.{returned_text(returned)}")


def returned_text(count: int) -> str:
    """What became of examples that were assigned, as a sentence to append."""
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    return f" {page.counted(count, 'assigned example')} {verb} in the open queue again."
