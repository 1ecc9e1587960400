"""Negatives: worse answers to the question of an accepted example, and what is dropped of them.

drafts = negatives_by_rules(sources, plan, options)     # the same for the same seed
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from random import Random
from typing import Literal

from core.augmentation.negative_rules import NEGATIVE_RULES, Answer
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import BY_MODEL, Source, numbers_of
from core.errors import InvalidInput
from core.examples.example import Example, normalised

NegativeState = Literal["waiting", "confirmed", "refused"]
NEGATIVE_STATES: dict[NegativeState, str] = {
    "waiting": "waiting for a person",
    "confirmed": "confirmed as worse",
    "refused": "not worse",
}
NEAR = 0.95
"""From this share of characters on, in their order, a text with the same numbers is the same."""
TOGETHER = 500
MOST_COMPARED = 20_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Negative:
    """An answer that may be worse than the source's. `rule` is a name of NEGATIVE_RULES or
    BY_MODEL; `cut`: a model was stopped at the longest allowed; `other_id`: whose answer it is, of
    another example's."""

    source: Source
    output: str
    rule: str
    cut: bool = False
    other_id: str = ""


@dataclass(frozen=True)
class NegativeDrafts:
    """What was made, and how many texts were dropped for each reason of DROPPED."""

    negatives: Sequence[Negative]
    dropped: Mapping[str, int]


@dataclass(frozen=True)
class NegativeTask:
    """A negative beside the answer that it was made of. `by`: rule or model; `changed`: that answer
    is not the accepted one any more; `other_position`: the example whose answer it is."""

    negative_id: str
    project_id: str
    example_id: str
    position: int
    instruction: str
    input: str
    accepted: str
    output: str
    by: str
    other_position: int | None
    state: NegativeState
    actor_id: str | None
    decided_at: datetime | None
    changed: bool


def negatives_by_rules(
    sources: Iterable[Source], plan: AugmentationPlan, options: Sequence[Sequence[str]]
) -> NegativeDrafts:
    """Up to `plan.per_example` negatives of each source, each by another rule, until there are
    `plan.most`. Answers of other examples are those of the same 500 sources."""
    made: list[Negative] = []
    dropped: Counter[str] = Counter()
    left = iter(sources)
    while some := list(islice(left, TOGETHER)):
        ids = {one.output: one.example_id for one in reversed(some)}
        for source in some:
            if len(made) == plan.most:
                return NegativeDrafts(made, +dropped)
            answer = Answer(source.output, tuple(ids), options)
            found = list(_spoilt(source, plan, answer, ids))
            dropped["no_rule"] += not found
            made += found[: plan.most - len(made)]
    return NegativeDrafts(made, +dropped)


def _spoilt(
    source: Source, plan: AugmentationPlan, answer: Answer, ids: Mapping[str, str]
) -> Iterator[Negative]:
    chance = f"{plan.seed}/{source.example_id}"
    names = sorted(plan.rules, key=lambda one: hashlib.sha256(f"{chance}/{one}".encode()).digest())
    seen: set[str] = set()
    for name in names:
        text = NEGATIVE_RULES[name].spoil(answer, Random(f"{chance}/{name}"))
        other_id = ids[text] if name == "other" and text else ""
        made = Negative(source, text or "", name, other_id=other_id)
        if problem_of(made) or made.output in seen:
            continue
        seen.add(made.output)
        yield made
        if len(seen) == plan.per_example:
            return


def negatives_by_model(
    answers: Sequence[tuple[Source, str, bool]], plan: AugmentationPlan
) -> NegativeDrafts:
    """The usable ones of a model's answers: (source, text, whether it was cut off), until there are
    `plan.most`."""
    made: list[Negative] = []
    dropped: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for source, text, cut in answers:
        one = Negative(source, text.strip(), BY_MODEL, cut)
        key = (source.example_id, normalised(one.output))
        why = problem_of(one) or ("twice" if key in seen else "")
        if why:
            dropped[why] += 1
        elif len(made) < plan.most:
            seen.add(key)
            made.append(one)
    return NegativeDrafts(made, dropped)


def problem_of(negative: Negative) -> str:
    """Why it is no negative, a key of DROPPED; "" for none. A text is nearly equal where it has the
    same words, or the same numbers and almost all characters; a rule that changes one fact leaves
    the others on purpose."""
    accepted, output = negative.source.output, negative.output
    if not output.strip():
        return "empty"
    if normalised(output) == normalised(accepted):
        return "equal"
    rule = NEGATIVE_RULES.get(negative.rule)
    if not (rule and rule.one_fact) and _is_near(accepted, output):
        return "near"
    try:
        Example(negative.source.instruction, negative.source.input, output)
    except InvalidInput:
        return "unusable"
    return ""


def _is_near(accepted: str, output: str) -> bool:
    from rapidfuzz.distance import Indel

    words = [_WORD.findall(text.casefold()) for text in (accepted, output)]
    if words[0] and words[0] == words[1]:
        return True
    if numbers_of(accepted) != numbers_of(output):
        return False
    one, other = (" ".join(text.casefold().split())[:MOST_COMPARED] for text in (accepted, output))
    return bool(Indel.normalized_similarity(one, other) >= NEAR)
