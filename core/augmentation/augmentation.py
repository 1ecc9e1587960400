"""An augmentation as the store gives it, and where a synthetic example comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.augmentation.negative_rules import NEGATIVE_RULES
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import BY_MODEL
from core.augmentation.rules import RULES
from core.examples.states import ExampleState


def rule_label(name: str) -> str:
    """What a rule for paraphrases or negatives is called; its name where it is gone."""
    rule = RULES.get(name) or NEGATIVE_RULES.get(name)
    return rule.label if rule else name


@dataclass(frozen=True)
class Augmentation:
    """A batch of proposals, paraphrases or negatives: of `sources` examples looked at it `added`
    some, `known` were in the project already, and `dropped` says why others were left out (keys of
    DROPPED). `model` is what wrote them, "" for rules."""

    augmentation_id: str
    project_id: str
    plan: AugmentationPlan
    model: str
    sources: int
    added: int
    known: int
    dropped: Mapping[str, int]
    actor_id: str
    person: str
    created_at: datetime
    undone_at: datetime | None

    @property
    def how(self) -> str:
        """By what, for people to read."""
        return self.model or ", ".join(rule_label(name) for name in self.plan.rules)


@dataclass(frozen=True)
class Sourced:
    """Of what and by what an example was made. `position` is the source's, None where it is gone;
    `changed`: it has another revision by now."""

    source_id: str
    rule: str
    model: str
    seed: int
    position: int | None
    changed: bool

    @property
    def by(self) -> str:
        """“the rule As a question” or “the model X”."""
        if self.rule == BY_MODEL:
            return f"the model {self.model}"
        return f"the rule “{rule_label(self.rule)}”"


@dataclass(frozen=True)
class Child:
    """A synthetic example that was made of another one."""

    example_id: str
    position: int
    state: ExampleState
    rule: str
