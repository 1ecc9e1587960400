"""Rules that make a worse answer of an accepted one, without a model: one table.

    NEGATIVE_RULES["number"].spoil(Answer("It is 12."), Random("42"))   # "It is 17."

A rule answers None where it does not fit. What it writes is a proposal: only a person says that it
is worse than the accepted answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

LEAST_WORDS = 6
_NUMBER = re.compile(r"(?<![\w.,])\d{1,12}(?![\w])")
_SENTENCE = re.compile(r"[^.!?。！？\n]*\w[^.!?。！？\n]*[.!?。！？]+")
REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "As an AI language model, I am not able to answer this.",
    "Unfortunately, I cannot provide this information. Please consult a professional.",
)


@dataclass(frozen=True)
class Answer:
    """An accepted answer; `others` are answers of other examples of the project, and `options` the
    options of each label of its schema."""

    output: str
    others: Sequence[str] = ()
    options: Sequence[Sequence[str]] = ()


Spoil = Callable[[Answer, Random], str | None]


@dataclass(frozen=True)
class NegativeRule:
    """`says`: what it does to the answer, for people to read. `one_fact`: it changes a single fact,
    so that all other words stay on purpose."""

    name: str
    label: str
    says: str
    spoil: Spoil
    one_fact: bool = False


def _number(answer: Answer, rng: Random) -> str | None:
    found = list(_NUMBER.finditer(answer.output))
    if not found:
        return None
    one = rng.choice(found)
    value, digits = int(one[0]), len(one[0])
    step = rng.choice([1, 2, 3, 5, 10][: 3 if value < 20 else 5])
    changed = value - step if value >= step and rng.random() < 0.5 else value + step
    return f"{answer.output[: one.start()]}{changed:0{digits}d}{answer.output[one.end() :]}"


def _cut(answer: Answer, rng: Random) -> str | None:
    words = list(re.finditer(r"\S+", answer.output))
    if len(words) < LEAST_WORDS:
        return None
    last = rng.randint(len(words) // 3, 2 * len(words) // 3)
    return answer.output[: words[last].end()].rstrip(".!?,;:")


def _other(answer: Answer, rng: Random) -> str | None:
    own = answer.output.strip()
    others = sorted({one for one in answer.others if one.strip() != own})
    return rng.choice(others) if others else None


def _repeated(answer: Answer, rng: Random) -> str | None:
    found = [one for one in _SENTENCE.finditer(answer.output) if len(one[0].split()) >= 3]
    if not found:
        return None
    one = rng.choice(found)
    text = one[0].strip()
    return f"{answer.output[: one.end()]} {text} {text}{answer.output[one.end() :]}"


def _option(answer: Answer, rng: Random) -> str | None:
    """Another option of a label in the place of the one that the answer names."""
    swaps = [
        (found.span(), other)
        for options in answer.options
        for named in options
        for found in re.finditer(rf"(?<!\w){re.escape(named)}(?!\w)", answer.output)
        for other in options
        if other != named
    ]
    if not swaps:
        return None
    (start, end), other = rng.choice(swaps)
    return answer.output[:start] + other + answer.output[end:]


def _refusal(answer: Answer, rng: Random) -> str | None:
    return rng.choice(REFUSALS)


NEGATIVE_RULES: dict[str, NegativeRule] = {
    rule.name: rule
    for rule in (
        NegativeRule("number", "A number changed", "One whole number of the answer is another one.",
                     _number, one_fact=True),
        NegativeRule("option", "Another option", "Where the answer names an option of a label, "
                     "another option of that label stands in its place.", _option, one_fact=True),
        NegativeRule("cut", "Cut in the middle", f"An answer of {LEAST_WORDS} words or more ends "
                     "after a third to two thirds of them.", _cut),
        NegativeRule("repeat", "A sentence repeated", "One sentence stands there three times.",
                     _repeated),
        NegativeRule("other", "Another example's answer", "The accepted answer of another example "
                     "of this project.", _other),
        NegativeRule("refusal", "A refusal", "An assistant's English refusal in place of the "
                     "answer.", _refusal),
    )
}  # fmt: skip
