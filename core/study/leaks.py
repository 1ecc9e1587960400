"""Can a rater tell the systems apart before reading? The scan that runs before a study opens.

A study is not blind when length or format alone predicts the system beyond what chance does, or
when a model's name or a piece of the prompt template stands in the answers of one side only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.study.leak_report import HIGHEST_BLIND_AUC, LeakReport

HIGHEST_CHANCE = 0.01
# With fewer pairs no swap of their sides is rarer than HIGHEST_CHANCE: 2 / 2**8 is 0.008.
FEWEST_TO_TELL = 8
SWAPS = 9999
SWAPPED_UP_TO = 400
SPECIAL_TOKENS = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|assistant|>", "<|user|>",
    "[INST]", "[/INST]", "<s>", "</s>", "<pad>", "<unk>", "<bos>", "<eos>",
)  # fmt: skip

_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_MARKDOWN = re.compile(r"\*\*|__|```|^#{1,6}\s|^\s*\|.*\|\s*$", re.MULTILINE)
_ENDS_FINISHED = re.compile(r"[.!?…。！？\"'”’)\]}`>|]$")
_MARK = re.compile(r"[^\w\s]")
_PLACEHOLDER = re.compile(r"\{(?:instruction|input)\}")
_SHORTEST_TOKEN = 4


def scan(
    answers_a: Sequence[str], answers_b: Sequence[str], *, names: Sequence[str], template: str
) -> LeakReport:
    """Compares the answers of two systems to the same examples, in one order, as a rater sees them.

    Outer whitespace is gone. `names` are words that must not show: model, run and project names;
    `template` is the text of the prompt template. Findings never say which system is which.
    Raises InvalidInput when one side has no answers, or the sides differ in number.
    """
    if not answers_a or len(answers_a) != len(answers_b):
        raise InvalidInput(
            "The leak scan compares answers of two systems to the same examples. Generate answers "
            "with both first."
        )
    a, b = [text.strip() for text in answers_a], [text.strip() for text in answers_b]
    enough = len(a) >= FEWEST_TO_TELL
    lengths = [len(text) for text in a], [len(text) for text in b]
    length_auc = separation(*lengths)
    format_name, format_auc, format_p = _most_telling(a, b)
    findings = []
    if length_auc > HIGHEST_BLIND_AUC and by_chance(*lengths) < HIGHEST_CHANCE:
        findings.append(f"Length alone tells the systems apart (AUC {length_auc:.2f}).")
    if format_auc > HIGHEST_BLIND_AUC and format_p < HIGHEST_CHANCE:
        findings.append(f"{format_name} alone tell the systems apart (AUC {format_auc:.2f}).")
    one_sided, both_sided = _given_away(a, b, names, template)
    blind = not findings and not one_sided
    if not enough:
        findings.append(
            f"{len(a)} pairs are too few to tell whether length or format gives a system away "
            f"({FEWEST_TO_TELL} would do). Read them yourself."
        )
    return LeakReport(
        (*findings, *one_sided, *both_sided, *_unfinished(a, b)),
        length_auc,
        format_auc,
        blind,
        enough,
    )


def worst(reports: Sequence[LeakReport]) -> LeakReport:
    """One report of several comparisons: blind only when all are."""
    return LeakReport(
        tuple(dict.fromkeys(finding for report in reports for finding in report.findings)),
        max(report.length_auc for report in reports),
        max(report.format_auc for report in reports),
        all(report.blind for report in reports),
        all(report.enough for report in reports),
    )


def separation(a: Sequence[float], b: Sequence[float]) -> float:
    """The AUC of telling a from b by one number, in 0.5..1 whichever is larger (Mann-Whitney)."""
    ordered = np.sort(np.asarray(b, np.float64))
    below = np.searchsorted(ordered, a, "left").sum()
    not_above = np.searchsorted(ordered, a, "right").sum()
    halves, possible = int(below + not_above), 2 * len(a) * len(b)
    return max(halves, possible - halves) / possible


def by_chance(a: Sequence[float], b: Sequence[float]) -> float:
    """How often swapping the two answers within pairs separates as well: a permutation p in 0..1.

    A swap keeps all ranks, so it is a sign-flip test of their differences; for many pairs by the
    normal approximation.
    """
    ranks = _ranks(np.concatenate([np.asarray(a, np.float64), np.asarray(b, np.float64)]))
    apart = ranks[: len(a)] - ranks[len(a) :]
    seen, spread = abs(apart.sum()), float(np.sqrt(np.square(apart).sum()))
    if not spread:
        return 1.0
    if len(a) > SWAPPED_UP_TO:
        from math import erfc, sqrt

        return float(erfc(seen / spread / sqrt(2)))
    signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(SWAPS, len(a)))
    as_far = int((np.abs(signs @ apart) >= seen - 1e-9).sum())
    return (as_far + 1) / (SWAPS + 1)


def _ranks(values: Any) -> Any:
    """Ranks from 1, ties at their mean."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[where]


def template_tokens(template: str) -> list[str]:
    """The fixed pieces of a prompt template, and the special tokens that models know.

    Pieces are lines without their placeholders, such as "### Response:". One or two plain words
    are left out, as answers may well contain them.
    """
    pieces = [piece.strip() for line in template.splitlines() for piece in _PLACEHOLDER.split(line)]
    telling = [
        piece
        for piece in pieces
        if len(piece) >= _SHORTEST_TOKEN and (len(piece.split()) > 2 or _MARK.search(piece))
    ]
    return list(dict.fromkeys([*telling, *SPECIAL_TOKENS]))


def _is_unfinished(text: str) -> bool:
    return not _ENDS_FINISHED.search(text)


_FORMATS: dict[str, Callable[[str], float]] = {
    "Line breaks": lambda text: text.count("\n"),
    "Lists": lambda text: len(_BULLET.findall(text)),
    "Markdown marks": lambda text: len(_MARKDOWN.findall(text)),
    "Unfinished endings": _is_unfinished,
    "Empty answers": lambda text: not text,
    "Capital first letters": lambda text: text[:1].isupper(),
}


def _most_telling(a: Sequence[str], b: Sequence[str]) -> tuple[str, float, float]:
    """The feature that separates best, its AUC, and how often chance would do as well."""
    features = {
        name: ([float(f(text)) for text in a], [float(f(text)) for text in b])
        for name, f in _FORMATS.items()
    }
    found = {name: separation(*both) for name, both in features.items()}
    name = max(found, key=lambda key: found[key])
    return name, found[name], by_chance(*features[name])


def _given_away(
    a: Sequence[str], b: Sequence[str], names: Sequence[str], template: str
) -> tuple[list[str], list[str]]:
    """Findings about words that stand in one side only, and about those in both."""
    patterns = {
        f"The name {name!r}": re.compile(rf"(?<!\w){re.escape(name.strip())}(?!\w)", re.IGNORECASE)
        for name in names
        if name.strip()
    }
    patterns |= {
        f"The template's {token!r}": re.compile(re.escape(token))
        for token in template_tokens(template)
    }
    one_sided, both_sided = [], []
    for what, pattern in patterns.items():
        hits = sorted(sum(bool(pattern.search(text)) for text in side) for side in (a, b))
        if hits[0]:
            both_sided.append(f"{what} stands in answers of both systems ({hits[0]}, {hits[1]}).")
        elif hits[1]:
            one_sided.append(f"{what} stands in {hits[1]} answers of one system only.")
    return one_sided, both_sided


def _unfinished(a: Sequence[str], b: Sequence[str]) -> list[str]:
    shares = sorted(float(np.mean([_is_unfinished(text) for text in side])) for side in (a, b))
    if shares[1] - shares[0] < 0.2:
        return []
    return [
        f"Answers of one system break off more often ({shares[1]:.0%} against {shares[0]:.0%} "
        "end without punctuation)."
    ]
