"""The data card of a version: what is in it, where it came from, who worked on it, what is missing.

After "Datasheets for Datasets" (Gebru et al. 2021) and the data cards of the Hugging Face hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from core.errors import InvalidInput
from core.wording import figure

LONGEST_FIELD = 500
BY_HAND = "added by hand"
PROPOSED = "synthetic: proposed of other examples"


@dataclass(frozen=True)
class SourceFacts:
    """What a lead knows of an import's file; "" where nobody said. Raises InvalidInput."""

    licence: str = ""
    legal_basis: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            if len(getattr(self, one.name)) > LONGEST_FIELD:
                raise InvalidInput(
                    f"The {one.name.replace('_', ' ')} has more than {LONGEST_FIELD} letters. "
                    "Shorten it."
                )


@dataclass(frozen=True)
class Source:
    """An import whose examples a version holds; `import_id` is "" for examples added by hand."""

    import_id: str
    name: str
    examples: int
    person: str
    created_at: datetime | None
    facts: SourceFacts = SourceFacts()


@dataclass(frozen=True)
class Contribution:
    """How many of the version's examples a person wrote the last revision of, as one of several
    annotators too, and accepted one by one."""

    person: str
    labelled: int
    reviewed: int


@dataclass(frozen=True)
class Lengths:
    """Characters of a field over the version's examples."""

    field: str
    shortest: int
    median: int
    p95: int
    longest: int


@dataclass(frozen=True)
class Heeded:
    """A protected file that the freeze heeded, and how many examples it kept out."""

    name: str
    texts: int
    left_out: int


@dataclass(frozen=True)
class CheckSummary:
    """What the project's newest check found in a version, as its examples stand there.

    `checked` of them were looked at as they are; `found` maps a kind of finding to how many
    examples have it, the commonest first.
    """

    created_at: datetime
    checked: int
    found: Mapping[str, int]


@dataclass(frozen=True)
class DataCard:
    """Everything that is known of a version; counts are of its examples unless said otherwise.

    `labels` maps a label to its values' counts, `languages` a language to a count in a sample,
    None where a version was frozen before languages were looked at; `left_out` a reason to a count;
    `split` says how new examples were drawn, "" at random; `twice` counts what two or more people
    accepted one by one; `check` is None where none of the examples was checked as it stands in the
    version; `synthetic` maps a split to how many of its examples an augmentation made, where there
    are any.
    """

    version_id: str
    project: str
    name: str
    number: int
    content_hash: str
    notes: str
    frozen_at: datetime
    frozen_by: str
    seed: int
    evaluation_only: bool
    counts: Mapping[str, int]
    groups: int
    written_from: datetime | None
    written_until: datetime | None
    sources: tuple[Source, ...]
    people: tuple[Contribution, ...]
    unreviewed: int
    lengths: tuple[Lengths, ...]
    labels: Mapping[str, Mapping[str, int]]
    languages: Mapping[str, int] | None
    split: str
    left_out: Mapping[str, int]
    protected: tuple[Heeded, ...]
    check: CheckSummary | None
    twice: int = 0
    synthetic: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Examples of all splits."""
        return sum(self.counts.values())

    @property
    def synthetic_told(self) -> str:
        """How many examples are synthetic, by split; "" for none."""
        if not self.synthetic:
            return ""
        splits = ", ".join(f"{split} {figure(n)}" for split, n in self.synthetic.items())
        return f"{figure(sum(self.synthetic.values()))} of {figure(self.total)} ({splits})"

    @property
    def unchecked(self) -> int:
        """Examples that no check has looked at as they stand in the version."""
        return self.total - (self.check.checked if self.check else 0)

    def without_names(self) -> DataCard:
        """The same with people numbered: a card travels further than the names may."""
        people = tuple(replace(one, person=f"person {k}") for k, one in enumerate(self.people, 1))
        sources = tuple(replace(one, person="") for one in self.sources)
        return replace(self, people=people, sources=sources, frozen_by="")

    @property
    def gaps(self) -> tuple[str, ...]:
        """What nobody filled in or looked at, a sentence each."""
        found = []
        for one in self.sources:
            said = {"licence": one.facts.licence, "legal basis": one.facts.legal_basis}
            lacks = [what for what, text in said.items() if not text.strip()]
            if lacks:
                found.append(
                    f"The {' and the '.join(lacks)} of “{one.name}” ({figure(one.examples)} "
                    f"examples) {'are' if len(lacks) > 1 else 'is'} not given."
                )
        missing = {
            "Why this version was made is not said: it has no notes.": not self.notes.strip(),
            "No label says what the examples are.": not self.labels,
            "The languages were not looked at when it was frozen.": self.languages is None,
            f"Nobody reviewed {figure(self.unreviewed)} of its examples one by one: they were "
            "accepted in bulk or imported as accepted.": self.unreviewed > 0,
            f"{figure(self.unchecked)} of its examples were not checked for personal data and "
            "other findings, as they stand here.": self.unchecked > 0,
            "No file is protected from training: overlap with outside benchmarks is not known.": (
                not self.protected and not self.evaluation_only
            ),
        }
        return (*found, *(gap for gap, is_missing in missing.items() if is_missing))
