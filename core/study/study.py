"""A study: two or more systems compared blind, its plan, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from core.errors import InvalidInput
from core.projects import Criterion
from core.study.comparing import Difference
from core.study.leak_report import LeakReport
from core.study.pairing import meetings
from core.study.system import SystemKind
from core.study.transforming import Changed, changed_words
from core.wording import counted

Role = Literal["baseline", "candidate"]
TUNING_SPLITS = ("train", "validation")
GOLD_FIELDS = ("gold", "gold_pairs", "kept_out")


@dataclass(frozen=True)
class StudySystem:
    """A system in its role; a study has one baseline and at least one candidate."""

    system_id: str
    name: str
    kind: SystemKind
    role: Role
    number: int


@dataclass(frozen=True)
class StudyPlan:
    """How the sample was drawn. `outputs`: examples that all systems answered and none was trained
    on or shown; `left_out`: those that one was; `least`: 10 % of the examples of the frozen split,
    of which there are `split_size` (0 in older studies, whose rule counted outputs); `overlap`: the
    share of the sample's pairs that two people rate; `repeats`: that of each rater's pairs that
    come back to them; `changes`: what was changed in the answers that are shown
    (`core.study.transforming`), which the draw counts in `changed`; `risk`: so many of the riskiest
    outputs are reviewed beside the sample, in `risk_pairs` of the `pairs` (`core.study.risk`), by
    `risk_signals`, which the draw tells;
    `gold`: the share of the sample for which pairs are mixed in whose right answer is known,
    `gold_pairs` beside the `pairs`; `kept_out`: the outputs that they are made of, which are not
    drawn (`core.study.gold`); `for_tuning`: it collects preferences to learn from, so that examples
    which a system was trained on are drawn too, none of the test split, and it gives no verdict;
    `among`: of each example of the sample the candidates meet each other too, which the ranking
    rests on and no verdict."""

    outputs: int
    pairs: int
    least: int
    fraction: float = 0.1
    overlap: float = 0.0
    show_reference: bool = False
    seed: int = 42
    left_out: int = 0
    split: str = "all"
    split_size: int = 0
    risk: int = 0
    risk_pairs: int = 0
    risk_signals: tuple[str, ...] = ()
    repeats: float = 0.0
    changes: tuple[str, ...] = ()
    changed: Changed | None = None
    gold: float = 0.0
    gold_pairs: int = 0
    kept_out: tuple[str, ...] = ()
    for_tuning: bool = False
    among: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.repeats <= 0.5:
            raise InvalidInput("The share of pairs that come back lies between 0 and a half.")
        if not 0 <= self.gold <= 0.5:
            raise InvalidInput("The share of gold pairs lies between 0 and a half.")
        if self.for_tuning and self.split not in TUNING_SPLITS:
            raise InvalidInput(
                "A study for preference tuning has no test examples: whoever tunes on them has no "
                "test split any more. Choose the train or the validation split."
            )
        if self.gold and self.show_reference:
            raise InvalidInput(
                "Gold pairs are made of reference answers: raters who see the reference would know "
                "them. Leave out one of both."
            )

    @property
    def counted_from(self) -> int:
        """What the 10 % rule counts from: the examples of the split, of old the outputs."""
        return self.split_size or self.outputs

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> StudyPlan:
        """The plan that `to_json` wrote, or that of an earlier version."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        for name in ("changes", "kept_out", "risk_signals"):
            known[name] = tuple(known.get(name, ()))
        if counts := known.get("changed"):
            known["changed"] = Changed(**{**counts, "openings": tuple(counts["openings"])})
        return cls(**known)

    @property
    def changed_words(self) -> str:
        """What raters see that is not as it was written, in words; "" for nothing."""
        return changed_words(self.changes, self.changed)

    def to_json(self) -> dict[str, Any]:
        """Plain values, of an older study as it was sealed."""
        values = {**asdict(self), "kept_out": list(self.kept_out)}
        later = {"split_size", "risk", "risk_pairs", "repeats", "changes", "changed", "for_tuning"}
        later |= {"among", "risk_signals"}
        later |= set(GOLD_FIELDS)
        return {name: value for name, value in values.items() if value or name not in later}


def ten_percent_rule(reviewed: int, least: int, drawn: int) -> str:
    """The state of the 10 % rule: examples reviewed, needed and drawn, in words."""
    if reviewed >= least:
        return "10 % rule met"
    return "10 % rule not met yet" if drawn >= least else "10 % rule out of reach"


@dataclass(frozen=True)
class StudyNote:
    """What a lead wrote of a study, and when."""

    kind: str
    text: str
    created_at: datetime
    person: str


@dataclass(frozen=True)
class Extension:
    """Pairs that were added to an open study. `examples`: by how many the sample grew; `moved`: ids
    of the pairs among theirs that were in the study already, for their risk; `judgements`: how many
    there were then; `seal`: published then."""

    number: int
    examples: int
    moved: tuple[str, ...]
    probabilities: Mapping[str, float]
    judgements: int
    seal: str
    person: str
    created_at: datetime

    def sentence(self, per_example: int = 1) -> str:
        """That they were added, when, and what was known by then."""
        pairs = counted(self.examples * per_example, "pair")
        were = "was" if self.examples * per_example == 1 else "were"
        there = f" ({len(self.moved)} of them in the study already, for their risk)"
        return (
            f"{pairs} {were} added on {self.created_at:%Y-%m-%d}, when "
            f"{counted(self.judgements, 'judgement')} existed"
            f"{there if self.moved else ''}."
        )


@dataclass(frozen=True)
class Study:
    """One blind comparison as a lead sees it: it tells which systems there are."""

    study_id: str
    project_id: str
    version_id: str
    name: str
    systems: tuple[StudySystem, ...]
    rubric: tuple[Criterion, ...]
    plan: StudyPlan
    seal: str
    leaks: LeakReport
    blind: bool
    differences: tuple[Difference, ...]
    person: str
    created_at: datetime
    closed_at: datetime | None = None
    notes: tuple[StudyNote, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def __post_init__(self) -> None:
        if [s.role for s in self.systems].count("baseline") != 1 or len(self.systems) < 2:
            raise InvalidInput("A study compares one baseline with at least one candidate.")

    @property
    def baseline(self) -> StudySystem:
        """What the candidates are compared with."""
        return next(s for s in self.systems if s.role == "baseline")

    @property
    def candidates(self) -> tuple[StudySystem, ...]:
        """The systems that are compared with the baseline, in order."""
        return tuple(s for s in self.systems if s.role == "candidate")

    @property
    def candidate(self) -> StudySystem:
        """The first candidate, which in a study of two is the only one."""
        return self.candidates[0]

    @property
    def pairs_per_example(self) -> int:
        """How many pairs an example of the sample makes."""
        return len(meetings(len(self.systems), self.plan.among))

    @property
    def pairs_each(self) -> int:
        """The sample's pairs of the baseline and each candidate, one an example."""
        return (self.plan.pairs - self.plan.risk_pairs) // self.pairs_per_example

    @property
    def examples_drawn(self) -> int:
        """The examples of the sample, and the riskiest beside it."""
        return self.pairs_each + self.plan.risk_pairs // len(self.candidates)

    @property
    def fixed_size(self) -> bool:
        """Whether it has as many pairs as were planned before anybody rated: only then a test that
        looks once is one."""
        return not self.extensions

    @property
    def added(self) -> tuple[str, ...]:
        """A sentence for each time that pairs were added."""
        return tuple(one.sentence(self.pairs_per_example) for one in self.extensions)

    @property
    def last_seal(self) -> str:
        """The seal published last, which binds all before it."""
        return self.extensions[-1].seal if self.extensions else self.seal

    @property
    def was_closed(self) -> bool:
        """Whether it is or was closed, so that somebody may know its secret seed."""
        return self.closed or any(note.kind == "closed" for note in self.notes)

    @property
    def closed(self) -> bool:
        """Whether it takes no more judgements."""
        return self.closed_at is not None

    def name_of(self, system_id: str) -> str:
        """The name of one of its systems."""
        return next(s.name for s in self.systems if s.system_id == system_id)


@dataclass(frozen=True)
class OpenStudy:
    """A study as raters may see it: its name and how far it is; nothing of its systems."""

    study_id: str
    name: str
    pairs: int
    judged: int
    places: int
    done: int


@dataclass(frozen=True)
class RatedStudy:
    """What handing out and saving needs of a study: nothing of its systems. `least` pairs are to be
    reviewed by the 10 % rule."""

    study_id: str
    project_id: str
    name: str
    closed: bool
    rubric: tuple[Criterion, ...]
    seed: int
    show_reference: bool
    repeats: float
    least: int


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is, for one rater: `judged` pairs by anyone, `reviewed` those whose first
    judgement could tell, `mine` judgements, `repeats` of them beside, `open` places this rater
    could still fill; the 10 % rule asks for `least` reviewed pairs. Gold pairs are in none of
    these: `gold` of them are judged by this rater and `gold_open` could be, `gold_judged` by
    anyone, of `gold_pairs`."""

    name: str
    closed: bool
    pairs: int
    judged: int
    reviewed: int
    mine: int
    open: int
    least: int
    repeats: int = 0
    gold: int = 0
    gold_open: int = 0
    gold_pairs: int = 0
    gold_judged: int = 0

    @property
    def done_by_this_rater(self) -> int:
        """All that this rater judged, as a rater counts."""
        return self.mine + self.repeats + self.gold

    @property
    def left_to_this_rater(self) -> int:
        """How many pairs this rater could still judge, repeats aside."""
        return self.for_this_rater - self.mine + self.gold_open

    @property
    def for_this_rater(self) -> int:
        """How many pairs this rater can judge in all: of a pair that two people rate, once."""
        return min(self.mine + self.open, self.pairs)
