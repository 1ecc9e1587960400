"""An example while it is checked: what several checks need of it, worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from core.examples.example import FIELDS
from core.findings.finding import Checked, Flaw

_FENCED = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|\$\$.+?\$\$", re.DOTALL)
_CODE_SIGNS = re.compile(
    r"^[ \t]*(?:def |class |import |from \w+ import|#include|function |const |let |var |public |"
    r"return\b|SELECT |<\?php|<!DOCTYPE|\$ |>>> |@\w+$|\}|//)|[;{][ \t]*$|=>|\w\(\)|==|\\begin\{",
    re.MULTILINE,
)
_PUNCTUATION = str.maketrans(dict.fromkeys('.,;:!?"()[]{}«»„“”*…-–—/', " "))
_ABOUT_MARKUP = re.compile(
    r"\b(?:x?html5?|xml|svg|css|jsx|markup|web ?(?:page|site)s?|code|scripts?|"
    r"function|programs?|regex|template|escape[ds]?|latex|markdown)\b",
    re.IGNORECASE,
)


class Subject:
    """One example under check. Texts without code keep their length: code becomes spaces."""

    __slots__ = ("_about_markup", "_lowered", "_personal", "_prose", "_words", "example", "fields")

    def __init__(self, example: Checked) -> None:
        self.example = example
        self.fields = [(name, text) for name in FIELDS if (text := example.text(name))]
        self._prose: list[tuple[str, str]] | None = None
        self._lowered: str | None = None
        self._words: tuple[frozenset[str], frozenset[str]] | None = None
        self._about_markup: bool | None = None
        self._personal: list[tuple[str, list[tuple[int, int, str]]]] | None = None

    @property
    def prose(self) -> list[tuple[str, str]]:
        """(field, text with code blocks, inline code and display maths blanked)."""
        if self._prose is None:
            self._prose = [(name, without_code(text)) for name, text in self.fields]
        return self._prose

    @property
    def lowered(self) -> str:
        """The output in lower case."""
        if self._lowered is None:
            self._lowered = self.example.output.lower()
        return self._lowered

    @property
    def words(self) -> tuple[frozenset[str], frozenset[str]]:
        """The different words, in lower case, of instruction and input, and of the output."""
        if self._words is None:
            task = f"{self.example.instruction} {self.example.input}".lower()
            self._words = words_in(task), words_in(self.lowered)
        return self._words

    @property
    def about_markup(self) -> bool:
        """Whether the task is about markup or code, so that tags in it are meant."""
        if self._about_markup is None:
            self._about_markup = bool(_ABOUT_MARKUP.search(self.example.instruction))
        return self._about_markup

    def personal(self, regions: Sequence[str]) -> list[tuple[str, list[tuple[int, int, str]]]]:
        """(field, its personal data as (start, end, kind)) of fields that have some."""
        if self._personal is None:
            from core.findings.personal import personal_data

            self._personal = [
                (name, found)
                for name, text in self.fields
                if (found := personal_data(text, regions, self.words[name == "output"]))
            ]
        return self._personal


def words_in(text: str) -> frozenset[str]:
    """The different words of a text, punctuation round them aside."""
    return frozenset(text.translate(_PUNCTUATION).split())


def without_code(text: str) -> str:
    """The text with code blocks, inline code and display maths as spaces, of the same length."""
    if "`" not in text and "~~~" not in text and "$$" not in text:
        return text
    return _FENCED.sub(lambda found: " " * len(found.group()), text)


def looks_like_code(text: str) -> bool:
    """Whether two signs of program code are in the text."""
    signs = _CODE_SIGNS.finditer(text)
    return next(signs, None) is not None and next(signs, None) is not None


def first_of(
    fields: Iterable[tuple[str, str]],
    find: Callable[[str], Sequence[tuple[int, int]]],
    explain: Callable[[int], str],
) -> list[Flaw]:
    """A flaw per field in which `find` has spans: the first, explained by how many there are."""
    return [
        Flaw(name, *spans[0], explain(len(spans))) for name, text in fields if (spans := find(text))
    ]


def cut(text: str, spans: Iterable[tuple[int, int]], instead: str = "") -> str:
    """The text with each span replaced; spans in order, none overlapping."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], instead]
        last = end
    return "".join([*parts, text[last:]])


def places(count: int) -> str:
    """“ in 3 places”, or nothing for one."""
    return f" in {count} places" if count > 1 else ""
