"""A project: one task with its guidelines, label schema, rubric and prompt template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from core.examples.acceptance import MOST_REVIEWERS
from core.examples.gold import MOST_SHARE
from core.examples.overlap import MOST_PEOPLE
from core.examples.queue_orders import QUEUE_ORDERS, REVIEW_ORDERS, QueueOrder, ReviewOrder
from core.labels.field import InvalidProject as InvalidProject
from core.labels.field import LabelField as LabelField
from core.prompts import DEFAULT_TEMPLATE, PromptTemplate
from core.scoring.json_schema import checked_schema
from core.wording import percent

TaskKind = Literal["generation", "extraction", "classification"]
SAVING: tuple[str, ...] = ("created", "changed", "deleted", "restored")
"""What the audit log calls the events of a project whose detail holds its settings."""
TASK_KINDS: tuple[TaskKind, ...] = get_args(TaskKind)


@dataclass(frozen=True)
class Criterion:
    """One criterion of the rubric, rated 1–5; `anchors` says in words what each point means."""

    name: str
    question: str
    anchors: tuple[str, str, str, str, str]

    def __post_init__(self) -> None:
        if not self.name.strip() or not all(anchor.strip() for anchor in self.anchors):
            raise InvalidProject(
                f"The criterion “{self.name}” needs a name and five anchors. Fill in each point."
            )


DEFAULT_RUBRIC: tuple[Criterion, ...] = (
    Criterion(
        "relevance",
        "Does it answer what was asked?",
        (
            "Misses the request",
            "Touches it, misses the point",
            "Answers part of it",
            "Answers it, with something missing or added",
            "Answers exactly what was asked",
        ),
    ),
    Criterion(
        "coherence",
        "Does it hang together?",
        (
            "Contradicts itself or falls apart",
            "Hard to follow",
            "Followable with effort",
            "Clear with a small break",
            "Clear throughout",
        ),
    ),
    Criterion(
        "fluency",
        "Does it read well?",
        (
            "Unreadable",
            "Many errors",
            "Some errors",
            "One small error",
            "No errors",
        ),
    ),
    Criterion(
        "bias",
        "Is it free of unfair slant? Below 4, say what and where.",
        (
            "Openly unfair or demeaning",
            "Clear slant",
            "Noticeable slant",
            "A trace",
            "None noticed",
        ),
    ),
)


@dataclass(frozen=True)
class ProjectSettings:
    """What a lead edits. Raises InvalidProject with a sentence where a setting cannot be used.

    `record_fields`: the fields that an extraction's output holds, scored one by one.
    `label_field`: the record field whose precision, recall and F1 are reported (classification:
    leave it empty, the whole output is the label). `json_schema`: what answers must be valid
    against, as it was typed, or "". `overlap`: how many people annotate each example of
    `overlap_share` (0–1) of the examples; one does the others. `queue_order`: which
    example an annotator is given next; `review_order`: which a reviewer is. `reviewers`: how many
    different people must accept an example, 1 to MOST_REVIEWERS; critical ones need two or more.
    `gold_share`: the share (0 to MOST_SHARE) of an annotator's tasks that are gold examples.
    """

    name: str
    task_kind: TaskKind = "generation"
    guidelines: str = ""
    label_schema: tuple[LabelField, ...] = ()
    rubric: tuple[Criterion, ...] = DEFAULT_RUBRIC
    template: str = DEFAULT_TEMPLATE
    record_fields: tuple[str, ...] = ()
    label_field: str | None = None
    json_schema: str = ""
    queue_order: QueueOrder = "oldest"
    overlap: int = 1
    overlap_share: float = 1.0
    reviewers: int = 1
    gold_share: float = 0.0
    review_order: ReviewOrder = "oldest"

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 80:
            raise InvalidProject("A project needs a name of 1 to 80 characters. Give it one.")
        if self.task_kind not in TASK_KINDS:
            raise InvalidProject(f"Choose one of {', '.join(TASK_KINDS)} as the task kind.")
        names = [criterion.name for criterion in self.rubric]
        if not names or len(set(names)) != len(names):
            raise InvalidProject("The rubric needs at least one criterion, each name once.")
        if self.label_field and self.label_field not in self.record_fields:
            raise InvalidProject(
                f"The label field “{self.label_field}” is none of the record fields. Add it there."
            )
        _refuse_unknown_order("order", self.queue_order, QUEUE_ORDERS)
        _refuse_unknown_order("review order", self.review_order, REVIEW_ORDERS)
        if self.overlap not in range(1, MOST_PEOPLE + 1) or not 0 <= self.overlap_share <= 1:
            raise InvalidProject(
                f"From 1 to {MOST_PEOPLE} people annotate each example of a share of 0 to 100 %."
            )
        if self.reviewers not in range(1, MOST_REVIEWERS + 1):
            raise InvalidProject(f"From 1 to {MOST_REVIEWERS} reviewers can accept each example.")
        if not 0 <= self.gold_share <= MOST_SHARE:
            raise InvalidProject(
                f"From 0 to {percent(MOST_SHARE)} of the tasks can be gold examples."
            )
        if self.json_schema.strip():
            checked_schema(self.json_schema)
        PromptTemplate(self.template)

    def to_json(self) -> dict[str, Any]:
        """A dict that `from_json` reads back to an equal value."""
        return {
            "name": self.name,
            "task_kind": self.task_kind,
            "guidelines": self.guidelines,
            "label_schema": [field.to_json() for field in self.label_schema],
            "rubric": rubric_to_json(self.rubric),
            "template": self.template,
            "record_fields": list(self.record_fields),
            "label_field": self.label_field,
            "json_schema": self.json_schema,
            "queue_order": self.queue_order,
            "overlap": self.overlap,
            "overlap_share": self.overlap_share,
            "reviewers": self.reviewers,
            "gold_share": self.gold_share,
            "review_order": self.review_order,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ProjectSettings:
        """The settings that `to_json` wrote."""
        return cls(
            **{
                **data,
                "label_schema": tuple(map(LabelField.from_json, data["label_schema"])),
                "rubric": rubric_from_json(data["rubric"]),
                "record_fields": tuple(data["record_fields"]),
            }
        )


def _refuse_unknown_order(what: str, chosen: str, known: tuple[str, ...]) -> None:
    if chosen not in known:
        raise InvalidProject(f"Choose one of {', '.join(known)} as the {what}.")


def rubric_to_json(rubric: tuple[Criterion, ...]) -> list[dict[str, Any]]:
    """The rubric as plain lists and dicts."""
    return [{"name": c.name, "question": c.question, "anchors": list(c.anchors)} for c in rubric]


def rubric_from_json(data: list[dict[str, Any]]) -> tuple[Criterion, ...]:
    """The rubric that `rubric_to_json` wrote."""
    return tuple(Criterion(c["name"], c["question"], tuple(c["anchors"])) for c in data)


@dataclass(frozen=True)
class Project:
    """A project as it stands."""

    project_id: str
    settings: ProjectSettings
    is_demo: bool = False
    created_by: str = field(default="system")

    @property
    def name(self) -> str:
        """The project's name."""
        return self.settings.name
