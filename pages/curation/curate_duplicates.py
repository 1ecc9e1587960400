"""Duplicates on the Curate page: groups side by side, and decisions on one or on all."""

from __future__ import annotations

import streamlit as st

from core.checks.check import Check, DuplicateGroup, DuplicateKind, GroupDecision, Member
from core.checks.fields import OVER_LABELS
from core.examples.example import FIELDS
from core.examples.states import STATE_LABELS
from core.projects import Project
from core.wording import counted
from core.workflows.curation import deduplicating
from pages.components import page, session
from pages.components.errors import attempt

PER_PAGE = 5
SHOWN = 700
KIND = "duplicates"
LABELS: dict[str, DuplicateKind] = {
    "Exact": "exact",
    "Near": "near",
    "Template siblings": "siblings",
}
MEANS: dict[DuplicateKind, str] = {
    "exact": "Equal but for letter case and white space.",
    "near": "Alike in their words, each near the first one of its group.",
    "siblings": "One template with other numbers, names or labels. They are no duplicates; look "
    "whether the set needs so many.",
}
RULES = (
    "The best one of a group: accepted before annotated before new before sent back, then without "
    "findings of high severity, then the longest output, then the first that came in."
)
DONE: dict[GroupDecision, str] = {
    "keep_best": "set {} aside and kept the best",
    "drop_all": "set {} of a group aside",
    "keep_all": "kept {} of a group",
}


def duplicates(project: Project, check: Check) -> None:
    """One kind of groups, with its decisions."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    undo(project_id)
    chosen = st.segmented_control(
        "Kind", list(LABELS), key=KIND, bind="query-params", default="Exact", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    kind = LABELS[chosen or "Exact"]
    total = deduplicating.total(store, actor, project_id, kind)
    where = OVER_LABELS[check.settings.over].lower()
    st.caption(f"{MEANS[kind]} Compared: {where}. New duplicates are found by the next check.")
    if check.result.capped_buckets:
        st.caption(
            "Among very many similar texts not every two were compared: a few may be missing."
        )
    if not total.groups:
        page.empty("No groups", "There are none of this kind, or all are decided.")
        return
    many = counted(total.groups, "group")
    st.markdown(f"**{many} with {counted(total.members, 'example')}**")
    if kind != "siblings" and actor.has(project_id, "lead"):
        st.caption(RULES)
        label = f"Keep the best of all {many} …"
        if total.others and st.button(label, icon=":material/filter_1:"):
            confirm(project_id, check.check_id, kind, total.groups, total.others)
    pages = f"duplicates {project_id} {kind}"
    last = -(-total.groups // PER_PAGE)
    number = min(session.widget_value(pages) or 1, last)
    for group in deduplicating.groups(
        store, actor, project_id, kind, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    ):
        shown_group(project_id, check.check_id, group)
    if last > 1:
        st.pagination(last, default=number, key=pages)


def shown_group(project_id: str, check_id: str, group: DuplicateGroup) -> None:
    """The members side by side, the representative first, and what can be decided."""
    is_lead = session.actor().has(project_id, "lead")
    proposes = group.kind != "siblings"
    with st.container(border=True):
        same = [len({getattr(one, name) for one in group.members}) == 1 for name in FIELDS]
        alike = [name for name, shared in zip(FIELDS, same, strict=True) if shared]
        shared = f", {' and '.join(alike)} the same" if alike else ""
        st.markdown(f"**{page.counted(group.size, 'example')}**{shared}")
        for start in range(0, len(group.members), 2):
            columns = st.columns(2)
            for column, one in zip(columns, group.members[start : start + 2], strict=False):
                with column:
                    member(one, same, first=one is group.members[0], best=proposes and one.is_best)
        if group.size > len(group.members):
            st.caption(f"… and {page.number(group.size - len(group.members))} more.")
        if not (proposes and is_lead):
            return
        st.caption(f"Proposed: keep example {page.number(group.best.position)}. {group.why_best}")
        with st.container(horizontal=True):
            others = group.size - 1
            button(project_id, check_id, group, "keep_best",
                   f"Keep the best, set {page.number(others)} aside")  # fmt: skip
            button(project_id, check_id, group, "keep_all", "Keep all, do not show again")
            button(project_id, check_id, group, "drop_all", "Set all aside")


def member(one: Member, same: list[bool], *, first: bool, best: bool) -> None:
    """One example of a group; what all members share is shown with the first."""
    marks = [STATE_LABELS[one.state].lower()]
    marks += ["flagged"] if one.flagged else []
    marks += ["★ best"] if best else []
    marks += ["has high findings"] if one.findings else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "curation/examples.py",
            label=f"Example {page.number(one.position)}",
            query_params={"example": one.example_id},
            width="content",
        )
        st.caption(" · ".join(marks), width="content")
    for name, shared in zip(FIELDS, same, strict=True):
        text = getattr(one, name)
        if not text or (shared and not first):
            continue
        st.caption(name.capitalize())
        page.plain(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def button(
    project_id: str, check_id: str, group: DuplicateGroup, decision: GroupDecision, label: str
) -> None:
    """A decision on one group."""
    if st.button(label, key=f"{decision}_{group.kind}_{group.number}"):
        attempt(
            lambda: deduplicating.decide(
                session.store(), session.actor(), project_id, group.kind, decision,
                check_id=check_id, number=group.number,
            ),
            "Done. Undo is above.",
        )  # fmt: skip


@st.dialog("Keep the best of every group")
def confirm(project_id: str, check_id: str, kind: DuplicateKind, groups: int, others: int) -> None:
    """Say what will happen, then do it."""
    st.write(
        f"In {counted(groups, 'group')} the best example stays, and {counted(others, 'other')} "
        f"{'is' if others == 1 else 'are'} set aside. Flagged examples and ones that people hold "
        "stay as they are. You can undo it."
    )
    with st.container(horizontal=True):
        if st.button(f"Set {counted(others, 'example')} aside", type="primary"):
            done = deduplicating.decide(
                session.store(), session.actor(), project_id, kind, "keep_best", check_id=check_id
            )
            session.say(f"{counted(done, 'example')} set aside.")
            st.rerun()
        if st.button("Cancel"):
            st.rerun()


def undo(project_id: str) -> None:
    """The last decision on duplicates, and the way back."""
    store, actor = session.store(), session.actor()
    last = deduplicating.last_decision(store, actor, project_id)
    if last is None or not actor.has(project_id, "lead"):
        return
    done = {str(name): text for name, text in DONE.items()}[last.about]
    with st.container(horizontal=True, vertical_alignment="center"):
        what = done.format(counted(last.n, "example"))
        st.text(f"{last.person} {what} on {page.when(last.created_at)}.")
        if st.button("Undo this decision", icon=":material/undo:", key="undo_duplicates"):
            attempt(
                lambda: deduplicating.undo_decision(store, actor, project_id, last.batch_id),
                "The examples are as they were, where nothing happened since.",
            )
