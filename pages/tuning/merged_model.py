"""The merged model of a run: what merging changed, before anybody takes it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import TouchstoneError
from core.tuning.run import Run
from core.workflows.tuning import merging
from pages.components import errors, job_view, page, session


def merged_model(run: Run) -> None:
    """Offer the merge, follow it, and show the held-out examples before and after it."""
    store, actor = session.store(), session.actor()
    if not merging.may_merge(actor, run):
        st.caption("A completed run whose adapter stands beside the weights can be merged.")
        return
    known = merging.merging_of(store, actor, run.run_id)
    if known and known.report:
        _difference(known.report, known.folder)
        return
    if known:
        job_view.live(known.job.job_id, notes=2)
    if known is None or known.job.is_terminal:
        st.caption(
            "Adds the adapter to a copy of the base's weights, for serving without PEFT or for "
            "conversion to GGUF, and answers held-out examples before and after."
        )
        if st.button("Merge into the base", icon=":material/merge:"):
            try:
                merging.start_merge(store, actor, run.run_id)
            except TouchstoneError as error:
                errors.show(error)
            else:
                st.rerun()


def _difference(report: dict[str, Any], folder: str) -> None:
    n, same = report["examples"], report["same_answers"]
    answered = report.get("answered", n)
    st.markdown(
        f"**{same} of {answered} held-out answers are the same, word for word, after merging.**"
        if answered
        else "**No held-out example leaves room for an answer in the model's context.**"
    )
    of = f", over {answered} answers" if answered != n else ""
    names = {
        "loss": "Loss (nats per answer token)",
        "rouge_l": f"ROUGE-L{of}",
        "token_f1": f"Token F1{of}",
    }
    st.dataframe(
        {
            f"Mean over {n} held-out examples": list(names.values()),
            "Adapter beside the base": [page.number(report["before"][one], 4) for one in names],
            "Merged": [page.number(report["after"][one], 4) for one in names],
        },
        hide_index=True,
    )
    st.caption(
        f"{page.size(report['bytes'])} in {report['precision']}, in the workspace's folder "
        f"`{folder}`, with a card that says how to serve and to convert it."
    )
