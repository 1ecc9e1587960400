"""The difference of two versions: counts, and the examples page by page, word by word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st

from core.examples.phrases import changes_between
from core.labels.values import words_of
from core.versions.difference import (
    DIFFERENCE_KINDS,
    DIFFERENCE_MEANS,
    DifferenceKind,
    DifferentExample,
)
from core.versions.version import DatasetVersion
from core.workflows.curation import comparing
from pages.components import page, session
from pages.components.difference import difference

PER_PAGE = 5
FORMS: Mapping[Literal["csv", "jsonl"], str] = {"csv": "CSV", "jsonl": "JSONL"}


def version_difference(version: DatasetVersion, versions: Sequence[DatasetVersion]) -> None:
    """What a version has otherwise than another one of its project."""
    others = {one.version_id: one for one in versions if one.version_id != version.version_id}
    if not others:
        st.caption("This is the project's only version. Freeze another one to compare them.")
        return
    before = [one.version_id for one in others.values() if one.number < version.number]
    chosen = st.selectbox(
        "Compare with",
        list(others),
        index=list(others).index(before[0]) if before else 0,
        format_func=lambda one: f"{others[one].number} · {others[one].name}",
        key=f"compare_{version.version_id}",
    )
    older, newer = sorted((version, others[chosen]), key=lambda one: one.number)
    st.caption(f"From {older.number} · {older.name} to {newer.number} · {newer.name}.")
    store, actor = session.store(), session.actor()
    ids = (older.version_id, newer.version_id)
    counts = comparing.difference_counts(store, actor, *ids)
    page.figures(
        [
            (kind.capitalize(), page.number(counts.of(kind)), DIFFERENCE_MEANS[kind])
            for kind in DIFFERENCE_KINDS
            if kind != "moved" or counts.moved  # splits are sticky: only older versions differ
        ]
    )
    st.caption(f"{page.counted(counts.same, 'example')} are the same in both.")
    there = [kind for kind in DIFFERENCE_KINDS if counts.of(kind)]
    if not there:
        return
    kind = st.segmented_control(
        "Show", there, default=there[0], required=True, format_func=str.capitalize,
        key=f"difference_{'_'.join(ids)}",
    )  # fmt: skip
    _listed(ids, kind, counts.of(kind))


def _listed(ids: tuple[str, str], kind: DifferenceKind, count: int) -> None:
    store, actor = session.store(), session.actor()
    with st.container(horizontal=True):
        for form, name in FORMS.items():
            st.download_button(
                f"{page.number(count)} {kind} ({name})",
                partial(comparing.difference_file, store, actor, *ids, kind, form),
                f"{kind}.{form}",
                "application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
                key=f"difference_{form}_{'_'.join(ids)}_{kind}",
            )
    pages = -(-count // PER_PAGE)
    number = 1
    if pages > 1:
        number = st.number_input(
            f"Page, of {page.number(pages)}", 1, pages, key=f"difference_page_{ids}_{kind}"
        )
    for one in comparing.difference_page(
        store, actor, *ids, kind, limit=PER_PAGE, offset=PER_PAGE * (int(number) - 1)
    ):
        _example(one)


def _example(one: DifferentExample) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "curation/examples.py",
                label="Open example",
                query_params={"example": one.example_id},
            )
            st.caption(_splits(one))
        if one.left_out:
            st.text(f"Left out: {one.left_out}")
        if one.before and one.after:
            changed = {
                name: runs
                for name, runs in changes_between(one.before, one.after).items()
                if any(op != "same" for op, _ in runs)
            }
            if changed:
                difference(changed, key=f"different_{one.example_id}")
            else:
                st.caption("The three texts are the same.")
            if one.labels_before != one.labels_after:
                st.text(f"Labels: {_labels(one.labels_before)} → {_labels(one.labels_after)}")
        else:
            text = one.after or one.before or {}
            difference(changes_between(None, text), key=f"different_{one.example_id}")


def _splits(one: DifferentExample) -> str:
    if one.split_before and one.split_after and one.split_before != one.split_after:
        return f"{one.split_before} → {one.split_after}"
    return str(one.split_after or one.split_before)


def _labels(labels: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {words_of(value)}" for name, value in labels.items()) or "none"
