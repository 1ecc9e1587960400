"""The pre-flight of a run that learns from preferences: what it looks at instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from core.gpu.data import NothingToLearn, refuse_empty
from core.gpu.decoding import stop_tokens
from core.gpu.objective import Objective
from core.gpu.preferring import EncodedPair, PreferredAnswers
from core.gpu.preflight import SHOWN, PreflightChecks
from core.gpu.preparing import read_pairs, without_validation
from core.tuning.preferences import left_out_words, sources_words
from core.tuning.preflight import PREFERENCE_TITLES, Line, TokenizedExample
from core.wording import counted, figure, percent


class PreferencePreflightChecks(PreflightChecks):
    """The looks of a run by DPO, in the order of its titles."""

    titles: Mapping[str, str] = PREFERENCE_TITLES

    def look_at_pairs(self) -> Line:
        """How many pairs there are, where they come from, and what was left out."""
        rows = [*self.rows["train"], *self.rows["validation"]]
        if not self.rows["train"]:
            raise NothingToLearn("There is no preference pair to learn from.")
        sources = Counter(row["source"] for row in rows)
        studies = len({row["study_id"] for row in rows} - {""})
        judged = f", judged in {counted(studies, 'study', 'studies')}" if studies else ""
        told = (
            f"{counted(len(rows), 'pair')}: {sources_words(sources)}{judged}; "
            f"{figure(len(self.rows['validation']))} of them are held out to measure on."
        )
        left_out = left_out_words((self.job.spec.get("preferences") or {}).get("left_out", {}))
        return Line("pairs", "noted" if left_out else "passed", f"{told} {left_out}".strip())

    def look_at_pair_tokens(self) -> Line:
        """Over-long pairs, and what ends an answer."""
        self.train, self.validation = read_pairs(self.job, self.spec, self.base, self.prompt)
        pairs = [one for one in self.train.examples if isinstance(one, EncodedPair)]
        refuse_empty(self.train, "preference pair")
        stops = stop_tokens(self.base, self.prompt)
        cut = sum(pair.answer[-1] not in stops for pair in pairs)
        self.measured["tokenized"] = tuple(
            shown
            for row, pair in zip(self.rows["train"], pairs[:SHOWN], strict=False)
            for shown in self._shown(str(row["example_id"]), pair)
        )
        over = self.train.overlong
        told = (
            f"{figure(sum(self.train.lengths))} tokens in {counted(len(pairs), 'pair')}; the "
            f"longest answer with its question has {figure(self.train.longest)}. Padding is masked "
            "by lengths."
        )
        if over:
            told += f" {figure(over)} are over-long: {figure(self.train.tokens_lost)} tokens lost."
        if cut:
            told += f" {figure(cut)} preferred answers do not end with a stop token: they were cut."
        if same := sum(pair.answer == pair.rejected for pair in pairs):
            told += f" {figure(same)} have the same answer twice since they were cut."
        told += (unmeasured := without_validation(self.rows, self.validation, "preference pair"))
        return Line("pair_tokens", "noted" if over or cut or unmeasured else "passed", told)

    def _shown(self, example_id: str, pair: EncodedPair) -> list[TokenizedExample]:
        names = (f"{example_id}, preferred", f"{example_id}, rejected")
        return [self._tokenized(name, one) for name, one in zip(names, pair.both, strict=True)]

    def _objective(self) -> Objective:
        return PreferredAnswers(self.spec.objective)

    def _widest(self) -> tuple[int, int]:
        """Both answers of a pair go through the model: twice as many tokens a row."""
        size = self.spec.budget.per_device_train_batch_size
        pairs = [one for one in self.train.examples if isinstance(one, EncodedPair)]
        longest = sorted(pairs, key=lambda pair: pair.longest)[-size:]
        labelled = sum(len(pair.answer) + len(pair.rejected) for pair in longest)
        return 2 * max(pair.longest for pair in longest), labelled

    def look_at_base_preference(self) -> Line:
        """How often the base itself gives the preferred answer more probability a token."""
        pairs = [
            one
            for one in (*self.validation.examples, *self.train.examples)
            if isinstance(one, EncodedPair)
        ]

        def likelier(pair: EncodedPair) -> bool:
            chosen, rejected = pair.reference
            return chosen / max(1, len(pair.answer)) > rejected / max(1, len(pair.rejected))

        share = sum(map(likelier, pairs)) / len(pairs)
        self.measured["base_scores"] = {"preferred_likelier": share}
        return Line(
            "base_preference",
            "passed",
            f"In {percent(share, 1)} of {counted(len(pairs), 'pair')} the preferred answer is the "
            "likelier one a token for the base itself. The run starts at a loss of 0.693, where "
            "it has no preference beyond the base's.",
        )
