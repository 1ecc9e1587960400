"""Orders of the annotate queue: which open example is given out next.

What came back to a person comes first in each of them, then what is assigned to that person.
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
