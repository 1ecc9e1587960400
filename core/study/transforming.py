"""Changes to answers as a study shows them, made to all sides alike, so that a leak is closed.

    plan = Changes(("quotes", "openings"), openings=("Sure! Here is",))
    plan.apply(["Sure! Here is it: “Yes”", "No"])     # ("It: \"Yes\"", "No"), or None: left out

Which changes there are stands in TRANSFORMATIONS alone. They see the answers to one example and
never whose they are, so that a swap of the systems changes nothing; applied twice they do what
they do once. The answers that were generated stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.study.phrases import names_told
from core.wording import counted

LONGEST_RATIO = 1.5
"""Answers of like length: the longer has at most so many times the characters of the shorter."""
CUT = " …"

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "—": "-", "–": "-"})
_FENCE = re.compile(r"^[ \t]*```[^\n]*\n?", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*\*|__|```")
_INTERJECTION = re.compile(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|ok(?:ay)?|great question)[!,.]+\s*",
    re.IGNORECASE,
)
_PRESENTS = re.compile(r"here(?: is|'s|’s| are)\b[^:\n]{0,120}:\s+", re.IGNORECASE)
_BETWEEN = " \t\n,;:-–—"
_WORD = re.compile(r"\S*\w\S*")


@dataclass(frozen=True)
class Transformation:
    """One change. `label`: what is offered; `done`: what the study says was done. `text` makes it
    to each answer alone; where there is none, all answers to an example are looked at together."""

    label: str
    done: str
    text: Callable[[str], str] | None = None


def straight(text: str) -> str:
    """Curly quotes become straight ones, and dashes hyphens."""
    return text.translate(_STRAIGHT)


def unmarked(text: str) -> str:
    """Without the marks of Markdown: headings, lists, emphasis, code fences; the words stay."""
    for pattern in (_FENCE, _HEADING, _BULLET, _EMPHASIS):
        text = pattern.sub("", text)
    return text


def one_paragraph(text: str) -> str:
    """Every run of white space becomes one space."""
    return " ".join(text.split())


def capital(text: str) -> str:
    """The first letter as a capital."""
    return text[:1].upper() + text[1:]


def without_opening(text: str, openings: Sequence[str]) -> str:
    """Without words such as “Sure! Here is …:”, else the longest of `openings` that it begins with.

    A first line that begins so and ends with a colon goes as a whole; else the words themselves,
    and the next word is written with a capital.
    """
    text = text.strip()
    if begun := _INTERJECTION.match(text):
        return capital(_presented(text[begun.end() :]))
    if (presented := _presented(text)) != text:
        return presented
    first_line, _, rest = text.partition("\n")
    for opening in sorted(openings, key=len, reverse=True):
        if not text.startswith(opening) or text[len(opening) : len(opening) + 1].isalnum():
            continue
        if first_line.rstrip().endswith(":") and rest.strip():
            return rest.strip()
        return capital(text[len(opening) :].lstrip(_BETWEEN))
    return text


def _presented(text: str) -> str:
    found = _PRESENTS.match(text)
    return text[found.end() :] if found else text


def one_length(texts: Sequence[str]) -> tuple[str, ...]:
    """All cut to as many words as the shortest has, each with “…” behind; equal ones stay."""
    words = [list(_WORD.finditer(text)) for text in texts]
    fewest = min(map(len, words))
    if not fewest or all(len(one) == fewest for one in words):
        return tuple(texts)
    return tuple(
        text[: found[fewest - 1].end()].rstrip(".!?…,;: ") + CUT
        for text, found in zip(texts, words, strict=True)
    )


TRANSFORMATIONS: Mapping[str, Transformation] = {
    "markdown": Transformation(
        "Marks of Markdown taken out: headings, lists, emphasis", "marks of Markdown taken out",
        unmarked,
    ),
    "line_breaks": Transformation(
        "Each answer written as one paragraph", "answers written as one paragraph", one_paragraph
    ),
    "quotes": Transformation(
        "Straight quotes and hyphens for curly quotes and dashes",
        "quotes and dashes written in one way", straight,
    ),
    "capitals": Transformation(
        "A capital as the first letter", "the first letter written as a capital", capital
    ),
    "openings": Transformation(
        "Opening phrases taken off, such as “Sure! Here is”", "opening phrases taken off"
    ),
    "length": Transformation(
        "Both answers trimmed to the words of the shorter one",
        "answers trimmed to the words of the shortest",
    ),
    "names_left_out": Transformation(
        "Examples left out where an answer names a system or a maker of models",
        "examples left out where an answer names a system or a maker",
    ),
    "lengths_left_out": Transformation(
        f"Examples left out where one answer is more than {LONGEST_RATIO:g} times as long",
        f"examples left out where one answer is more than {LONGEST_RATIO:g} times as long",
    ),
}  # fmt: skip
"""In the order in which they are made."""


@dataclass(frozen=True)
class Changes:
    """The changes that a study makes to what is shown. `openings`: phrases that the scan found;
    `names` and `template` as the scan takes them. Raises InvalidInput for a change unknown."""

    keys: tuple[str, ...]
    openings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    template: str = ""

    def __post_init__(self) -> None:
        if unknown := [key for key in self.keys if key not in TRANSFORMATIONS]:
            raise InvalidInput(
                f"There is no change {', '.join(unknown)}. Choose one that is offered."
            )

    def apply(self, texts: Sequence[str], reference: str = "") -> tuple[str, ...] | None:
        """The answers to one example as they are shown; None where the example is left out: by a
        change that leaves examples out, or as a change has left nothing of an answer."""
        before = [text.strip() for text in texts]
        shown = tuple(self._text(text) for text in before)
        if "names_left_out" in self.keys and names_told(
            [*before, *shown], reference, self.names, self.template
        ):
            return None
        if any(text and not now for text, now in zip(before, shown, strict=True)):
            return None
        if "length" in self.keys and all(shown):
            shown = one_length(shown)
        lengths = sorted(len(text) for text in shown)
        too_unlike = "lengths_left_out" in self.keys and lengths[-1] > LONGEST_RATIO * lengths[0]
        return None if too_unlike else shown

    def _text(self, text: str) -> str:
        """Until nothing changes any more: what one change uncovers is another's."""
        while (changed := self._once(text)) != text:
            text = changed
        return text

    def _once(self, text: str) -> str:
        for key, one in TRANSFORMATIONS.items():
            if key in self.keys and one.text:
                text = one.text(text)
        if "openings" in self.keys:
            found = [*self.openings, *map(straight, self.openings)]
            text = without_opening(text, list(dict.fromkeys(found)))
        return text.strip()


@dataclass(frozen=True)
class Changed:
    """What the changes did, counted: `answers` shown otherwise than written, of `of`; `left_out`
    examples; the `openings` that were taken off."""

    answers: int
    of: int
    left_out: int
    openings: tuple[str, ...] = ()


def changed_words(keys: Sequence[str], changed: Changed | None) -> str:
    """What was changed, in a sentence or three; "" where nothing was."""
    if not keys:
        return ""
    done = "; ".join(TRANSFORMATIONS[key].done for key in keys if key in TRANSFORMATIONS)
    text = f"Raters see answers that were changed on all sides alike: {done}."
    if changed is not None:
        if changed.openings:
            text += f" Taken off: {', '.join(f'“{one}”' for one in changed.openings)}."
        text += f" {changed.answers} of {counted(changed.of, 'answer')} changed"
        text += f", {counted(changed.left_out, 'example')} left out" if changed.left_out else ""
        text += "."
    return text + " The answers themselves stay as they are, and automatic scores are theirs."
