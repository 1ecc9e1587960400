"""Orders of the work queues: which open example is given out next.

In the annotate queue what came back to a person comes first in each of them, then what is assigned
to that person. Disagreement orders the review queue alone: annotators do not see each other's
answers, and every example that several annotate waits for as many people.
"""

from __future__ import annotations

from typing import Literal, get_args

QueueOrder = Literal["oldest", "random", "findings", "risk", "diversity"]
QUEUE_ORDERS: tuple[QueueOrder, ...] = get_args(QueueOrder)
ORDER_LABELS: dict[QueueOrder, str] = {
    "oldest": "Oldest first",
    "random": "Random",
    "findings": "Worst findings first",
    "risk": "Riskiest first",
    "diversity": "Most different first",
}
ORDER_MEANS: dict[QueueOrder, str] = {
    "oldest": "In the order of import.",
    "random": "In a random order that stays the same, so that any part is a fair sample.",
    "findings": (
        "Examples with high findings in the newest check, then medium, low and none; "
        "in import order among equals."
    ),
    "risk": (
        "Examples with high findings in the newest check first, then those with the longest "
        "outputs, where more can be wrong. What was not checked comes last."
    ),
    "diversity": (
        "Each next one is the farthest on the newest check's map of topics from all before it, "
        "so that few examples show every kind. The map shows at most 5,000; the others follow "
        "in import order."
    ),
}
NEED_A_CHECK: tuple[QueueOrder, ...] = ("findings", "risk", "diversity")

ReviewOrder = Literal["oldest", "disagreement"]
REVIEW_ORDERS: tuple[ReviewOrder, ...] = get_args(ReviewOrder)
REVIEW_ORDER_LABELS: dict[ReviewOrder, str] = {
    "oldest": "Oldest first",
    "disagreement": "Most disagreement first",
}
REVIEW_ORDER_MEANS: dict[ReviewOrder, str] = {
    "oldest": "In the order of import.",
    "disagreement": (
        "Examples on which their annotators differ most come first: by the share of labels that "
        "two of them answer unequally, and how far their texts are apart. The others follow in the "
        "order of import. This is for reviews alone: annotators do not see each other's answers."
    ),
}
