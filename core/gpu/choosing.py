"""Answers the questions of a generate job with the labels that a model chooses."""

from __future__ import annotations

from collections.abc import Sequence

from core.gpu.decoding import Answer
from core.gpu.generator import Question, Writing
from core.gpu.labelled import chosen_places, readable_length


class Choosing(Writing):
    """Each answer is the likeliest label's text. Chance, shots and caps play no part."""

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        most = readable_length(self.base)
        fitting = [k for k, length in enumerate(lengths) if most is None or length <= most]
        order = sorted(fitting, key=lambda k: -lengths[k])
        size = self.config.batch_size
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _answers(self, batch: Sequence[Question]) -> list[Answer]:
        labels = self.base.labels
        assert labels is not None
        rows = [question.prompt for question in batch]
        places = chosen_places(self.model, self.base, rows, len(rows))
        return [Answer(labels.answer(place), "", 0, "stop") for place in places]
