"""From the judgements of a project's studies, and its negatives, to preference pairs. Pure.

    preference_set(pairs, judgements, negatives)     # PreferenceSet: what can be learned from

What decides which pairs there are:

- Never a test example, of any version of the project, and never a near-duplicate of one: whoever
  tunes on the preferences of test examples has no test split any more. They are counted.
- Closed studies only: their verdicts are final, and nobody who still rates learns from a run what
  was preferred. None whose verdict is withheld.
- A pair's verdict is the one that the study froze: its first judgement that counts. Where two
  people judged a pair differently, or two studies or two examples that ask the same contradict
  each other, it is left out: to learn from it would be to learn a coin's fall.
- Ties have no preferred answer. A correction is a preference even then.
- A preferred answer that was cut off at the longest allowed would teach to stop there.
- A negative counts where the version has the very revision that it was confirmed against, and is
  not the answer of an example that is, or was, in test.
- A lead chooses ratings, negatives, or both. What is not chosen is neither learned from nor counted
  as left out; but it still contradicts: what a rating preferred is no negative's worse answer.
- The texts are those that the systems wrote, not as a study may have changed them to be blind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.study.pairs import Judgement
from core.study.verdicts import first_of_each_pair
from core.tuning.preferences import (
    LEFT_OUT,
    PAIR_SOURCES,
    PairSources,
    PreferencePair,
    PreferenceSet,
    Source,
)


@dataclass(frozen=True)
class JudgedPair:
    """A pair of a study that somebody judged. `split` and `group_id` are those of the version that
    is trained on, "" where it lacks the example; `in_test` and `near_test` look at all versions.
    `texts` and `cut` (off at the longest allowed) are in the order of `system_ids`."""

    pair_id: str
    study_id: str
    example_id: str
    revision_id: str
    instruction: str
    input: str
    split: str
    group_id: str
    in_test: bool
    near_test: bool
    study_closed: bool
    study_withheld: bool
    system_ids: tuple[str, str]
    texts: tuple[str, str]
    cut: tuple[bool, bool]

    def unfit(self) -> str:
        """Why nothing is learned from it, a key of LEFT_OUT; "" for no reason."""
        reasons = {
            "test": self.in_test,
            "near_test": self.near_test,
            "elsewhere": self.split not in ("train", "validation"),
            "open": not self.study_closed,
            "withheld": self.study_withheld,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")


@dataclass(frozen=True)
class ConfirmedNegative:
    """A worse answer that a person confirmed, beside the accepted one of that revision. `split`,
    `group_id`, `in_test` and `near_test` as in JudgedPair; `same_revision`: the version has the one
    that it was confirmed against; `borrowed`: it is the answer of an example in or near test;
    `masked`: personal data in it were masked since, so that a mask would be what is unlearned."""

    negative_id: str
    example_id: str
    revision_id: str
    instruction: str
    input: str
    output: str
    rejected: str
    rejected_cut: bool
    split: str
    group_id: str
    in_test: bool
    near_test: bool
    same_revision: bool
    borrowed: bool
    masked: bool

    def pair(self) -> PreferencePair | str:
        """The pair that it makes, or why there is none."""
        reasons = {
            "test": self.in_test,
            "near_test": self.near_test,
            "elsewhere": self.split not in ("train", "validation"),
            "changed": not self.same_revision,
            "masked": self.masked,
            "borrowed": self.borrowed,
        }
        if unfit := next((reason for reason, holds in reasons.items() if holds), ""):
            return unfit
        better, worse = self.output.strip(), self.rejected.strip()
        if not better or better == worse:
            return "same"
        return PreferencePair(
            **{name: getattr(self, name) for name in
               ("example_id", "revision_id", "split", "group_id", "instruction", "input",
                "rejected_cut")},
            output=better,
            rejected=worse,
            source="negative",
            study_id="",
            pair_id=self.negative_id,
            judgement_id="",
        )  # fmt: skip


def preference_set(
    pairs: Mapping[str, JudgedPair],
    judgements: Iterable[Judgement],
    negatives: Iterable[ConfirmedNegative] = (),
    sources: PairSources = "both",
) -> PreferenceSet:
    """What can be learned from these pairs (by their ids), all judgements of them, and confirmed
    negatives, of the chosen sources; see the module's text for what is left out."""
    return preference_sets(pairs, judgements, negatives)[sources]


def preference_sets(
    pairs: Mapping[str, JudgedPair],
    judgements: Iterable[Judgement],
    negatives: Iterable[ConfirmedNegative] = (),
) -> Mapping[PairSources, PreferenceSet]:
    """The same for each choice of sources."""
    said: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.pair_id in pairs:
            said.setdefault(judgement.pair_id, []).append(judgement)
    rated = [
        one
        for pair_id, judged in sorted(said.items())
        for one in (_verdict(pairs[pair_id], judged), *_corrections(pairs[pair_id], judged))
    ]
    worse = [negative.pair() for negative in negatives]
    return {sources: _chosen(rated, worse, sources) for sources in PAIR_SOURCES}


def _chosen(
    rated: Sequence[PreferencePair | str],
    worse: Sequence[PreferencePair | str],
    sources: PairSources,
) -> PreferenceSet:
    asked = [*(rated if sources != "negatives" else ()), *(worse if sources != "ratings" else ())]
    left_out = Counter(one for one in asked if isinstance(one, str))
    there = [one for one in (*rated, *worse) if not isinstance(one, str)]
    kept = _without_contradictions(there, PAIR_SOURCES[sources][1], left_out)
    order = ("example_id", "study_id", "pair_id", "source", "judgement_id")
    kept.sort(key=lambda pair: [getattr(pair, name) for name in order])
    left = {why: left_out[why] for why in LEFT_OUT if left_out[why]}
    return PreferenceSet(tuple(kept), left, sources)


def _verdict(pair: JudgedPair, judged: Sequence[Judgement]) -> PreferencePair | str:
    """The pair that its frozen verdict makes, or why there is none."""
    if unfit := pair.unfit():
        return unfit
    first = first_of_each_pair(judged)
    if not first:
        return "set_apart"
    told = [one for one in judged if one.counts and one.outcome != "cannot_judge"]
    if len({one.preferred_system_id or "tie" for one in told}) > 1:
        return "split"
    chosen = first[0].preferred_system_id
    if chosen is None:
        return "tie"
    best = pair.system_ids.index(chosen)
    if pair.cut[best]:
        return "cut"
    return _pair(pair, pair.texts[best], 1 - best, "verdict", first[0])


def _corrections(pair: JudgedPair, judged: Sequence[Judgement]) -> list[PreferencePair | str]:
    """A pair for each correction that counts, or why there is none.

    A rater writes one better answer for both: it corrects the one that they preferred, without a
    preference the one that it is nearest to.
    """
    found: list[PreferencePair | str] = []
    for one in judged:
        if not one.counts or one.outcome == "cannot_judge" or not one.correction.strip():
            continue
        if unfit := pair.unfit():
            found.append(unfit)
            continue
        preferred = one.preferred_system_id
        corrected = (
            pair.system_ids.index(preferred) if preferred else _nearest(one.correction, pair.texts)
        )
        found.append(_pair(pair, one.correction, corrected, "correction", one))
    return found


def _nearest(text: str, others: tuple[str, str]) -> int:
    from rapidfuzz.distance import Levenshtein

    far = [Levenshtein.normalized_distance(text, other) for other in others]
    return far.index(min(far))


def _pair(
    pair: JudgedPair, chosen: str, rejected: int, source: Source, by: Judgement
) -> PreferencePair | str:
    better, worse = chosen.strip(), pair.texts[rejected].strip()
    if not better or better == worse:
        return "same"
    return PreferencePair(
        **{name: getattr(pair, name) for name in
           ("example_id", "revision_id", "split", "group_id", "instruction", "input")},
        output=better,
        rejected=worse,
        rejected_cut=pair.cut[rejected],
        source=source,
        study_id=pair.study_id,
        pair_id=pair.pair_id,
        judgement_id=by.judgement_id,
    )  # fmt: skip


def _without_contradictions(
    found: Sequence[PreferencePair], sources: Sequence[Source], left_out: Counter[str]
) -> list[PreferencePair]:
    """Of these sources, each pair of texts once, and none of those that are preferred both ways, be
    it of two examples that ask the same, or by another source."""
    there = {(key, pair.output, pair.rejected) for pair in found for key in _keys(pair)}
    kept: dict[tuple[str, str, str], PreferencePair] = {}
    for pair in found:
        if pair.source not in sources:
            continue
        if any((key, pair.rejected, pair.output) in there for key in _keys(pair)):
            left_out["split"] += 1
        elif pair.texts in kept:
            left_out["same"] += 1
        else:
            kept[pair.texts] = pair
    return list(kept.values())


def _keys(pair: PreferencePair) -> list[tuple[str, ...]]:
    """Its example, and its question where the text of that is still there."""
    question = (pair.instruction.strip(), pair.input.strip())
    return [(pair.example_id,), *([question] if any(question) else [])]
