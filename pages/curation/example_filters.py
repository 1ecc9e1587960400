"""What a person looks for among the examples: widgets that stand in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Literal

import streamlit as st

from core.errors import InvalidInput, TouchstoneError
from core.examples.assignment import OPEN_QUEUE
from core.examples.listing import ANY_FINDING, ORDER_LABELS, ExampleFilter, LabelTest, Order
from core.examples.states import STATE_LABELS, STATES, ExampleState
from core.findings.finding import SEVERITIES
from core.findings.kinds import KINDS
from core.labels.field import SHARED, LabelField
from core.versions.splitting import SPLITS
from core.workflows.curation import accepting, browsing, checks, searching
from core.workflows.curation.searching import NotIndexed
from core.workflows.team import assignees
from pages.components import errors, page, session

# Names of the address's parameters, and of the widgets bound to them.
(
    STATE, TEXT, FLAGGED, SKIPPED, ORDER, LABEL, AUTHOR, SPLIT, SINCE, UNTIL, LEAST, MOST, FINDING,
    TOPIC, LIKE, ASSIGNED, CRITICAL, AWAITING, SYNTHETIC,
) = (
    "state", "text", "flagged", "skipped", "order", "label", "author", "split", "since", "until",
    "least", "most", "finding", "topic", "like", "assigned",
    "critical", "awaiting", "synthetic",
)  # fmt: skip
MORE = (
    ASSIGNED, SPLIT, SINCE, UNTIL, LEAST, MOST, FINDING, TOPIC, SKIPPED, SYNTHETIC, CRITICAL,
)  # fmt: skip
PAGE, OPEN = "page", "example"
ANY = "Any"
LabelChoice = tuple[tuple[str, str | int], LabelTest]
STATE_CHOICES: dict[str, ExampleState | None] = {
    ANY: None,
    **{STATE_LABELS[state]: state for state in STATES},
}
ORDER_CHOICES: dict[str, Order] = {
    label: order for order, label in ORDER_LABELS.items() if order != "alike"
}


def filters(project_id: str, counts: Mapping[str, int]) -> ExampleFilter:
    """Draw the filters; another choice starts again at the first page."""
    labels, authors = label_choices(), author_choices(project_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search", key=TEXT, bind="query-params", on_change=first_page, width=200,
            placeholder="Words in any field", icon=":material/search:",
        )  # fmt: skip
        state = choose("State", STATE, list(STATE_CHOICES))
        author = choose("Last changed by", AUTHOR, [ANY, *authors]) if len(authors) > 1 else ANY
        label = choose("Label", LABEL, [ANY, *labels], 200) if labels else ANY
        order = choose("Sort by", ORDER, list(ORDER_CHOICES), 190)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        flagged = mark(f"Flagged ({page.number(counts['flagged'])})", FLAGGED)
        more = {**awaiting_filter(project_id), **more_filters(project_id)}
    wanted = ExampleFilter(
        STATE_CHOICES.get(state),
        flagged=True if flagged else None,
        author_id=authors.get(author, ""),
        label=labels[label][0] if label in labels else None,
        label_test=labels[label][1] if label in labels else "has",
        text=text.strip(),
        order=ORDER_CHOICES.get(order, "position"),
    )
    wanted = alike(project_id, wanted)
    try:
        return replace(wanted, **more)
    except InvalidInput as error:
        errors.show(error)
        return wanted


def alike(project_id: str, wanted: ExampleFilter) -> ExampleFilter:
    """Only the examples that are like the one that the address names, where it names one."""
    example_id = st.query_params.get(LIKE)
    if not example_id:
        return wanted
    store, actor = session.store(), session.actor()
    with st.container(horizontal=True, vertical_alignment="center"):
        try:
            example = browsing.shown_example(store, actor, project_id, example_id)
            positions = searching.more_like(store, actor, example)
            number = page.number(example.position)
            st.text(f"What shares most rare words with example {number}, the most alike first")
        except NotIndexed as waiting:
            st.info(f"{waiting.title}. {waiting}", icon=":material/hourglass_top:")
            positions = ()
        except TouchstoneError as error:
            errors.show(error)
            positions = ()
        if st.button("Show all examples", icon=":material/close:", type="tertiary"):
            del st.query_params[LIKE]
            st.rerun()
    # Nothing rather than everything: what follows may change all that matches.
    return replace(wanted, positions=positions, order="alike")


def more_filters(project_id: str) -> dict[str, Any]:
    """Whom examples are assigned to, when they changed, how long they are, their split, what the
    newest check says, and marks: in a popover that says how many of these are set."""
    people = assignee_choices(project_id)
    # Before it is drawn first, a widget's value is only in the address.
    values = [session.widget_value(name, st.query_params.get(name)) for name in MORE]
    number = sum(value not in (None, "", ANY, False, "false") for value in values)
    with st.popover(f"More filters ({number})" if number else "More filters"):
        assigned = choose("Assigned to", ASSIGNED, [ANY, *people], "stretch")
        left, right = st.columns(2)
        with left:
            since = day("Changed from", SINCE)
        with right:
            until = day("Changed until", UNTIL)
        left, right = st.columns(2)
        with left:
            least = characters("Characters, at least", LEAST)
        with right:
            most = characters("Characters, at most", MOST)
        split = choose("Split in the newest version", SPLIT, [ANY, *SPLITS], "stretch")
        checked = check_filters(project_id)
        with st.container(horizontal=True, gap="medium"):
            skipped = mark("Skipped by somebody", SKIPPED)
            synthetic = mark("Synthetic", SYNTHETIC)
            critical = mark("Critical", CRITICAL)
        st.caption("Days are those of your time zone; characters of the three fields together.")
    return {
        "assigned_to": people.get(assigned),
        "changed_from": page.midnight(since) if since else None,
        "changed_before": page.midnight(until + timedelta(days=1)) if until else None,
        "least": least,
        "most": most,
        "split": None if split == ANY else split,
        "skipped": skipped,
        "synthetic": True if synthetic else None,
        "critical": True if critical else None,
        **checked,
    }


def awaiting_filter(project_id: str) -> dict[str, Any]:
    """For leads, what waits for another reviewer, where anything ever does."""
    waiting = None
    if session.actor().has(project_id, "lead"):
        waiting = accepting.waiting(session.store(), session.actor(), project_id)
    awaiting = waiting is not None and mark(
        f"Waiting for another reviewer ({page.number(waiting)})", AWAITING
    )
    return {"awaiting": True if awaiting else None}


def check_filters(project_id: str) -> dict[str, Any]:
    """Findings and topic, as the newest check has them; nothing before the first one."""
    check = checks.newest_check(session.store(), session.actor(), project_id)
    if check is None:
        return {}
    found = {ANY: "", "Any finding": ANY_FINDING}
    found |= {f"{severity.capitalize()} severity": severity for severity in SEVERITIES}
    found |= {KINDS[kind].label: kind for kind, n in check.result.kinds.items() if n}
    topics = {ANY: None} | {topic_choice(k, name): k for k, name in enumerate(check.result.topics)}
    finding = choose("Finding", FINDING, list(found), "stretch")
    topic = choose("Topic", TOPIC, list(topics), "stretch") if check.result.topics else ANY
    return {"finding": found.get(finding, ""), "topic": topics.get(topic)}


def topic_choice(number: int, name: str) -> str:
    """A topic as the filter offers it; its words alone could name two."""
    return f"{number + 1} {name}"


def day(label: str, key: str) -> date | None:
    """A day, or none."""
    return st.date_input(
        label, None, key=key, bind="query-params", on_change=first_page, format="YYYY-MM-DD"
    )


def characters(label: str, key: str) -> int | None:
    """A whole number from 0, or none."""
    return st.number_input(
        label, min_value=0, value=None, step=1, key=key, bind="query-params", on_change=first_page
    )


def choose(label: str, key: str, choices: list[str], width: int | Literal["stretch"] = 160) -> str:
    """One of the choices, the first unless somebody chose another."""
    chosen = st.selectbox(
        label, choices, key=key, bind="query-params", on_change=first_page, width=width
    )
    return chosen or choices[0]


def mark(label: str, key: str) -> bool:
    """A toggle."""
    return st.toggle(label, key=key, bind="query-params", on_change=first_page)


def first_page() -> None:
    """Another choice has other pages, and is made to see the list."""
    for name in (PAGE, OPEN):
        st.query_params.pop(name, None)


def label_choices(*, given: bool = False) -> dict[str, LabelChoice]:
    """“topic: sums” → field and option, and how they are compared, for each of the project's
    labels; `given`: only what a label can be set to on many examples."""
    schema = session.project().settings.label_schema
    if given:
        schema = tuple(one for one in schema if one.kind in SHARED)
    return {text: choice for one in schema for text, choice in choices_of(one, given)}


def choices_of(field: LabelField, given: bool) -> list[tuple[str, LabelChoice]]:
    """What of one label can be looked for, in words."""
    name = field.name
    if field.kind == "text":
        return [(f"{name}: written", ((name, ""), "given"))]
    if field.kind == "span":
        marked: list[tuple[str, LabelChoice]] = [
            (f"{name}: {one} marked", ((name, one), "marked")) for one in field.options
        ]
        return [*marked, (f"{name}: anything marked", ((name, ""), "given"))]
    if field.kind != "rating":
        return [(f"{name}: {one}", ((name, one), "has")) for one in field.options]
    points = range(1, field.points + 1)
    found: list[tuple[str, LabelChoice]] = [
        (f"{name}: {point}", ((name, point), "has")) for point in points
    ]
    if not given:
        inner = points[1:-1]
        found += [(f"{name}: {one} or more", ((name, one), "at_least")) for one in inner]
        found += [(f"{name}: {one} or less", ((name, one), "at_most")) for one in inner]
    return found


def assignee_choices(project_id: str) -> dict[str, str]:
    """Name → id of whom examples can be assigned to, the open queue first."""
    known = assignees.assignees(session.store(), session.actor(), project_id)
    return {"Nobody (open queue)": OPEN_QUEUE, **{name: one for one, name in known.items()}}


def author_choices(project_id: str) -> dict[str, str]:
    """Name → id of everybody who wrote the present text of an example."""
    return browsing.authors(session.store(), session.actor(), project_id)
