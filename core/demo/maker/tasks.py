"""What the demo's base model is taught: to copy, to look up and to list, never the demo task.

Every task's answer is determined by its prompt, and its values are drawn anew each time, so nothing
can be learned by heart. `progress` in 0…1 is the curriculum: short copies first, long texts with
many facts last. Pure: `draw_task(rng, progress)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from core.demo import words
from core.demo.maker.domains import DOMAINS, FILLERS, Domain, said
from core.demo.notes import vocabulary
from core.demo.remarks import remark
from core.prompts import PromptTemplate

_TEMPLATE = PromptTemplate()
_WORDS = vocabulary()
_LAYOUTS = ("=", "->", "|", "is", "..", "==", "~")


@dataclass(frozen=True)
class Task:
    """A prompt and the answer that follows from it; only the answer is learned."""

    prompt: str
    answer: str


def draw_task(rng: Random, progress: float, *, demo_values: bool = False) -> Task:
    """One task for a point of the curriculum.

    With `demo_values` all names and numbers come from the demo's part: for measuring how well
    copying works on values that were never trained on, not for training.
    """
    late = min(1.0, max(0.0, (progress - 0.1) / 0.3))
    kinds = (repeat_bare, repeat, follows, look_up, read_one, read_many, classify, card)
    early_weights = (5.0, 2.0, 2.0, 2.0, 0.5, 0.0, 0.0, 0.0)
    late_weights = (1.5, 1.0, 1.0, 1.5, 1.0, 3.0, 2.0, 5.0)
    weights = [a + (b - a) * late for a, b in zip(early_weights, late_weights, strict=True)]
    kind = rng.choices(kinds, weights)[0]
    return kind(rng, progress, demo_values)


def repeat_bare(rng: Random, progress: float, demo: bool) -> Task:
    """A row of words and the same row again."""
    row = _row(rng, rng.randint(3, 6 + round(20 * progress)), demo)
    return Task(f"{row} ;", f" {row}")


def repeat(rng: Random, progress: float, demo: bool) -> Task:
    """The same as an instruction."""
    row = _row(rng, rng.randint(3, 8 + round(30 * progress)), demo)
    return _task(
        rng.choice(("Repeat the input.", "Say it again.", "Copy the text.")), row, f"> {row}"
    )


def follows(rng: Random, progress: float, demo: bool) -> Task:
    """What stands behind a word of the input."""
    items = [_item(rng, demo) for _ in range(rng.randint(4, 6 + round(14 * progress)))]
    items = list(dict.fromkeys(items))
    at = rng.randrange(len(items) - 1)
    joint = rng.choice((" , ", " / ", ". ", " then "))
    return _task(f"What follows {items[at]} ?", joint.join(items), f"> {items[at + 1]}")


def look_up(rng: Random, progress: float, demo: bool) -> Task:
    """The values that belong to given keys."""
    n = rng.randint(2, 4 + round(8 * progress))
    keys = rng.sample(_WORDS, n)
    values = [_item(rng, demo) for _ in range(n)]
    sign = rng.choice(_LAYOUTS)
    asked = rng.sample(range(n), rng.randint(1, min(n, 1 + round(3 * progress))))
    table = " ; ".join(f"{k} {sign} {v}" for k, v in zip(keys, values, strict=True))
    wanted = " , ".join(keys[i] for i in asked)
    if rng.random() < 0.5:
        return _task(f"Look up {wanted}", table, "\n".join(f"> {values[i]}" for i in asked))
    lines = "\n".join(f"{keys[i]} {sign} {values[i]}" for i in asked)
    return _task(f"Look up with {sign} : {wanted}", table, lines)


def read_one(rng: Random, progress: float, demo: bool) -> Task:
    """One fact of an everyday text."""
    domain = rng.choice(DOMAINS)
    text, facts = _text(domain, rng, progress, demo)
    field = rng.choice(list(facts))
    return _task(f"Which {field} does the {domain.text} text give?", text, f"> {facts[field]}")


def read_many(rng: Random, progress: float, demo: bool) -> Task:
    """Several facts of an everyday text, each on its line behind `field SIGN`."""
    domain = rng.choice(DOMAINS)
    text, facts = _text(domain, rng, progress, demo)
    fields = rng.sample(list(facts), rng.randint(min(2, len(facts)), len(facts)))
    sign = rng.choice(_LAYOUTS)
    wanted = " , ".join(fields)
    if rng.random() < 0.2:
        answer = "\n".join(f"> {facts[field]}" for field in fields)
        return _task(f"From the {domain.text} text give only {wanted}", text, answer)
    answer = "\n".join(f"{field} {sign} {facts[field]}" for field in fields)
    return _task(f"From the {domain.text} text list with {sign} : {wanted}", text, answer)


def classify(rng: Random, progress: float, demo: bool) -> Task:
    """The label that a remark in an everyday text stands for."""
    domain = rng.choice(DOMAINS)
    text, facts = _text(domain, rng, progress, demo, labelled=True)
    asked = f"What is the {domain.question} in the {domain.text} text?"
    return _task(asked, text, f"> {facts[domain.question]}")


def card(rng: Random, progress: float, demo: bool) -> Task:
    """All facts of an everyday text, in the order that its domain always has."""
    domain = rng.choice(DOMAINS)
    text, facts = _text(domain, rng, progress, demo, labelled=True, every=True)
    sign = rng.choice(_LAYOUTS)
    answer = "\n".join(
        f"{field} {sign} {facts[field]}" for field in (*domain.facts, domain.question)
    )
    return _task(f"Make a {domain.text} card with {sign}", text, answer)


def _task(instruction: str, text: str, answer: str) -> Task:
    # Text and answer begin with a sign: every value stands behind a space in both.
    return Task(_TEMPLATE.render(instruction, f"> {text}"), answer)


def _text(
    domain: Domain,
    rng: Random,
    progress: float,
    demo: bool,
    *,
    labelled: bool | None = None,
    every: bool = False,
) -> tuple[str, dict[str, str]]:
    """A text of the domain in shuffled order, and the facts in it."""
    most = 2 + round(3 * min(1.0, progress * 2))
    count = len(domain.facts) if every else rng.randint(1, most)
    names = rng.sample(list(domain.facts), min(len(domain.facts), count))
    facts, lines = {}, []
    for field in names:
        make, sentences = domain.facts[field]
        facts[field] = make(rng, demo=demo)
        lines.append(rng.choice(said(sentences)).format(facts[field]))
    if labelled or (labelled is None and rng.random() < 0.5):
        fine = rng.random() < 0.5
        facts[domain.question] = list(domain.labels)[not fine]
        lines += _remarks(domain, rng, fine=fine)
    lines += rng.sample(FILLERS, rng.randint(0, round(5 * progress)))
    rng.shuffle(lines)
    return " ".join(lines), facts


def _remarks(domain: Domain, rng: Random, *, fine: bool) -> list[str]:
    """One or two remarks; the second label of the domain wins as soon as one of them says so."""
    good, bad = (said(sentences) for sentences in domain.labels.values())
    first = rng.choice(good if fine else bad) if rng.random() < 0.3 else remark(rng, fine=fine)
    return [first, *(remark(rng, fine=True) for _ in range(rng.randint(0, 1)))]


def _row(rng: Random, n: int, demo: bool) -> str:
    return " ".join(_item(rng, demo, short=True) for _ in range(n))


def _item(rng: Random, demo: bool, *, short: bool = False) -> str:
    draw = rng.random()
    if draw < 0.3:
        return words.name(rng, demo=demo)
    if draw < 0.5:
        return rng.choice(_WORDS)
    if draw < 0.6:
        return words.name(rng, demo=demo).lower()
    if draw < 0.7:
        return f"{words.number(rng, 1, 90_000, demo=demo):,}"
    if short:
        return rng.choice(_WORDS)
    makers = (words.person, words.company, words.size, words.budget, words.need)
    return rng.choice(makers)(rng, demo=demo)
