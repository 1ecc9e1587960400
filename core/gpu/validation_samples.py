"""A few validation examples that a training answers at each evaluation, beside their reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import GenerationConfig as DecodingConfig

from core.gpu.adapters import before_training, prompt_offset, without_adapter
from core.gpu.decoding import Answer, answer_batch, stop_tokens
from core.gpu.memory import until_it_fits
from core.gpu.models import LoadedModel
from core.gpu.prompting import prompt_texts, prompt_tokens
from core.jobs.context import JobContext
from core.prompts import Prompt
from core.scoring.overlap import token_f1
from core.scoring.rouge import rouge_l
from core.tuning.generation_config import GenerationConfig

LONGEST_ANSWER = 128


class ValidationSamples:
    """Answers the first `count` of `rows` (instruction, input, output) that fit the context.

    Each report is one event "samples": the step, the mean ROUGE-L and token F1 (0..1) over so many
    answers, and per example the instruction, input, reference and answer. At step 0 the model is
    still the base.
    """

    def __init__(
        self,
        job: JobContext,
        base: LoadedModel,
        model: Any,
        prompt: Prompt,
        rows: Sequence[Mapping[str, Any]],
        count: int,
    ) -> None:
        self.job, self.base, self.model, self.prompt = job, base, model, prompt
        asked = [(str(row["instruction"]), str(row["input"] or "")) for row in rows[:count]]
        texts = prompt_texts(base.tokenizer, prompt, asked)
        tokens = prompt_tokens(base.tokenizer, prompt, texts)
        room = (base.context or 10**9) - LONGEST_ANSWER
        fitting = [i for i, ids in enumerate(tokens) if len(ids) <= room]
        self._rows = [rows[i] for i in fitting]
        self._prompts = [tokens[i] for i in fitting]
        self._stops = stop_tokens(base, prompt)
        # One by one where padding would stand between a learned prompt and the example's.
        self._size = 1 if prompt_offset(model) else max(1, len(self._prompts))

    def report(self, step: int) -> None:
        """Let the model answer as it is now, at step 0 the base; the likeliest token each time."""
        if not self._rows:
            return
        answers = self.answers(self.model if step else before_training(self.model))
        self.job.emit(
            "samples",
            step=step,
            **self.scores(answers),
            answers=[
                {
                    "example_id": str(row["example_id"]),
                    "instruction": row["instruction"],
                    "input": row["input"] or "",
                    "reference": row["output"],
                    "answer": answer.text,
                }
                for row, answer in zip(self._rows, answers, strict=True)
            ],
        )

    def scores_of_the_base(self) -> dict[str, float]:
        """What `report` scores, of the base's own answers; {} where no example fits the context."""
        with without_adapter(self.model, self.base) as base:
            return self.scores(self.answers(base))

    def scores(self, answers: Sequence[Answer]) -> dict[str, float]:
        """Mean ROUGE-L and token F1 (0..1) of as many answers as there are examples; {} of none."""
        if not answers:
            return {}
        pairs = [(str(r["output"]), a.text) for r, a in zip(self._rows, answers, strict=True)]
        return {
            "rouge_l": sum(rouge_l(*pair) for pair in pairs) / len(pairs),
            "token_f1": sum(token_f1(*pair) for pair in pairs) / len(pairs),
        }

    def answers(self, model: Any) -> list[Answer]:
        """What `model` answers, the likeliest token each time."""
        # The model's folder may ask for sampling or a penalty, and keeps what it asks for.
        own = self.base.model.generation_config
        self.base.model.generation_config = DecodingConfig(eos_token_id=self._stops)
        try:
            return until_it_fits(
                lambda: self._in_batches(model), can_cut=lambda: self._size > 1, cut=self._halve
            )
        finally:
            self.base.model.generation_config = own

    def _halve(self) -> None:
        self._size //= 2

    def _in_batches(self, model: Any) -> list[Answer]:
        size = self._size
        batches = [self._prompts[i : i + size] for i in range(0, len(self._prompts), size)]
        return [answer for batch in batches for answer in self._batch(model, batch)]

    def _batch(self, model: Any, prompts: Sequence[Sequence[int]]) -> list[Answer]:
        return answer_batch(
            model,
            self.base,
            prompts,
            GenerationConfig(max_new_tokens=LONGEST_ANSWER),
            self._stops,
            self.prompt.stop_strings,
            chance="validation",
        )
