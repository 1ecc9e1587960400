"""Checks for what is not there: empty fields, placeholders, inputs left out, copied outputs."""

from __future__ import annotations

import re

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject
from core.scoring.overlap import fold_whitespace

_SEEN = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_PLACEHOLDER = re.compile(
    r"(?:n/a|n\.a\.|null|nan|undefined|tbd|tba|todo|fixme|placeholder|lorem ipsum.*|"
    r"to be (?:done|added|determined|filled(?: in)?)|<?no ?input>?|no output|no answer"
    r"|not (?:available|applicable|provided)|\(blank\)|\{\{ ?\w+ ?\}\}|"
    r"(?:insert |your |the )*(?:answer|output|response|text)s? (?:goes )?here|"
    r"<(?:your )?(?:output|answer|response|text|input)(?: here)?>|"
    r"\[(?:output|answer|response|text|input|empty|blank|insert[^\]]*|your [^\]]*)\]|"
    r"x{3,}|-{2,}|\?{2,}|_{2,}|\.{2,}|…)[.!]?",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_PLACEHOLDER = 60
_THING = (
    r"(?:text|essay|passage|sentences?|paragraphs?|article|e-?mail|review|tweet|code|poem"
    r"|story|list|"
    r"conversation|dialogue|document|table|words?|statements?|input|context|headline|letter)"
)
_REFERS = re.compile(
    rf"\b(?:the|these|this) (?:following|given|provided|above|below) (?:\w+ )?{_THING}\b|"
    rf"\b(?:the )?{_THING} (?:given |provided |shown )?(?:below|that follows)\b|"
    rf"\b(?:proofread|edit|correct|rewrite|summari[sz]e|translate|fix|debug|paraphrase"
    rf"|classify|review|"
    rf"shorten|simplify|improve|analy[sz]e)\b[^.]{{0,30}} this {_THING}\b|"
    rf"\bbased on the (?:context|{_THING})\b|"
    rf"\b(?:der|die|das|den|dem) (?:folgenden?|unten stehenden?|gegebenen?) \w+",
    re.IGNORECASE,
)
_REFERRING = (
    "following",
    "given",
    "provided",
    "above",
    "below",
    "follows",
    " this ",
    "based on",
    "shown",
    "folgend",
    "stehend",
    "gegeben",
)
_LONGEST_REFERENCE = 240


def empty_field(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output, or instruction and input both, have no visible character."""
    example = subject.example
    flaws = []
    if not _SEEN.search(example.output):
        flaws.append(Flaw("output", None, None, "The output is empty."))
    if not (_SEEN.search(example.instruction) or _SEEN.search(example.input)):
        flaws.append(
            Flaw("instruction", None, None, "The instruction and the input are both empty.")
        )
    return flaws


def placeholder(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A field is a stand-in such as “N/A”, “TODO” or “[your answer]”."""
    return [
        Flaw(name, None, None, f"The {name} is “{text.strip()}”, a stand-in for a text.")
        for name, text in subject.fields
        if len(text) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(text.strip())
    ]


def missing_input(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The instruction speaks of a text that is neither in it nor in the input."""
    instruction = subject.example.instruction
    if len(instruction) > _LONGEST_REFERENCE or _SEEN.search(subject.example.input):
        return []
    lowered = instruction.lower()
    if not any(word in lowered for word in _REFERRING):
        return []
    found = _REFERS.search(instruction)
    if not found:
        return []
    rest = instruction[found.end() :].strip()
    if '"' in rest or "“" in rest or "„" in rest or "\n" in rest or _has_more(rest):
        return []
    words = found.group()
    return [Flaw("instruction", *found.span(), f"It speaks of “{words}”, but the input is empty.")]


def _has_more(rest: str) -> bool:
    """Whether something stands behind a colon, where the text would be."""
    return len(rest.partition(":")[2].strip()) > 2


def output_equals_input(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output repeats the input or the instruction, spacing aside.

    A single word may be the right answer to itself (“Is this a verb: run”), so short ones pass.
    """
    example = subject.example
    output = example.output.strip()
    for name, other in (("input", example.input), ("instruction", example.instruction)):
        # Compared first by a few signs: folding every text would take longer than all of this.
        if not output or output[0] != other.lstrip()[:1] or output[-1] != other.rstrip()[-1:]:
            continue
        folded = fold_whitespace(output)
        if folded == fold_whitespace(other) and _is_long(folded):
            return [Flaw("output", None, None, f"The output is the {name} once more.")]
    return []


def _is_long(text: str) -> bool:
    return len(text) >= 20 or text.count(" ") >= 3 or (len(text) >= 8 and not text.isascii())
