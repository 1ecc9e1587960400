"""Values of the checks of a project's examples, as the store gives them and the pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from core.checks.settings import CheckSettings
from core.examples.states import STATE_LABELS, ExampleState
from core.findings.finding import Severity
from core.findings.settings import FindingSettings
from core.wording import figure

DuplicateKind = Literal["exact", "near", "siblings"]
DUPLICATE_KINDS: tuple[DuplicateKind, ...] = get_args(DuplicateKind)
GroupDecision = Literal["keep_best", "keep_all", "drop_all"]
SEVERITY_WEIGHTS: dict[Severity, int] = {"high": 10, "medium": 3, "low": 1}
"""How much one finding counts where kinds are ordered by severity × examples."""
STATE_ORDER: tuple[ExampleState, ...] = ("accepted", "annotated", "new", "sent_back")
"""Which member of a group of duplicates is the best, by its state first."""


@dataclass(frozen=True)
class Result:
    """What one check says of the whole set.

    `kinds`: kind → examples, when it was checked. `remarks` are SetRemarks, `lengths` Lengths of
    each field, `labels` label field → option → examples, as plain values. `distinct_prompts` differ
    in more than letter case and white space. The topic map has `points`
    points, in the topics that `topics` names.
    """

    examples: int
    kinds: dict[str, int]
    remarks: list[dict[str, Any]]
    capped_buckets: int
    lengths: dict[str, dict[str, Any]]
    labels: dict[str, dict[str, int]]
    distinct_prompts: int
    topics: list[str]
    points: int

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Result:
        """What `to_json` wrote."""
        return cls(**values)


@dataclass(frozen=True)
class Check:
    """One check of a project's examples, as of `created_at`; `person` asked for it."""

    check_id: str
    project_id: str
    settings: CheckSettings
    finding_settings: FindingSettings
    result: Result
    person: str
    created_at: datetime


@dataclass(frozen=True)
class KindTotal:
    """How many examples have findings of a kind now, and how many of these have a safe mend."""

    kind: str
    severity: Severity
    examples: int
    mends: int

    @property
    def weight(self) -> int:
        """Severity × examples."""
        return SEVERITY_WEIGHTS[self.severity] * self.examples


@dataclass(frozen=True)
class FoundExample:
    """One finding on an example's present. `text` is the field's text, "" of labels; `start` and
    `end` are code points of it, None where the whole field is meant."""

    example_id: str
    position: int
    revision_id: str
    state: ExampleState
    kind: str
    severity: Severity
    field: str
    text: str
    start: int | None
    end: int | None
    explanation: str
    mend: str | None


@dataclass(frozen=True)
class Member:
    """An example in a group of duplicates; `findings`: it has findings of high severity.
    `merit` counts from 1, the best member."""

    example_id: str
    position: int
    instruction: str
    input: str
    output: str
    state: ExampleState
    flagged: bool
    findings: bool
    merit: int

    @property
    def is_best(self) -> bool:
        """Whether the rules propose to keep it."""
        return self.merit == 1


@dataclass(frozen=True)
class DuplicateGroup:
    """Examples that are duplicates, or siblings of one template, the representative first.

    `size` counts all members; `members` are the first of them, the best among these.
    """

    kind: DuplicateKind
    number: int
    size: int
    members: Sequence[Member]

    @property
    def best(self) -> Member:
        """The member that the rules propose to keep."""
        return min(self.members, key=lambda one: one.merit)

    @property
    def why_best(self) -> str:
        """The first rule by which the best member is ahead of the next one, as a sentence."""
        best, *others = sorted(self.members, key=lambda one: one.merit)
        name = f"Example {figure(best.position)}"
        if not others:
            return f"{name} is the best one."
        second = others[0]
        if best.state != second.state:
            return f"{name} is {STATE_LABELS[best.state].lower()}, no other is further."
        if best.findings != second.findings:
            return f"{name} has no finding of high severity."
        if len(best.output) != len(second.output):
            return f"{name} has the longest output."
        return f"{name} came in first."


@dataclass(frozen=True)
class GroupTotal:
    """How many groups of a kind there are, their members, and how many of these are set aside when
    the best of each is kept: flagged ones, and ones that somebody holds, stay."""

    groups: int = 0
    members: int = 0
    others: int = 0


@dataclass(frozen=True)
class Batch:
    """A lead changed `n` examples with one click, and it can be undone. `about`: the kind of
    finding, or the decision on duplicates."""

    batch_id: str
    n: int
    about: str
    person: str
    created_at: datetime


@dataclass(frozen=True)
class MapPoint:
    """An example on the topic map, with the beginning of its texts."""

    example_id: str
    position: int
    topic: int
    x: float
    y: float
    instruction: str
    input: str
