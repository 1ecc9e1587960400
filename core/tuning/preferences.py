"""Preference pairs: two answers to one question, of which one was preferred. Pure.

    found = preference_set(pairs, judgements)        # of core.tuning.judged_pairs
    train, validation = held_out(found.pairs, seed=42)

They come from three places, and each pair says from which: a *verdict* is the preferred answer
over the other one, a *correction* is what a rater wrote over the answer that it corrects, a
*negative* is the accepted answer over one that a person confirmed as worse: it is of no study, and
its `pair_id` is the negative's.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from core.errors import InvalidInput
from core.wording import counted

Source = Literal["verdict", "correction", "negative"]
SOURCES: Mapping[Source, str] = {
    "verdict": "preferred answers",
    "correction": "corrections by raters",
    "negative": "confirmed negatives",
}
PairSources = Literal["both", "ratings", "negatives"]
# Which of the sources a run learns from, as a lead chooses it; its name on screen and the sources.
PAIR_SOURCES: Mapping[PairSources, tuple[str, tuple[Source, ...]]] = {
    "both": ("Ratings and confirmed negatives", ("verdict", "correction", "negative")),
    "ratings": ("Ratings alone", ("verdict", "correction")),
    "negatives": ("Confirmed negatives alone", ("negative",)),
}
# What to do where there are too few pairs of a source.
MORE_RATINGS = (
    "let two systems answer the train or validation split, open a study of them for preference "
    "tuning, rate it and close it"
)
MORE_NEGATIVES = "confirm negatives under Curate, Proposals"
# Why judged pairs, corrections and negatives are left out, in the order in which it is looked at.
LEFT_OUT: Mapping[str, str] = {
    "test": "of test examples",
    "near_test": "of near-duplicates of test examples",
    "elsewhere": "of examples outside this version's training and validation splits",
    "changed": "confirmed against another revision than this version's",
    "masked": "in which personal data were masked since",
    "borrowed": "that are the answer of a test example",
    "open": "of studies that are still open",
    "withheld": "of studies whose verdict is withheld",
    "set_apart": "judged only by people who had seen results or names",
    "split": "on which judgements contradict each other",
    "tie": "without a preferred answer",
    "cut": "whose preferred answer was cut off at the longest allowed",
    "same": "with an empty preferred answer, or the same text twice",
}
LEAST_PAIRS = 16
HELD_OUT = 0.2


class TooFewPairs(InvalidInput):
    """Studies and negatives leave too few preference pairs to learn from."""

    title = "There are too few preferences to learn from"


@dataclass(frozen=True)
class PreferencePair:
    """One question with two answers, `output` preferred to `rejected`, and where that comes from.
    `rejected_cut`: the rejected answer was cut off, so that nothing ends it."""

    example_id: str
    revision_id: str
    split: str
    group_id: str
    instruction: str
    input: str
    output: str
    rejected: str
    rejected_cut: bool
    source: Source
    study_id: str
    pair_id: str
    judgement_id: str

    @property
    def texts(self) -> tuple[str, str, str]:
        """What makes it one pair: example, preferred answer, rejected answer."""
        return self.example_id, self.output, self.rejected


COLUMNS = tuple(field.name for field in fields(PreferencePair))


@dataclass(frozen=True)
class PreferenceSet:
    """The pairs that can be learned from, and how many judged pairs, corrections and negatives were
    left out for each of the reasons; both of the chosen `sources` alone."""

    pairs: tuple[PreferencePair, ...]
    left_out: Mapping[str, int]
    sources: PairSources = "both"

    @property
    def hash(self) -> str:
        """SHA-256 of the pairs, 64 hex digits."""
        return pairs_hash([asdict(pair) for pair in self.pairs])

    def told(self) -> str:
        """How many there are and what was left out, in sentences."""
        by_source = Counter[str](pair.source for pair in self.pairs)
        are = sources_words(by_source)
        there = counted(len(self.pairs), "preference pair") + (f": {are}" if are else "")
        return f"{there}. {left_out_words(self.left_out)}".strip()

    def refuse_too_few(self) -> None:
        """Raises TooFewPairs."""
        groups = len({pair.group_id for pair in self.pairs})
        if len(self.pairs) >= LEAST_PAIRS and groups > 1:
            return
        more = [
            *([] if self.sources == "negatives" else [MORE_RATINGS]),
            *([] if self.sources == "ratings" else [MORE_NEGATIVES]),
        ]
        how = "; or ".join(more)
        about = "" if groups > 1 or not self.pairs else ", of one group of near-duplicates"
        raise TooFewPairs(
            f"{self.told().removesuffix('.')}{about}. At least {LEAST_PAIRS} are needed. "
            f"{how[0].upper()}{how[1:]}."
        )


def sources_words(by_source: Mapping[str, int]) -> str:
    """How many pairs come from where: “8 preferred answers and 4 confirmed negatives”."""
    told = [f"{by_source[one]} {what}" for one, what in SOURCES.items() if by_source.get(one)]
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def left_out_words(left_out: Mapping[str, int]) -> str:
    """What was left out and why, as a sentence; "" for nothing."""
    told = [f"{left_out[why]} {words}" for why, words in LEFT_OUT.items() if left_out.get(why)]
    if not told:
        return ""
    total = sum(left_out.values())
    return f"Left out: {total} ({'; '.join(told)})."


def pairs_hash(rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of preference pairs with all their columns, in whatever order."""
    lines = sorted(
        json.dumps([row[name] for name in COLUMNS], ensure_ascii=False, separators=(",", ":"))
        for row in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def held_out(
    pairs: Sequence[PreferencePair], seed: int
) -> tuple[list[PreferencePair], list[PreferencePair]]:
    """Pairs to learn from and pairs to be measured on: about a fifth, whole groups of
    near-duplicates, chosen by the seed alone; at least one group each where there are two."""
    by_group: dict[str, list[PreferencePair]] = {}
    for pair in pairs:
        by_group.setdefault(pair.group_id, []).append(pair)
    order = sorted(by_group, key=lambda g: hashlib.sha256(f"{seed}/{g}".encode()).hexdigest())
    validation: list[PreferencePair] = []
    for group in order[:-1]:
        if len(validation) >= HELD_OUT * len(pairs):
            break
        validation += by_group[group]
    kept_out = {pair.group_id for pair in validation}
    return [pair for pair in pairs if pair.group_id not in kept_out], validation
