"""Checks for what an output says that its input does not: numbers and names.

Only where the task kind promises that outputs are grounded in inputs: a summary, an extraction.
"""

from __future__ import annotations

import re
import unicodedata

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
# Scripts with capital letters: Latin, Greek, Cyrillic, Armenian, and the accented Greek ones.
_CASED = [chr(code) for code in (*range(0x0590), *range(0x1F00, 0x2000))]
_UPPER = "".join(letter for letter in _CASED if letter.isupper())
_LOWER = "".join(letter for letter in _CASED if letter.islower())
_BEFORE_A_START = r".!?:;…\n•*\-–—\"“”„«'‘(>#"
_NAME = re.compile(
    rf"(?<![{_BEFORE_A_START}] )(?<![{_BEFORE_A_START}])(?<!^)"
    rf"\b[{_UPPER}][\w’'-]*[{_LOWER}][\w’'-]*(?: (?:[{_UPPER}][\w’'-]+))*"
)
_NO_NAMES = words_in(  # as `_stem` gives them
    "i i'm i'll i've i'd the a an he she it they we you this that these those in on at as "
    "and but or if when while after before monday tuesday wednesday thursday friday "
    "saturday sunday january february march april may june july august september october "
    "november december mr mrs ms dr prof god internet english yes no ok summary "
    "conclusion overall вы вас вам вами ваш ваша ваше ваши "
    "δευτερα τριτη τεταρτη πεμπτη παρασκευη σαββατο κυριακη"
)
# Letters of Slavic and Baltic languages, Greek and Cyrillic: there a name ends as its case wants.
_INFLECTED = re.compile("[\u0100-\u058f\u1f00-\u1fff]")
_ENDING, _ROOT = 2, 3
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
    inflects = _INFLECTED.search(output) is not None
    names = list(_NAME.finditer(output))
    return names, [
        found
        for found in names
        if any(_is_new(word, known, inflects) for word in _WORD.findall(found.group()))
    ]


def _stem(word: str) -> str:
    """The word as names are compared: no letter case, no accents, no possessive."""
    folded = word.casefold().replace("’", "'")
    if not folded.isascii():
        apart = unicodedata.normalize("NFD", folded)
        folded = "".join(one for one in apart if not unicodedata.combining(one))
    return folded.removesuffix("'s").rstrip("'")


def _is_new(word: str, known: set[str], inflects: bool) -> bool:
    stem = _stem(word)
    if len(stem) < 2 or stem in _NO_NAMES or stem in known:
        return False
    if (stem.endswith("s") and stem[:-1] in known) or stem + "s" in known:
        return False
    return not (inflects and _is_inflected(stem, known))


def _is_inflected(stem: str, known: set[str]) -> bool:
    """Whether a word of the source is the same but for its ending (Москва, Москве)."""
    root = stem[: max(_ROOT, len(stem) - _ENDING)]
    return any(word.startswith(root) for word in known)


def _flaw(found: list[re.Match[str]], what: str, lead: str) -> list[Flaw]:
    if not found:
        return []
    texts = list(dict.fromkeys(one.group() for one in found))
    between = "; " if any("," in text for text in texts) else ", "  # “3,037; 149,050”
    shown = between.join([*texts[:_SHOWN], *(["…"] if len(texts) > _SHOWN else [])])
    plural = f"{what}s" if len(texts) > 1 else what
    return [Flaw("output", *found[0].span(), f"{lead} the {plural} {shown}.")]
