"""What the leak scan found, in words."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components import page


def show_reason(note: dict[str, Any]) -> None:
    """Why a lead lets a study count that is not blind: who, when, in their own words."""
    said = f"{note['person']}, {page.when(note['created_at'])}, lets it count:"
    st.text(f"{said}\n{note['text']}")


def show_findings(leaks: dict[str, Any]) -> None:
    """The verdict of the scan, its findings, and how far length and format tell the systems."""
    with st.container(border=True):
        if leaks["blind"]:
            st.badge("blind", icon=":material/visibility_off:", color="green")
            st.write("Nothing found that lets people tell the two systems apart.")
        else:
            st.badge("not blind", icon=":material/visibility:", color="orange")
            st.write("The two systems can be told apart, so raters may guess which is which:")
        if leaks["findings"]:
            st.text("\n".join(f"• {finding}" for finding in leaks["findings"]))
        length, form = (page.number(leaks[name], 2) for name in ("length_auc", "format_auc"))
        st.caption(
            f"How well one number alone tells them apart, 0.5 (not at all) to 1 (always): "
            f"length {length}, format {form}. Above 0.8 a study is not blind."
        )
