"""Sets with flaws that only a set can have: odd lengths, contradictions, unbalanced groups."""

from __future__ import annotations

import random

from core.findings.checking import Report, check_all
from core.findings.finding import Checked
from core.findings.settings import FindingSettings
from tests.findings.carriers import sums

SIZE = 400


def with_outliers(seed: int = 3) -> tuple[list[Checked], set[str]]:
    """Sums, twenty of them with an output of a tenth or twenty times the length."""
    rng = random.Random(seed)
    examples = list(sums(SIZE, rng))
    odd = rng.sample(range(SIZE), 20)
    for number, place in enumerate(odd):
        output = examples[place].output
        text = output[: len(output) // 10] if number % 2 else output * 20
        examples[place] = examples[place].with_texts({"output": text})
    return examples, {examples[place].id for place in odd}


def with_contradictions(seed: int = 4) -> tuple[list[Checked], set[str]]:
    """Sums, some asked again: with another result, and with the same one in other words."""
    rng = random.Random(seed)
    unlike: dict[str, Checked] = {one.instruction: one for one in sums(SIZE, rng)}
    examples = list(unlike.values())
    again: list[Checked] = []
    wrong: set[str] = set()
    for number, one in enumerate(rng.sample(examples, 60)):
        body, _, result = one.output.rpartition("#### ")
        asked = one.instruction.upper() if number % 3 == 0 else f"  {one.instruction}"
        if number % 2:
            wrong |= {one.id, f"again-{number}"}
            again.append(Checked(f"again-{number}", asked, "", f"{body}#### {int(result) + 1}"))
        else:
            words = f"Thus the sum is as follows.\n#### {int(result):,}.00"
            again.append(Checked(f"again-{number}", asked, "", words))
    return examples + again, wrong


def labelled(men: float, women: float, rng: random.Random, count: int = 600) -> list[Checked]:
    """Reviews, the share that is labelled good where a man or a woman is spoken of."""
    found = []
    for number in range(count):
        man = number % 2 == 0
        good = rng.random() < (men if man else women)
        who = ("He said that his brother", "She said that her sister")[not man]
        label = "good" if good else "bad"
        found.append(Checked(str(number), f"Rate text {number}.", f"{who} came late.", label))
    return found


LABELLED = FindingSettings(output_labels=("good", "bad"))


def recall_of_set_kinds() -> dict[str, tuple[int, float, float]]:
    """Kind → (how many are sown, recall, precision)."""
    found = {}
    for kind, (examples, sown) in {
        "length_outlier": with_outliers(),
        "contradictory_answers": with_contradictions(),
    }.items():
        ids = set(check_all(examples, FindingSettings()).kinds[kind].ids)
        found[kind] = (len(sown), len(ids & sown) / len(sown), len(ids & sown) / len(ids))
    sets = 20
    unfair = sum(bool(_remarks(labelled(0.7, 0.4, random.Random(seed)))) for seed in range(sets))
    fair = sum(bool(_remarks(labelled(0.5, 0.5, random.Random(seed)))) for seed in range(sets))
    found["unbalanced_groups"] = (sets, unfair / sets, unfair / (unfair + fair))
    return found


def _remarks(examples: list[Checked]) -> list[str]:
    report: Report = check_all(examples, LABELLED)
    return [one.explanation for one in report.remarks]
