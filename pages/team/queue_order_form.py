"""Orders of the annotate and the review queue: a part of the project's settings."""

from __future__ import annotations

import streamlit as st

from core.examples.queue_orders import (
    NEED_A_CHECK,
    ORDER_LABELS,
    ORDER_MEANS,
    QUEUE_ORDERS,
    REVIEW_ORDER_LABELS,
    REVIEW_ORDER_MEANS,
    REVIEW_ORDERS,
    QueueOrder,
    ReviewOrder,
)
from core.projects import ProjectSettings


def queue_order_field(shown: ProjectSettings, key: str) -> QueueOrder:
    """Draw the choice of the annotate queue's order with what it means."""
    chosen: QueueOrder = st.selectbox(
        "Order of the annotate queue",
        QUEUE_ORDERS,
        index=QUEUE_ORDERS.index(shown.queue_order),
        format_func=ORDER_LABELS.__getitem__,
        key=f"{key} queue_order",
        help="Which example an annotator is given next. What came back to a person and what is "
        "assigned to them come first in each order.",
    )
    check = " Run a check under Curate first." if chosen in NEED_A_CHECK else ""
    st.caption(ORDER_MEANS[chosen] + check)
    return chosen


def review_order_field(shown: ProjectSettings, key: str, *, several: bool) -> ReviewOrder:
    """Draw the choice of the review queue's order; `several`: some examples are annotated by more
    than one person."""
    chosen: ReviewOrder = st.selectbox(
        "Order of the review queue",
        REVIEW_ORDERS,
        index=REVIEW_ORDERS.index(shown.review_order),
        format_func=REVIEW_ORDER_LABELS.__getitem__,
        key=f"{key} review_order",
        help="Which example a reviewer is given next.",
    )
    alone = chosen == "disagreement" and not several
    without = " With one person per example there is no disagreement." if alone else ""
    st.caption(REVIEW_ORDER_MEANS[chosen] + without)
    return chosen
