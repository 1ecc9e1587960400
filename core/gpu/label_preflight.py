"""The pre-flight of a run that learns to choose a label: what it looks at instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from core.gpu.data import EncodedExample, refuse_empty
from core.gpu.label_models import is_decoder, pad_token
from core.gpu.labelled import ChosenLabel, LabelledExample
from core.gpu.learning import commonest_label
from core.gpu.objective import Objective
from core.gpu.preflight import SHOWN, PreflightChecks
from core.gpu.preparing import (
    learned_labels,
    read_labelled,
    without_label,
    without_validation,
)
from core.scoring.labels import normal_label
from core.tuning.labels import label_in
from core.tuning.preflight import CLASSIFICATION_TITLES, Line, TokenizedExample
from core.wording import figure, percent

LISTED = 12


class LabelPreflightChecks(PreflightChecks):
    """The looks of a classification, in the order of its titles: the model's head needs labels."""

    titles: Mapping[str, str] = CLASSIFICATION_TITLES

    def look_at_labels(self) -> Line:
        """How often each label is there. Raises UnfitLabels."""
        labels = learned_labels(self.job, self.spec)
        assert labels is not None
        places = [labels.place(str(row["output"] or "")) for row in self.rows["train"]]
        counts = Counter(place for place in places if place is not None)
        common = sorted(counts, key=lambda place: (-counts[place], place))
        shown = ", ".join(f"{labels.names[k]} {figure(counts[k])}" for k in common[:LISTED])
        more = f" and {len(common) - LISTED} more" if len(common) > LISTED else ""
        told = f"{len(labels.names)} labels: {shown}{more}."
        without = places.count(None)
        if without:
            told += f" {figure(without)} training examples have no label and are left out."
        unknown = self._unknown({normal_label(name) for name in labels.names})
        if unknown:
            told += f" Training lacks {unknown}: they can never be chosen."
        return Line("labels", "noted" if without or unknown else "passed", told)

    def _unknown(self, known: set[str]) -> str:
        found = {
            label: name
            for name in ("validation", "test")
            for row in self.rows[name]
            if (label := label_in(str(row["output"] or ""), self.spec.data.label_field))
            and normal_label(label) not in known
        }
        return ", ".join(f"“{label}” of the {name} split" for label, name in sorted(found.items()))

    def look_at_lengths(self) -> Line:
        """How many tokens are read, and over-long examples."""
        train, validation = (
            read_labelled(self.job, self.spec, self.base, self.prompt, name)
            for name in ("train", "validation")
        )
        self.train, self.validation = train.split, validation.split
        refuse_empty(self.train)
        self.measured["tokenized"] = tuple(
            self._read(str(row["example_id"]), one)
            for row, one in zip(self.rows["train"], self.train.examples[:SHOWN], strict=False)
        )
        over = self.train.overlong
        where = "at its last token" if is_decoder(self.base.model) else "over the whole text"
        told = (
            f"{figure(sum(self.train.lengths))} tokens, the longest example has "
            f"{figure(self.train.longest)}; the label is chosen {where}, and padding is masked."
        )
        if over:
            told += f" {figure(over)} are over-long: {figure(self.train.tokens_lost)} tokens lost."
        if lost := self._lost():
            told += f" Of {lost} no training example is left: it can hardly be chosen."
        told += without_label(validation, "validation examples")
        told += without_validation(self.rows, self.validation)
        noted = over or validation.unknown or validation.unlabelled or validation.split.overlong
        return Line("lengths", "noted" if noted else "passed", told)

    def _lost(self) -> str:
        """The labels that only over-long examples had, which are left out."""
        labels = self.base.labels
        assert labels is not None
        left = {one.label for one in self.train.examples if isinstance(one, LabelledExample)}
        lost = [name for place, name in enumerate(labels.names) if place not in left]
        return ", ".join(f"“{name}”" for name in lost)

    def _read(self, example_id: str, example: EncodedExample) -> TokenizedExample:
        decode = self.base.tokenizer.decode
        pieces = tuple((str(decode([token])), False) for token in example.prompt)
        return TokenizedExample(example_id, pieces)

    def look_at_prompt(self) -> Line:
        """Which prompt is read."""
        self.measured["prompt_hash"] = self.prompt.hash
        kind = "the model's chat template" if self.prompt.is_chat else "the project's template"
        told = f"Made by {kind}; read alike in training and in answering; SHA-256 "
        return Line("prompt", "passed", f"{told}{self.prompt.hash[:12]}.")

    def look_at_majority(self) -> Line:
        """What always giving the commonest label gets right: what there is to beat."""
        labels = self.base.labels
        assert labels is not None
        common = commonest_label(self.train)
        told = []
        for name in ("validation", "test"):
            outputs = [str(row["output"] or "") for row in self.rows[name]]
            own = [one for one in outputs if label_in(one, labels.field)]
            if own:
                share = sum(labels.place(one) == common for one in own) / len(own)
                told.append(f"{percent(share, 1)} of the {figure(len(own))} {name} examples")
        if not told:
            return Line("majority", "noted", "No validation or test example has a label.")
        self.measured["base_scores"] = {"majority": share}
        return Line(
            "majority",
            "passed",
            f"Always “{labels.names[common]}”, the commonest label in training, is right in "
            f"{' and '.join(told)}. A run that learns gets more.",
        )

    def _objective(self) -> Objective:
        return ChosenLabel(pad_token(self.base.tokenizer))
