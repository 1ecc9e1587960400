"""How often people answer gold examples as accepted.

accuracy_of(answers, tasks, fields=("topic",), names=names)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.examples.annotator_agreement import Said
from core.examples.example import FIELDS
from core.examples.gold import GoldTask
from core.examples.overlap import PersonAnnotation
from core.findings.personal import MASKS
from core.statistics.estimates import Estimate, proportion

SOMEBODY = "Somebody"


def same_labels(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two examples' labels say the same: the order of options apart."""
    return Said.of("", one).labels == Said.of("", other).labels


def masked_since(came: Mapping[str, str], stands: Mapping[str, str]) -> bool:
    """Whether a mask of personal data stands in a text that came without it."""
    return any(
        mask in stands[name] and mask not in came[name]
        for name in FIELDS
        for mask in MASKS.values()
    )


@dataclass(frozen=True, slots=True)
class Differs:
    """In which labels and in which texts an answer is not as expected."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether it is not as expected in something."""
        return bool(self.labels or self.texts)

    def correct(self, fields: Collection[str]) -> bool:
        """Whether the answer counts as correct: by its labels, or where a project has none, by its
        output."""
        return not self.labels if fields else "output" not in self.texts


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """A person's newest annotation of a gold example, and the accepted revision it is held against:
    the one that was accepted when they answered."""

    annotation: PersonAnnotation
    expected: Mapping[str, str]
    expected_labels: Mapping[str, Any]

    def differs(self, fields: Collection[str]) -> Differs:
        """In which labels and which texts: white space and the order of options apart. Labels
        that were given or expected and have another name in `fields` since are compared, too."""
        labels = (self.annotation.labels, self.expected_labels)
        given, wanted = (dict(Said.of("", one).labels) for one in labels)
        return Differs(
            tuple(
                name
                for name in dict.fromkeys([*fields, *wanted, *given])
                if given.get(name) != wanted.get(name)
            ),
            tuple(
                name
                for name in FIELDS
                if Said.of(self.annotation.fields[name], {}) != Said.of(self.expected[name], {})
            ),
        )


@dataclass(frozen=True)
class PersonAccuracy:
    """Of a person's gold annotations the shares (0..1) that are correct (`Differs.correct`), then
    label by label and text by text; how many gold examples they skipped or flagged instead."""

    person_id: str
    name: str
    correct: Estimate
    labels: Mapping[str, Estimate]
    texts: Mapping[str, Estimate]
    skipped: int
    flagged: int


@dataclass(frozen=True, slots=True)
class MarkedExample:
    """A gold example: `given` says whether it is, as it stands; `answers` of people, and of these
    how many were `correct`: few of many may mean that the accepted answer is wrong."""

    example_id: str
    position: int
    given: bool
    answers: int = 0
    correct: int = 0


@dataclass(frozen=True)
class WrongAnswer:
    """A gold annotation that is not as expected."""

    answer: GoldAnswer
    name: str
    differs: Differs


def accuracy_of(
    answers: Sequence[GoldAnswer],
    tasks: Sequence[GoldTask],
    *,
    fields: Sequence[str],
    names: Mapping[str, str],
) -> list[PersonAccuracy]:
    """Everybody who was given gold examples and did something with them, by name. Intervals are
    exact (Clopper and Pearson 1934), for few answers, too; a label counts where it was given or
    expected."""
    by_person: dict[str, list[GoldAnswer]] = {}
    for one in answers:
        by_person.setdefault(one.annotation.person_id, []).append(one)
    passed = [one for one in tasks if one.state in ("skipped", "flagged")]
    people = by_person.keys() | {one.person_id for one in passed}
    found = []
    for person_id in sorted(people, key=lambda one: (names.get(one, SOMEBODY).casefold(), one)):
        mine = by_person.get(person_id, [])
        differs = [one.differs(fields) for one in mine]
        states = [one.state for one in passed if one.person_id == person_id]
        right = sum(one.correct(fields) for one in differs)
        texts = {name: sum(name not in one.texts for one in differs) for name in FIELDS}
        found.append(
            PersonAccuracy(
                person_id,
                names.get(person_id, SOMEBODY),
                proportion(right, len(mine)),
                {name: _label(name, mine, differs) for name in fields},
                {name: proportion(equal, len(mine)) for name, equal in texts.items()},
                states.count("skipped"),
                states.count("flagged"),
            )
        )
    return found


def _label(name: str, mine: Sequence[GoldAnswer], differs: Sequence[Differs]) -> Estimate:
    right = [
        name not in one.labels
        for answer, one in zip(mine, differs, strict=True)
        if name in answer.annotation.labels or name in answer.expected_labels
    ]
    return proportion(sum(right), len(right))


def counted_by_example(
    marked: Sequence[MarkedExample], answers: Sequence[GoldAnswer], fields: Sequence[str]
) -> list[MarkedExample]:
    """The gold examples with their answers counted, those most often answered otherwise first."""
    right: dict[str, list[bool]] = {}
    for one in answers:
        said = right.setdefault(one.annotation.example_id, [])
        said.append(one.differs(fields).correct(fields))
    found = [
        replace(one, answers=len(said), correct=sum(said))
        for one in marked
        for said in [right.get(one.example_id, [])]
    ]
    return sorted(found, key=lambda one: (one.correct - one.answers, one.position))


def wrong_answers(
    answers: Sequence[GoldAnswer], *, fields: Sequence[str], names: Mapping[str, str]
) -> list[WrongAnswer]:
    """What is not as expected in anything, the newest first."""
    found = [
        WrongAnswer(one, names.get(one.annotation.person_id, SOMEBODY), differs)
        for one in answers
        if (differs := one.differs(fields)).anything
    ]
    return sorted(found, key=lambda one: one.answer.annotation.created_at, reverse=True)
