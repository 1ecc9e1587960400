"""Facts of examples that the kinds of the whole set are decided from, a few numbers each.

They are kept apart from the decisions: after ten edits ten facts are new, and no text of the other
examples is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from core.errors import InvalidInput
from core.findings.schema import label_in_output
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, words_in
from core.scoring.labels import normal_label

_MARKED = re.compile(
    r"\\boxed\{([^{}]+)\}|\b(?:final )?answer(?: is|:)\s*\**([^\n.]{1,40})", re.IGNORECASE
)
_TAIL = 400
_YES_NO = re.compile(
    r"(yes|no|true|false|correct|incorrect|ja|nein|oui|non|sí|sim|não|да|нет|是|否|はい|いいえ)\b",
    re.IGNORECASE,
)
_AROUND = " \t\n.,;:!?\"'`*_()[]{}<>“”‘’«»。！？$€£"
_SHORT_ANSWER = 5
_MALE = words_in(
    "he him his himself man men boy boys father brother son husband mr er ihn ihm mann vater"
)
_FEMALE = words_in(
    "she her hers herself woman women girl girls mother sister daughter wife mrs ms frau mutter"
)
MALE, FEMALE = 1, 2


class Facts(NamedTuple):
    """What the set's checks need of one example.

    `length`: characters of the output. `question` and `answer`: 63-bit hashes of the folded
    question and of its final answer (0: none that could contradict another one). `label`: the
    label, folded, "" without. `gender`: 1 men are mentioned, 2 women, 3 both, 0 neither.
    """

    id: str
    length: int
    question: int
    answer: int
    label: str
    gender: int


def facts_of(subject: Subject, settings: FindingSettings) -> Facts:
    """The facts of one example under check."""
    example = subject.example
    label = ""
    if settings.output_labels or settings.label_field:
        label = normal_label(label_in_output(example.output, settings.label_field))
    asked = f"{_folded(example.instruction)}\0{_folded(example.input)}"
    answer = label or final_answer(example.output)
    return Facts(
        example.id,
        len(example.output),
        _hash(asked),
        _hash(answer) if answer else 0,
        label,
        _gender(subject.words[0]),
    )


def final_answer(output: str) -> str:
    """What an output comes down to, folded: a marked answer, yes or no, or a few words.

    "" for a longer text: two such texts may differ and both be right.
    """
    if "####" in output:
        return _bare(output.rpartition("####")[2].strip().partition("\n")[0])
    if "boxed" in output or "nswer" in output:
        marked = _MARKED.findall(output[-_TAIL:])
        if marked:
            return _bare("".join(marked[-1]))
    opening = output[:200].lstrip()
    if found := _YES_NO.match(opening):
        return found.group(1).casefold()
    if len(opening) < 200 and len(opening.split()) <= _SHORT_ANSWER and "\n" not in opening.strip():
        return _bare(opening)
    return ""


def _bare(text: str) -> str:
    folded = _folded(text).strip(_AROUND)
    number = folded.replace(",", "")
    return number.removesuffix(".0").removesuffix(".00") if number[:1].isdigit() else folded


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1 or 1


def _gender(words: frozenset[str]) -> int:
    men = 0 if _MALE.isdisjoint(words) else MALE
    return men | (0 if _FEMALE.isdisjoint(words) else FEMALE)


class SetFacts:
    """Facts of all examples as columns, in which single ones can be replaced."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.columns = {name: np.zeros(0, np.int64) for name in _NUMBERS}
        self._place: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def put(self, facts: Sequence[Facts]) -> None:
        """Adds facts, and replaces those of examples that are there."""
        new = list({one.id: one for one in facts if one.id not in self._place}.values())
        for one in facts:
            if one.id in self._place:
                self._replace(self._place[one.id], one)
        for one in new:
            self._place[one.id] = len(self.ids)
            self.ids.append(one.id)
            self.labels.append(one.label)
        for name in _NUMBERS:
            added = np.fromiter((getattr(one, name) for one in new), np.int64, len(new))
            self.columns[name] = np.append(self.columns[name], added)

    def _replace(self, place: int, facts: Facts) -> None:
        if place >= len(self.columns["length"]):
            return
        self.labels[place] = facts.label
        for name in _NUMBERS:
            self.columns[name][place] = getattr(facts, name)

    def remove(self, ids: Iterable[str]) -> None:
        """Forgets examples; ids that are not there are no error."""
        gone = {self._place[one] for one in ids if one in self._place}
        if not gone:
            return
        kept = np.array([place for place in range(len(self.ids)) if place not in gone], np.int64)
        self.ids = [self.ids[place] for place in kept]
        self.labels = [self.labels[place] for place in kept]
        self.columns = {name: column[kept] for name, column in self.columns.items()}
        self._place = {one: place for place, one in enumerate(self.ids)}

    def to_columns(self) -> dict[str, Any]:
        """Columns for a Parquet table, one row per example."""
        return {"id": self.ids, "label": self.labels, **self.columns}

    @classmethod
    def from_columns(cls, columns: dict[str, Any]) -> SetFacts:
        """What `to_columns` gave, as lists or arrays. Raises InvalidInput where one is missing."""
        if missing := {"id", "label", *_NUMBERS} - columns.keys():
            raise InvalidInput(f"The facts lack {', '.join(sorted(missing))}. Check all examples.")
        facts = cls()
        facts.ids, facts.labels = list(columns["id"]), list(columns["label"])
        facts.columns = {name: np.array(columns[name], np.int64) for name in _NUMBERS}
        facts._place = {one: place for place, one in enumerate(facts.ids)}
        return facts


_NUMBERS = ("length", "question", "answer", "gender")
