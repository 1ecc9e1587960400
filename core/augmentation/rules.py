"""Rules that say an instruction in other words without a model: one table, which everything reads.

RULES["please"].rewrite("Name the capital.", Random("42"))   # "Please name the capital."

A rule changes the instruction alone; input, output and labels stay those of the source. It answers
None where it does not fit: rules for requests know the verbs of IMPERATIVES only, so that no text
in another language is spoilt.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Rewrite = Callable[[str, Random], str | None]

IMPERATIVES = frozenset(
    re.findall(
        r"\w+",
        """
        add analyse analyze answer assign calculate change check choose classify compare complete
        compose compute convert copy correct count create decide define describe design determine
        discuss draft edit estimate evaluate explain express extract fill find fix format generate
        give identify improve justify label list make mark mention name note order outline pick
        predict propose prove provide put rank rate read recommend repair replace report return
        reverse rewrite say select shorten show simplify solve sort split state suggest sum
        summarise summarize tag tell think translate turn use verify write
        """,
    )
)
_FIRST = re.compile(r"\s*([A-Za-z]+)\b")
# No part of an address, a path, a name with a hyphen, or a placeholder.
_PLAIN = re.compile(r"(?<![\w@/.\-{<$])[a-z]{5,}(?![\w@/\-}>]|://|\.\w)")
_SENTENCE_INSIDE = re.compile(r"[.!?]\s+\S|\n")
_CLOSING = ".!"


@dataclass(frozen=True)
class Rule:
    """`says`: what it changes, for people to read; `keeps`: what stays as it was."""

    name: str
    label: str
    says: str
    keeps: str
    rewrite: Rewrite


def _request(text: str) -> str | None:
    """The instruction from its verb on, in lower case there; None unless it begins with one."""
    found = _FIRST.match(text)
    if found is None or found[1].lower() not in IMPERATIVES:
        return None
    return found[1].lower() + text[found.end() :].rstrip()


def _please(text: str, _: Random) -> str | None:
    request = _request(text)
    return request and f"Please {request}"


def _question(text: str, rng: Random) -> str | None:
    request = _request(text)
    # Of several sentences the last one alone would end with a question mark.
    if request is None or _SENTENCE_INSIDE.search(request) or request[-1] in "?:":
        return None
    return f"{rng.choice(('Can', 'Could'))} you {request.rstrip(_CLOSING)}?"


def _wish(text: str, rng: Random) -> str | None:
    request = _request(text)
    if request is None or request.endswith("?"):
        return None
    return f"{rng.choice(('I would like you to', 'I need you to'))} {request}"


def _lower_case(text: str, _: Random) -> str | None:
    return text.lower()


def _no_end_mark(text: str, _: Random) -> str | None:
    short = text.rstrip()
    return short[:-1] if short[-1:] in (".", "!") and short[-2:-1] not in ("", ".", "!") else None


def _typo(text: str, rng: Random) -> str | None:
    words = [
        (found.start() + k)
        for found in _PLAIN.finditer(text)
        for k in range(1, len(found[0]) - 2)
        if found[0][k] != found[0][k + 1]
    ]
    if not words:
        return None
    at = rng.choice(words)
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"


_ALL_ELSE = "Every word and number stays."
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("please", "Please …", "Puts “Please” before a request.", _ALL_ELSE, _please),
        Rule(
            "question", "As a question", "Makes “Can you …?” or “Could you …?” of a request of one "
            "sentence.", _ALL_ELSE, _question,
        ),
        Rule("wish", "As a wish", "Puts “I would like you to” or “I need you to” before a request.",
             _ALL_ELSE, _wish),
        Rule("lower_case", "Lower case", "Writes everything small, as people in a hurry do.",
             "Every word and number stays; names lose their capitals.", _lower_case),
        Rule("no_end_mark", "No full stop", "Leaves the last full stop or exclamation mark out.",
             _ALL_ELSE, _no_end_mark),
        Rule("typo", "One typo", "Swaps two neighbouring letters inside one word of "
             "five letters or more.", "Numbers, names and all other words stay.", _typo),
    )
}  # fmt: skip
