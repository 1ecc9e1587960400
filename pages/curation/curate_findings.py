"""Findings on the Curate page: kinds by weight, their examples, and mends with a preview."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.checks.check import Check, FoundExample, KindTotal
from core.examples.example import Change, word_diff
from core.examples.phrases import in_phrases
from core.examples.states import STATE_LABELS
from core.findings.kinds import KINDS
from core.projects import Project
from core.workflows.curation import checks, mending
from pages.components import page, session
from pages.components.difference import difference
from pages.components.errors import attempt, escaped
from pages.curation.example_filters import FINDING

PER_PAGE = 10
AROUND = 240
KIND, ALL = "kind", ""
SEVERITY_ICONS = {"high": "▲ high", "medium": "◆ medium", "low": "▽ low"}


def findings(project: Project, check: Check) -> None:
    """The kinds with examples now, the remarks on the set, and the examples of one kind."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    totals = checks.totals(store, actor, project_id)
    undo(project_id)
    if not totals and not check.result.remarks:
        page.empty("No findings", "No example has any of the flaws that are looked for.")
        return
    for remark in check.result.remarks:
        with st.container(border=True):
            st.markdown(f"**{escaped(KINDS[remark['kind']].label)}**")
            st.text(remark["explanation"])
    if not totals:
        return
    summary(totals)
    known = {KINDS[one.kind].label: one for one in totals}
    if session.widget_value(KIND) not in known:
        session.set_widget(KIND, next(iter(known)))
    chosen = st.selectbox("Show", list(known), key=KIND, bind="query-params", width=360)
    examples_of(project_id, known[chosen])


def summary(totals: Sequence[KindTotal]) -> None:
    """One row a kind, what weighs most first."""
    st.dataframe(
        [
            {
                "Finding": KINDS[one.kind].label,
                "Severity": SEVERITY_ICONS[one.severity],
                "Examples": one.examples,
                "Safe mends": one.mends,
                "What it is": KINDS[one.kind].explanation,
            }
            for one in totals
        ],
        hide_index=True,
        height="content",
        column_config={
            "Severity": st.column_config.TextColumn(width="small"),
            "Examples": st.column_config.NumberColumn(width="small"),
            "Safe mends": st.column_config.NumberColumn(width="small"),
            "What it is": st.column_config.TextColumn(width="large"),
        },
    )


def examples_of(project_id: str, total: KindTotal) -> None:
    """The examples of a kind, a page at a time, and the mend of all of them."""
    store, actor = session.store(), session.actor()
    st.caption(KINDS[total.kind].explanation)
    if total.mends and actor.has(project_id, "lead"):
        count = mending.mendable(store, actor, project_id, total.kind)
        label = f"Apply {'all' if count > 1 else 'the'} {page.counted(count, 'safe mend')} …"
        if count and st.button(label, icon=":material/healing:"):
            confirm(project_id, total.kind, count)
    pages = f"findings {project_id} {total.kind}"
    number = min(session.widget_value(pages) or 1, -(-total.examples // PER_PAGE))
    st.page_link(
        "curation/examples.py",
        label="Label, assign or set them aside on the Examples page",
        icon=":material/checklist:",
        query_params={FINDING: KINDS[total.kind].label},
        width="content",
    )
    rows = checks.found_examples(
        store, actor, project_id, total.kind, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    for one in rows:
        finding(project_id, one)
    if total.examples > PER_PAGE:
        st.pagination(-(-total.examples // PER_PAGE), default=number, key=pages)


def finding(project_id: str, one: FoundExample) -> None:
    """One finding: where it is, why, and what the mend would make of it."""
    key = f"{one.kind}_{one.example_id}_{one.field}"
    with st.container(border=True, key=f"finding_{key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            state = STATE_LABELS[one.state].lower()
            st.page_link(
                "curation/examples.py",
                label=f"Example {page.number(one.position)}",
                icon=":material/open_in_new:",
                query_params={"example": one.example_id},
                width="content",
            )
            st.caption(f"{one.field} · {state}", width="content")
        st.text(one.explanation)
        if one.mend is None:
            page.marked(around(one))
            return
        changes = in_phrases(word_diff(one.text, one.mend))
        difference({one.field: shortened(changes)}, key=f"mend_{key}")
        if session.actor().has(project_id, "lead") and st.button(
            "Apply this mend", key=f"apply_{key}", icon=":material/healing:"
        ):
            attempt(
                lambda: mending.mend_one(
                    session.store(), session.actor(), project_id, one.kind, one.example_id,
                    one.revision_id,
                ),
                f"Example {page.number(one.position)} is mended. Undo is above.",
            )  # fmt: skip


def around(one: FoundExample) -> list[tuple[str, tuple[str, ...]]]:
    """The span with what stands around it; the beginning of the field where all of it is meant."""
    if one.start is None or one.end is None:
        cut = one.text[: 2 * AROUND]
        return [(cut + ("…" if len(one.text) > len(cut) else "") or "—", ())]
    first, last = max(0, one.start - AROUND), min(len(one.text), one.end + AROUND)
    before = ("…" if first else "") + one.text[first : one.start]
    after = one.text[one.end : last] + ("…" if last < len(one.text) else "")
    return [(before, ()), (one.text[one.start : one.end], (KINDS[one.kind].label,)), (after, ())]


def shortened(changes: Sequence[Change]) -> list[Change]:
    """The changes, of long texts that stay the same only what is next to one."""
    last = len(changes) - 1
    return [
        (op, _ends(text, keep_head=k > 0, keep_tail=k < last) if op == "same" else text)
        for k, (op, text) in enumerate(changes)
    ]


def _ends(text: str, *, keep_head: bool, keep_tail: bool) -> str:
    """A long text without its middle, or without the end that stands beside no change."""
    if len(text) <= 2 * AROUND:
        return text
    head = text[:AROUND] if keep_head else ""
    return f"{head} … {text[-AROUND:] if keep_tail else ''}"


@st.dialog("Apply safe mends")
def confirm(project_id: str, kind: str, count: int) -> None:
    """Say what will happen, then do it."""
    st.write(
        f"{page.counted(count, 'example')} with “{KINDS[kind].label}” will get a new revision with "
        "the mended text. Each keeps its state: accepted ones stay accepted. Examples that people "
        "hold, or that wait for other annotators, stay as they are. You can undo it."
    )
    with st.container(horizontal=True):
        if st.button(f"Apply to {page.counted(count, 'example')}", type="primary"):
            done = mending.mend_all(session.store(), session.actor(), project_id, kind)
            session.say(f"{page.counted(done, 'example')} mended.")
            st.rerun()
        if st.button("Cancel"):
            st.rerun()


def undo(project_id: str) -> None:
    """The last batch of mends, and the way back."""
    store, actor = session.store(), session.actor()
    last = mending.last_mend(store, actor, project_id)
    if last is None or not actor.has(project_id, "lead"):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        many, when = page.counted(last.n, "example"), page.when(last.created_at)
        label = KINDS[last.about].label if last.about in KINDS else last.about
        st.text(f"{last.person} mended {many} on {when}: {label}.")
        if st.button("Undo these mends", icon=":material/undo:", key="undo_mends"):
            attempt(
                lambda: mending.undo_mends(store, actor, project_id, last.batch_id),
                "The texts are as they were, where nothing happened since.",
            )
