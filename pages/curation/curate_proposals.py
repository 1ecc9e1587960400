"""Proposals on the Curate page: paraphrases of accepted examples, by rules or a local model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.augmentation.augmentation import Augmentation
from core.augmentation.negative_rules import NEGATIVE_RULES, NegativeRule
from core.augmentation.plan import (
    HOWS,
    LARGEST_SEED,
    LONGEST_REQUEST,
    MOST_PER_EXAMPLE,
    MOST_PROPOSALS,
    PARAPHRASE,
    AugmentationPlan,
    How,
    Makes,
)
from core.augmentation.proposals import DROPPED
from core.augmentation.rules import RULES, Rule
from core.errors import TouchstoneError
from core.examples.example import word_diff
from core.examples.listing import ExampleFilter
from core.examples.phrases import in_phrases
from core.examples.states import STATE_LABELS, STATES
from core.projects import Project
from core.workflows.curation import augmenting
from pages.components import errors, page, session
from pages.components.difference import difference
from pages.components.job_view import live
from pages.curation.curate_negatives import (
    NEGATIVE_RULE,
    decide_on_negatives,
    preview_negatives,
    states_shown,
)
from pages.curation.example_filters import label_choices

FORM = "augment"
MADE: dict[str, Makes] = {"Paraphrases": "paraphrases", "Negatives": "negatives"}
ANY = "Any"
RULE = (
    "Each proposal waits on the Review page, marked as synthetic. Only a person's own decision "
    "makes it accepted: accepting many at once, and importing as accepted, leave out what nobody "
    "has looked at. In a dataset version it is in the split of its source; what was made of a test "
    "example is in no version that trains."
)


def proposals(project: Project) -> None:
    """Paraphrases or negatives: what is being made, the form that asks for more, and the batches
    there are."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    kind = st.segmented_control(
        "Kind of proposals", list(MADE), default="Paraphrases", required=True, key="proposals",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    makes = MADE[kind or "Paraphrases"]
    st.text(RULE if makes == "paraphrases" else NEGATIVE_RULE)
    if makes == "negatives":
        decide_on_negatives(project_id)
    job = augmenting.last_job(store, actor, project_id)
    if job is not None and job.status != "completed":
        live(job.job_id)
    if not actor.has(project_id, "lead"):
        st.caption("A lead starts proposals.")
    elif job is None or job.is_terminal:
        _form(project_id, makes)
    _batches(project_id, makes)


def _form(project_id: str, makes: Makes) -> None:
    """What to make proposals of, how, and how many, with the first ones before it starts."""
    store, actor = session.store(), session.actor()
    with st.container(border=True):
        st.markdown(f"**New {makes}**")
        wanted = _filter()
        how = _how()
        try:
            plan, model = _plan(project_id, how, makes)
        except TouchstoneError as error:
            errors.show(error)
            return
        with st.container(horizontal=True):
            pressed = st.button(
                "Make proposals", type="primary", icon=":material/play_arrow:",
                disabled=how == "model" and not model,
            )  # fmt: skip
            # Asked for: in a large project it takes a second to look through all examples.
            looks = st.button("Preview", icon=":material/visibility:")
        if looks:
            _preview(project_id, wanted, plan)
    if pressed:
        form = f"{FORM} {project_id}"

        def start() -> None:
            augmenting.start(
                store, actor, project_id, wanted, plan, model=model,
                augmentation_id=f"aug_{session.submission_id(form)}",
            )  # fmt: skip
            session.submitted(form)

        where = ", and on the Review page" if makes == "paraphrases" else ""
        errors.attempt(start, f"Queued. The proposals appear here{where}.")


def _filter() -> ExampleFilter:
    labels = label_choices()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Of accepted examples with", placeholder="Words in any field", width=260,
            icon=":material/search:", key=f"{FORM}_text",
        )  # fmt: skip
        chosen = ANY
        if labels:
            chosen = st.selectbox("Label", [ANY, *labels], width=220, key=f"{FORM}_label") or ANY
    if chosen not in labels:
        return ExampleFilter("accepted", text=text.strip())
    label, test = labels[chosen]
    return ExampleFilter("accepted", label=label, label_test=test, text=text.strip())


def _how() -> How:
    names = {label: how for how, label in HOWS.items()}
    chosen = st.segmented_control(
        "How", list(names), default=HOWS["templates"], required=True, key=f"{FORM}_how"
    )
    return names[chosen or HOWS["templates"]]


def _plan(project_id: str, how: How, makes: Makes) -> tuple[AugmentationPlan, str]:
    """The plan, and the key of the model for it. Raises InvalidInput."""
    asked = _rules(makes) if how == "templates" else _request(makes)
    model = _model(project_id) if how == "model" else ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        per_example = st.number_input(
            "Of each example, up to", 1, MOST_PER_EXAMPLE, 1, width=170, key=f"{FORM}_each"
        )
        most = st.number_input(
            "In all, up to", 1, MOST_PROPOSALS, 200, width=170, key=f"{FORM}_most"
        )
        seed = st.number_input(
            "Seed", 0, LARGEST_SEED, 42, width=170, key=f"{FORM}_seed",
            help="The same seed makes the same of the same examples; what is here already is not "
            "added twice.",
        )  # fmt: skip
    plan = AugmentationPlan(
        how, per_example=per_example, most=most, seed=seed, makes=makes, **asked
    )
    return plan, model


def _rules(makes: Makes) -> dict[str, Any]:
    known: Mapping[str, Rule | NegativeRule] = RULES if makes == "paraphrases" else NEGATIVE_RULES
    chosen = st.pills(
        "Rules", list(known), selection_mode="multi", default=list(known),
        format_func=lambda name: known[name].label, key=f"{FORM}_{makes}_rules",
    )  # fmt: skip
    with st.expander("What each rule changes, and what it keeps"):
        if makes == "paraphrases":
            st.caption("A rule changes the instruction alone. Requests are known by English verbs.")
        for rule in known.values():
            keeps = f" {rule.keeps}" if isinstance(rule, Rule) else ""
            st.markdown(f"**{errors.escaped(rule.label)}**: {errors.escaped(rule.says)}{keeps}")
    return {"rules": tuple(name for name in known if name in chosen)}


def _request(makes: Makes) -> dict[str, Any]:
    if makes == "negatives":
        st.caption(
            "The model answers the questions of accepted examples with the project's prompt, or "
            "the run's own. Choose one that answers worse than your examples, such as the base."
        )
        return {"temperature": _temperature()}
    request = st.text_area(
        "What the model is told; it is shown the instruction as its input", PARAPHRASE,
        max_chars=LONGEST_REQUEST, key=f"{FORM}_request",
    )  # fmt: skip
    return {"request": request, "temperature": _temperature()}


def _temperature() -> float:
    return st.slider(
        "Temperature", 0.1, 2.0, 0.8, 0.1, width=355, key=f"{FORM}_temperature",
        help="Higher is more varied, and more often wrong.",
    )  # fmt: skip


def _model(project_id: str) -> str:
    there = augmenting.models(session.store(), session.actor(), project_id)
    titles = {one.key: one.title for one in there}
    chosen = st.selectbox(
        "Model", list(titles), format_func=titles.__getitem__, width=355, key=f"{FORM}_model",
        placeholder="None is here that writes",
    )  # fmt: skip
    return chosen or ""


def _preview(project_id: str, wanted: ExampleFilter, plan: AugmentationPlan) -> None:
    """How many examples there are to make proposals of, and what rules write first."""
    store, actor = session.store(), session.actor()
    there = augmenting.count_sources(store, actor, project_id, wanted)
    st.caption(
        f"{page.counted(there, 'accepted example')} can be a source. Flagged and synthetic ones, "
        "and those in test or in a study, cannot."
    )
    if plan.makes == "negatives":
        preview_negatives(project_id, wanted, plan)
        return
    if plan.how == "model":
        st.caption(
            "What a model writes is not known before. Left out is what is empty, cut off, nearly "
            "the source, or lacks one of its numbers; all else is for a person to judge."
        )
        return
    shown = augmenting.preview(store, actor, project_id, wanted, plan)
    if not shown:
        st.caption("No rule fits the first of these examples. Choose other rules or examples.")
        return
    st.caption(f"The first {len(shown)}:" if len(shown) > 1 else "The only one:")
    for number, one in enumerate(shown):
        changes = in_phrases(word_diff(one.source.instruction, one.instruction))
        # Named by its rule: it is always the instruction that changes.
        name = RULES[one.rule].label
        difference({name: changes}, key=f"proposal_{number}_{one.content_hash[:12]}")


def _batches(project_id: str, makes: Makes) -> None:
    """Every augmentation that made such, with what became of it."""
    batches = augmenting.augmentations(session.store(), session.actor(), project_id)
    found = [one for one in batches if one.plan.makes == makes]
    if not found:
        return
    st.subheader("Batches", anchor=False)
    for one in found:
        with st.container(border=True, gap="xsmall"):
            _batch(one)


def _batch(one: Augmentation) -> None:
    store, actor = session.store(), session.actor()
    st.markdown(f"**{page.counted(one.added, 'proposal')}** · {errors.escaped(one.how)}")
    asked = f"{one.person}, {page.when(one.created_at)} · seed {one.plan.seed}"
    st.caption(f"{asked} · of {page.counted(one.sources, 'example')}")
    left = [f"{page.number(one.known)} in the project already"] if one.known else []
    left += [f"{page.number(n)} {DROPPED[why]}" for why, n in one.dropped.items() if n]
    if left:
        st.caption(f"Left out: {', '.join(left)}.")
    if one.undone_at:
        st.text(f"Thrown away {page.when(one.undone_at)}. What people worked on stayed.")
    if one.plan.makes == "negatives":
        states = states_shown(one)
        if states.get("waiting") and not one.undone_at and actor.has(one.project_id, "lead"):
            _undo(one)
        return
    states = augmenting.states_of(store, actor, one)
    if states:
        said = [f"{page.number(states[s])} {_word(s)}" for s in STATES if states.get(s)]
        st.text(", ".join(said))
    with st.container(horizontal=True, vertical_alignment="center"):
        if states.get("annotated"):
            st.page_link("curation/review.py", label="Review", icon=":material/fact_check:")
        if states:
            st.page_link(
                "curation/examples.py", label="Synthetic examples", icon=":material/list:",
                query_params={"synthetic": "true"},
            )  # fmt: skip
        if states and not one.undone_at and actor.has(one.project_id, "lead"):
            _undo(one)


def _word(state: str) -> str:
    """Annotated ones are no annotator's here."""
    labels = {str(name): label for name, label in STATE_LABELS.items()}
    return "waiting for a review" if state == "annotated" else labels[state].lower()


def _undo(one: Augmentation) -> None:
    with st.popover("Throw away …", icon=":material/delete:", type="tertiary"):
        st.write(
            "The proposals of this batch that nobody has touched are deleted. What people decided "
            "on, edited, flagged or hold, and what a dataset version has, stays."
            if one.plan.makes == "paraphrases"
            else "The negatives of this batch that nobody has decided on are deleted."
        )
        if not st.button("Throw these away", key=f"undo_{one.augmentation_id}"):
            return
        store, actor = session.store(), session.actor()

        def throw() -> None:
            gone = augmenting.undo(store, actor, one.project_id, one.augmentation_id)
            session.say(f"{page.counted(gone, 'proposal')} deleted.")

        errors.attempt(throw)
