"""Checks for what an output says that its input does not: numbers and names.

Only where the task kind promises that outputs are grounded in inputs: a summary, an extraction.
"""

from __future__ import annotations

import re

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, words_in

_NUMBER = re.compile(
    r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])|(?<![\w.,])\d+(?:[.,]\d+)*(?=(?:st|nd|rd|th|%"
    r"|[a-z]{1,3})\b)"
)
_LIST_MARK = re.compile(r"^[ \t]*(\d+)[.)]\s", re.MULTILINE)
_SPELLED = {
    word: str(value)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    )
    for value, word in enumerate(words.split())
} | {"a": "1", "an": "1", "ein": "1", "eine": "1", "dozen": "12", "first": "1", "second": "2",
     "third": "3", "once": "1", "twice": "2", "hundred": "100", "thousand": "1000", "half": "2",
     "both": "2", "pair": "2", "million": "1000000"}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_NAME = re.compile(
    r"(?<![.!?:\n•*\-\"“”'‘(>#] )(?<![.!?:\n•*\-\"“”'‘(>#])(?<!^)"
    r"\b[A-ZÄÖÜÀ-Þ][\w’'-]*[a-zß-ÿ][\w’'-]*"
    r"(?: (?:[A-ZÄÖÜÀ-Þ][\w’'-]+))*"
)
_NO_NAMES = words_in(
    "i i'm i'll i've i'd the a an he she it they we you this that these those in on at as "
    "and but or if when while after before monday tuesday wednesday thursday friday "
    "saturday sunday january february march april may june july august september october "
    "november december mr mrs ms dr prof god internet english yes no ok summary "
    "conclusion overall"
)
_SHOWN = 3
Found = list[re.Match[str]]


def unsupported_numbers(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A number of the output is not in the input; how it is written does not matter."""
    if not settings.grounded:
        return []
    new = new_numbers_in(subject.example.output, _source(subject))[1]
    return _flaw(new, "number", "The input does not have")


def new_numbers_in(output: str, source: str) -> tuple[Found, Found]:
    """The numbers of an output, and those of them that its source does not have; numbers of list
    items aside."""
    marks = {found.start(1) for found in _LIST_MARK.finditer(output)}
    known = _numbers_known(source)
    every = [found for found in _NUMBER.finditer(output) if found.start() not in marks]
    return every, [found for found in every if not (_values(found.group()) & known)]


def _source(subject: Subject) -> str:
    return f"{subject.example.instruction}\n{subject.example.input}"


def _numbers_known(source: str) -> set[str]:
    known: set[str] = set()
    for found in re.finditer(r"\d+(?:[.,]\d+)*", source):
        known |= _values(found.group())
    known |= {_SPELLED[word] for word in _WORD.findall(source.lower()) if word in _SPELLED}
    return known


def _values(number: str) -> set[str]:
    """The readings of a number: “1,200” is 1200, in some languages 1.2."""
    found = set()
    for point, comma in ((".", ","), (",", ".")):
        text = number.replace(comma, "").replace(point, ".", 1)
        if text.count(".") <= 1 and point not in text.replace(".", "", 1):
            whole, _, part = text.partition(".")
            part = part.rstrip("0")
            found.add((whole.lstrip("0") or "0") + (f".{part}" if part else ""))
    return found


def unsupported_names(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A capitalised word within a sentence of the output is not in the input.

    Not told where nouns are capitalised (German), nor across languages: there every name differs.
    """
    if not settings.grounded:
        return []
    output = subject.example.output
    words = _WORD.findall(output)
    names, new = new_names_in(output, _source(subject))
    capitals = sum(len(found.group().split()) for found in names)
    if not names or capitals > 0.3 * len(words):
        return []
    return _flaw(new, "name", "The input does not have")


def new_names_in(output: str, source: str) -> tuple[Found, Found]:
    """The capitalised words within sentences of an output, and those of them that its source does
    not have."""
    known = {_stem(word) for word in _WORD.findall(source)}
    names = list(_NAME.finditer(output))
    return names, [
        found
        for found in names
        if any(_is_new(word, known) for word in _WORD.findall(found.group()))
    ]


def _stem(word: str) -> str:
    """The word as names are compared: no letter case, no possessive."""
    folded = word.casefold().replace("’", "'")
    return folded.removesuffix("'s").rstrip("'")


def _is_new(word: str, known: set[str]) -> bool:
    stem = _stem(word)
    return (
        len(stem) > 1
        and stem not in _NO_NAMES
        and stem not in known
        and not (stem.endswith("s") and stem[:-1] in known)
        and stem + "s" not in known
    )


def _flaw(found: list[re.Match[str]], what: str, lead: str) -> list[Flaw]:
    if not found:
        return []
    texts = list(dict.fromkeys(one.group() for one in found))
    shown = ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
    plural = f"{what}s" if len(texts) > 1 else what
    return [Flaw("output", *found[0].span(), f"{lead} the {plural} {shown}.")]
