"""Who wrote which annotation of an example that several people annotated: for leads."""

from __future__ import annotations

import streamlit as st

from core.examples.current import CurrentExample
from core.examples.overlap import label_values
from core.examples.phrases import changes_between
from core.workflows.curation import browsing, collecting
from pages.components import page, session
from pages.components.difference import difference


def example_annotations(example: CurrentExample) -> None:
    """Each annotation with its author and what it changed; nothing before all have annotated."""
    store, actor = session.store(), session.actor()
    st.subheader("Annotations", anchor=False)
    found = collecting.annotations_of(store, actor, example)
    if not found:
        st.caption(
            f"{example.annotations} so far. Who wrote what is shown here, to leads alone, once as "
            "many people as wished have annotated it."
        )
        return
    st.caption("Seen by leads alone. Reviewers decide without the names.")
    names = {
        person: name for name, person in browsing.authors(store, actor, example.project_id).items()
    }
    before = browsing.revision_of(store, actor, example, 1).fields
    for one in found:
        who = names.get(one.person_id, "Somebody")
        marks = [f"{name}: {value}" for name, value in label_values(one.labels)]
        marks += [f"quality: {one.quality} of 5"] if one.quality else []
        st.text(" · ".join([page.when(one.created_at), who, *marks]))
        runs = changes_between(before, one.fields)
        changed = {name: r for name, r in runs.items() if any(op != "same" for op, _ in r)}
        with st.container(border=True):
            if changed:
                difference(changed, key=f"annotation_{one.annotation_id}")
            else:
                st.caption("The three texts stayed as they were.")
