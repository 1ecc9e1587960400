"""Can a rater tell the systems apart before reading? The scan that runs before a study opens.

A study is not blind when length or a mark of format is on the side of one and the same system in
more than four of five pairs, beyond chance; when a system opens with words of its own, or speaks of
its maker; or when a system's name or a piece of the prompt template stands in one side only.

How far the wording tells the systems is measured beside it and does not decide: answers of a tuned
model read otherwise than its base's wherever the tuning has worked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from core.errors import InvalidInput
from core.study.leak_report import HIGHEST_BLIND_SHARE, LeakReport, Measure
from core.study.phrases import (
    HIGHEST_CHANCE,
    makers_given_away,
    names_given_away,
    openings_given_away,
)
from core.study.within_pairs import told_by, told_by_wording
from core.wording import percent

_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_MARKDOWN = re.compile(r"\*\*|__|```|^#{1,6}\s|^\s*\|.*\|\s*$", re.MULTILINE)
_ENDS_FINISHED = re.compile(r"[.!?…。！？\"'”’)\]}`>|]$")
_CURLY = re.compile(r"[“”‘’]")


def _is_unfinished(text: str) -> bool:
    return not _ENDS_FINISHED.search(text)


FORMATS: dict[str, Callable[[str], float]] = {
    "Line breaks": lambda text: text.count("\n"),
    "Lists": lambda text: len(_BULLET.findall(text)),
    "Markdown marks": lambda text: len(_MARKDOWN.findall(text)),
    "Curly quotes": lambda text: len(_CURLY.findall(text)),
    "Dashes": lambda text: text.count("—") + text.count("–"),
    "Unfinished endings": _is_unfinished,
    "Empty answers": lambda text: not text,
    "Capital first letters": lambda text: text[:1].isupper(),
}
REMEDY = {
    "Line breaks": "line_breaks",
    "Lists": "markdown",
    "Markdown marks": "markdown",
    "Curly quotes": "quotes",
    "Dashes": "quotes",
    "Unfinished endings": "length",
    "Capital first letters": "capitals",
}
"""Which change (`core.study.transforming`) takes a mark from both sides; some have none."""
FORMAT_CHANCE = HIGHEST_CHANCE / len(FORMATS)
"""The most telling of several marks is judged: each may be chance this often."""
# With fewer pairs no mark that is on one side in all of them is rarer by chance: 2 / 2**11.
FEWEST_TO_TELL = 11


def scan(
    answers_a: Sequence[str],
    answers_b: Sequence[str],
    *,
    names: Sequence[str],
    template: str,
    references: Sequence[str] = (),
) -> LeakReport:
    """Compares the answers of two systems to the same examples, in one order, as a rater sees them.

    Outer whitespace is gone. `names` are words that must not show: model, run and project names;
    `template` is the text of the prompt template; what `references` say is content and no leak.
    Raises InvalidInput when one side has no answers, or the sides differ in number.
    """
    if not answers_a or len(answers_a) != len(answers_b):
        raise InvalidInput(
            "The leak scan compares answers of two systems to the same examples. Generate answers "
            "with both first."
        )
    a, b = [text.strip() for text in answers_a], [text.strip() for text in answers_b]
    expected = [text.strip() for text in references]
    length, form = _length(a, b), _most_telling(a, b)
    measures = (length, form, told_by_wording(a, b))
    away = []
    if _tells(length, HIGHEST_CHANCE):
        away.append(
            f"Length alone tells the systems apart: in {percent(length.share)} of the pairs the "
            "same one is longer. Let both answer at one length, trim both, or leave pairs of "
            "unlike length out."
        )
    if _tells(form, FORMAT_CHANCE):
        away.append(
            f"{form.name} alone tell the systems apart: in {percent(form.share)} of the pairs the "
            "same one has more. Ask both for one format, or take the marks from both."
        )
    given = own, makers, openings = (
        names_given_away(a, b, names, template),
        makers_given_away(a, b, expected),
        openings_given_away(a, b, expected),
    )
    away += [sentence for one in given for sentence in one.away]
    enough = len(a) >= FEWEST_TO_TELL
    aside = [] if enough else [_too_few(len(a))]
    aside += [sentence for one in given for sentence in one.aside]
    remedies = {
        "length": _tells(length, HIGHEST_CHANCE),
        "openings": bool(openings.away),
        "names_left_out": bool(own.away or makers.away),
    }
    closing = [*_format_remedies(a, b), *(key for key, needed in remedies.items() if needed)]
    return LeakReport(
        (*away, *aside, *_unfinished(a, b)), measures, not away, enough,
        tuple(dict.fromkeys(closing)),
    )  # fmt: skip


def worst(reports: Sequence[LeakReport]) -> LeakReport:
    """One report of several comparisons: blind only when all are."""
    together = zip(*(report.measures for report in reports), strict=True)
    return LeakReport(
        tuple(dict.fromkeys(finding for report in reports for finding in report.findings)),
        tuple(max(measures, key=lambda one: one.share) for measures in together),
        all(report.blind for report in reports),
        all(report.enough for report in reports),
        tuple(dict.fromkeys(key for report in reports for key in report.remedies)),
    )


def _length(a: Sequence[str], b: Sequence[str]) -> Measure:
    return told_by("Length", [len(text) for text in a], [len(text) for text in b])


def _most_telling(a: Sequence[str], b: Sequence[str]) -> Measure:
    return max(_formats(a, b), key=lambda one: one.share)


def _formats(a: Sequence[str], b: Sequence[str]) -> list[Measure]:
    return [
        told_by(name, [float(f(text)) for text in a], [float(f(text)) for text in b])
        for name, f in FORMATS.items()
    ]


def _format_remedies(a: Sequence[str], b: Sequence[str]) -> list[str]:
    told = [one.name for one in _formats(a, b) if _tells(one, FORMAT_CHANCE)]
    return [REMEDY[name] for name in told if name in REMEDY]


def _tells(one: Measure, chance: float) -> bool:
    return one.share > HIGHEST_BLIND_SHARE and one.p is not None and one.p <= chance


def _too_few(pairs: int) -> str:
    return (
        f"{pairs} pairs are too few to tell whether length or format gives a system away "
        f"({FEWEST_TO_TELL} would do). Read them yourself."
    )


def _unfinished(a: Sequence[str], b: Sequence[str]) -> list[str]:
    shares = sorted(float(np.mean([_is_unfinished(text) for text in side])) for side in (a, b))
    if shares[1] - shares[0] < 0.2:
        return []
    return [
        f"Answers of one system break off more often ({percent(shares[1])} against "
        f"{percent(shares[0])} end without punctuation)."
    ]
