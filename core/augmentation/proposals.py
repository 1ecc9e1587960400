"""Proposals of paraphrases: made by rules, or read from a model's answers, and what is dropped.

proposals, dropped = by_rules(sources, plan)       # the same for the same seed, wherever it runs
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from core.augmentation.plan import AugmentationPlan
from core.augmentation.rules import RULES
from core.errors import InvalidInput
from core.examples.example import Example, content_hash, normalised

NEAR = 0.9
"""From this share of common words on, in their order, a model's text says nothing new."""
BY_MODEL = "model"

# Why a text is no proposal.
DROPPED: dict[str, str] = {
    "empty": "empty",
    "cut": "cut off at the longest allowed",
    "equal": "equal to the source",
    "near": "nearly equal to the source",
    "numbers": "without a number of the source",
    "twice": "proposed twice",
    "unusable": "that cannot be stored",
    "no_rule": "that no rule fits",
}
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True)
class Source:
    """An accepted example as a proposal is made of it; `labels` is JSON text."""

    example_id: str
    revision_id: str
    instruction: str
    input: str
    output: str
    labels: str = "{}"


@dataclass(frozen=True)
class Proposal:
    """Another instruction for a source; `rule` is a name of RULES, or BY_MODEL."""

    source: Source
    instruction: str
    rule: str

    @property
    def example(self) -> Example:
        """The triple that it would be."""
        return Example(self.instruction, self.source.input, self.source.output)

    @property
    def content_hash(self) -> str:
        """As `core.examples.example.content_hash` says."""
        return content_hash(self.example)


@dataclass(frozen=True)
class Drafts:
    """What was made, and how many texts were dropped for each reason of DROPPED."""

    proposals: Sequence[Proposal]
    dropped: Mapping[str, int]


def by_rules(sources: Iterable[Source], plan: AugmentationPlan) -> Drafts:
    """Up to `plan.per_example` proposals of each source, each by another rule, until there are
    `plan.most`."""
    made: list[Proposal] = []
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for source in sources:
        if len(made) == plan.most:
            break
        left = min(plan.per_example, plan.most - len(made))
        found = list(_rewritten(source, plan, left, seen))
        dropped["no_rule"] += not found
        made += found
    return Drafts(made, +dropped)


def _rewritten(
    source: Source, plan: AugmentationPlan, most: int, seen: set[str]
) -> Iterator[Proposal]:
    chance = f"{plan.seed}/{source.example_id}"
    names = sorted(plan.rules, key=lambda one: hashlib.sha256(f"{chance}/{one}".encode()).digest())
    for name in names:
        text = RULES[name].rewrite(source.instruction, Random(f"{chance}/{name}"))
        proposal = Proposal(source, text or "", name)
        if problem_of(proposal) or proposal.content_hash in seen:
            continue
        seen.add(proposal.content_hash)
        yield proposal
        most -= 1
        if not most:
            return


def by_model(answers: Sequence[tuple[Source, str, bool]], plan: AugmentationPlan) -> Drafts:
    """The usable ones of a model's answers: (source, text, whether it was cut off), until there are
    `plan.most`."""
    made: list[Proposal] = []
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for source, text, cut in answers:
        proposal = Proposal(source, _unquoted(text), BY_MODEL)
        why = "cut" if cut and text.strip() else problem_of(proposal)
        why = why or ("twice" if proposal.content_hash in seen else "")
        why = why or ("near" if similarity(proposal) >= NEAR else "")
        if why:
            dropped[why] += 1
        elif len(made) < plan.most:
            seen.add(proposal.content_hash)
            made.append(proposal)
    return Drafts(made, dropped)


def _unquoted(text: str) -> str:
    """The text without the quotes that models put round an answer."""
    text = text.strip()
    inside = text[1:-1]
    quoted = len(text) > 1 and (text[0] + text[-1]) in ('""', "“”", "«»")
    return inside.strip() if quoted and not set(inside) & set('"“”«»') else text


def problem_of(proposal: Proposal) -> str:
    """Why it is no proposal, a key of DROPPED; "" for none."""
    source = proposal.source
    if not proposal.instruction.strip():
        return "empty"
    if normalised(proposal.instruction) == normalised(source.instruction):
        return "equal"
    if numbers_of(source.instruction) - numbers_of(proposal.instruction):
        return "numbers"
    try:
        proposal.example  # noqa: B018 it checks itself
    except InvalidInput:
        return "unusable"
    return ""


def numbers_of(text: str) -> Counter[str]:
    """The numbers of a text, as they are written, with how often each stands there."""
    return Counter(_NUMBER.findall(text))


def similarity(proposal: Proposal) -> float:
    """How alike source and proposal are in the order of their words, 0..1, whatever their case."""
    import numpy as np

    from core.examples.similarity import in_order
    from core.examples.words import read_prompts

    texts = [proposal.source.instruction.casefold(), proposal.instruction.casefold()]
    words = read_prompts(texts, ["", ""]).words(np.arange(2))
    return float(in_order(words, np.array([0]), np.array([1]))[0])
