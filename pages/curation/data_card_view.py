"""The data card of a version on the page: gaps first, then sources, people, texts; downloads."""

from __future__ import annotations

import streamlit as st

from core.versions.data_card import LONGEST_FIELD, DataCard, Source, SourceFacts
from core.versions.data_card_text import data_card_json, data_card_markdown
from core.versions.version import DatasetVersion
from core.workflows.curation import describing
from pages.components import errors, page, session


def data_card_view(version: DatasetVersion) -> None:
    """Everything that is known of the version, and what is not."""
    card = describing.data_card(session.store(), session.actor(), version.version_id)
    lead = session.actor().has(version.project_id, "lead")
    _gaps(card)
    if card.synthetic_told:
        st.text(f"Synthetic examples: {card.synthetic_told}")
    _sources(version.project_id, card, lead=lead)
    _people(card)
    _texts(card)
    _check(card)
    _left_out(card)
    _downloads(version, card)


def _gaps(card: DataCard) -> None:
    if not card.gaps:
        st.caption("No known gaps: every field of this card is filled.")
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Known gaps**")
        for gap in card.gaps:
            st.text(f"• {gap}")


def _sources(project_id: str, card: DataCard, *, lead: bool) -> None:
    st.markdown("**Sources**")
    for one in card.sources:
        with st.container(border=True, gap="xsmall"):
            st.text(one.name)
            imported = f" · imported by {one.person}" if one.import_id else ""
            examples = page.counted(one.examples, "example")
            st.caption(f"{examples}{imported}, {page.when(one.created_at)}")
            licence, basis = one.facts.licence, one.facts.legal_basis
            st.text(f"Licence: {licence or 'not given'} · Legal basis: {basis or 'not given'}")
            if one.facts.note:
                st.text(one.facts.note)
            # What was written by hand has no file that a licence could be of.
            if lead and one.import_id:
                with st.popover("Describe this source …", icon=":material/edit_note:"):
                    _source_form(project_id, one)


def _source_form(project_id: str, one: Source) -> None:
    with st.form(f"source_{one.import_id}", border=False):
        st.caption("Holds for every version with examples of this file.")
        licence = st.text_input(
            "Licence", one.facts.licence, max_chars=LONGEST_FIELD,
            placeholder="such as CC BY 4.0, or own data",
        )  # fmt: skip
        basis = st.text_input(
            "Legal basis", one.facts.legal_basis, max_chars=LONGEST_FIELD,
            placeholder="such as consent, contract, or no personal data",
        )  # fmt: skip
        note = st.text_area(
            "Note", one.facts.note, max_chars=LONGEST_FIELD,
            placeholder="how the examples were collected",
        )  # fmt: skip
        pressed = st.form_submit_button("Save", type="primary")
    if pressed:
        errors.attempt(
            lambda: describing.describe_source(
                session.store(), session.actor(), project_id, one.import_id,
                SourceFacts(licence.strip(), basis.strip(), note.strip()),
            ),
            f"{one.name} is described.",
        )  # fmt: skip


def _people(card: DataCard) -> None:
    st.markdown("**People**")
    if not card.people:
        st.caption("Nobody labelled or reviewed these examples here one by one.")
        return
    st.dataframe(
        [
            {"Who": one.person, "Labelled": one.labelled, "Reviewed": one.reviewed}
            for one in card.people
        ],
        hide_index=True,
        width="content",
    )
    total = page.counted(card.total, "example")
    st.caption(f"Accepted by two people or more: {page.number(card.twice)} of {total}.")


def _texts(card: DataCard) -> None:
    st.markdown("**Texts**")
    if card.written_from and card.written_until:
        st.caption(f"Saved {page.when(card.written_from)} to {page.when(card.written_until)}.")
    st.dataframe(
        [
            {
                "Characters of": one.field,
                "Shortest": one.shortest,
                "Median": one.median,
                "95 %": one.p95,
                "Longest": one.longest,
            }
            for one in card.lengths
        ],
        hide_index=True,
        width="content",
    )
    if card.languages:
        sampled = sum(card.languages.values())
        shares = ", ".join(
            f"{code} {page.percent(n / sampled)}" for code, n in card.languages.items()
        )
        st.text(f"Languages, of {page.counted(sampled, 'example')} evenly drawn: {shares}")
    for label, values in card.labels.items():
        st.text(
            f"{label}: " + ", ".join(f"{value} {page.number(n)}" for value, n in values.items())
        )


def _check(card: DataCard) -> None:
    if card.check is None:
        return
    st.markdown("**Checks**")
    checked, total = page.number(card.check.checked), page.counted(card.total, "example")
    st.caption(
        f"{checked} of {total} checked as they stand here, {page.when(card.check.created_at)}"
    )
    found = [f"{kind} {page.number(n)}" for kind, n in card.check.found.items()]
    st.text(", ".join(found) or "Nothing was found.")


def _left_out(card: DataCard) -> None:
    if not card.left_out and not card.protected:
        return
    st.markdown("**Left out**")
    for reason, count in card.left_out.items():
        st.text(f"{page.counted(count, 'example')}: {reason}")
    for one in card.protected:
        left = f"{page.counted(one.left_out, 'example')} left out"
        st.text(f"Protected file {one.name}: {page.counted(one.texts, 'text')}, {left}")


def _downloads(version: DatasetVersion, card: DataCard) -> None:
    nameless = card.without_names()
    with st.container(horizontal=True):
        for text, ending, kind in (
            (data_card_markdown(nameless), "md", "Markdown"),
            (data_card_json(nameless), "json", "JSON"),
        ):
            st.download_button(
                f"Data card ({kind})",
                text.encode(),
                f"version-{version.number}-data-card.{ending}",
                "application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
                key=f"card_{ending}_{version.version_id}",
            )
    st.caption("In the files people are numbered, not named.")
