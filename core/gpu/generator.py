"""Answers the questions of a generate job batch by batch, and keeps what is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.gpu.adapters import prompt_offset, without_adapter
from core.gpu.confidence import reference_loss
from core.gpu.data import EncodedExample
from core.gpu.decoding import Answer, answer_batch, batches_of, stop_tokens
from core.gpu.models import LoadedModel
from core.gpu.threads import Threads
from core.jobs.context import JobContext, JobStopped
from core.jobs.events import EventLog, read_events
from core.prompts import Prompt
from core.tuning.generation_config import GenerationConfig


@dataclass(frozen=True)
class Question:
    """One prompt (token ids) for one system of kind base, prompted or tuned. `reference`: the token
    ids of the example's output as training saw it, where its perplexity is asked for."""

    system_id: str
    kind: str
    example_id: str
    revision_id: str | None
    prompt: tuple[int, ...]
    reference: tuple[int, ...] = ()


class Writing:
    """The answers so far; survives a stop, because each batch is on the disk when it is done."""

    def __init__(
        self,
        job: JobContext,
        base: LoadedModel,
        model: Any,
        config: GenerationConfig,
        prompt: Prompt,
        total: int,
    ) -> None:
        self.job, self.base, self.model, self.config = job, base, model, config
        job.folder.checkpoints.mkdir(exist_ok=True)
        self._path = job.folder.checkpoints / "answers.jsonl"
        self._kept = EventLog(self._path)
        self._rows = {(row["system_id"], row["example_id"]): row for row in _earlier(self._path)}
        self._prompt, self._total = prompt, total
        self._threads = Threads(base.device)

    def answer(self, questions: Sequence[Question]) -> None:
        """Answers the questions of one system. Raises JobStopped between batches when asked to."""
        batches = self._batches([len(question.prompt) for question in questions])
        answered = {i for batch in batches for i in batch}
        self._leave_out([q for i, q in enumerate(questions) if i not in answered])
        for batch in ([questions[i] for i in batch] for batch in batches):
            if all((q.system_id, q.example_id) in self._rows for q in batch):
                continue
            if self.job.should_stop():
                self.job.note(f"Stopped after {len(self._rows)} answers; they are kept.")
                raise JobStopped
            self._threads.fit(self.job)
            self._keep(self._answer_batch(batch))

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        padded = not prompt_offset(self.model)
        return batches_of(lengths, self.config, self.base.context, padded=padded)

    def _answer_batch(self, batch: Sequence[Question]) -> list[dict[str, Any]]:
        started = time.monotonic()
        answers = self._answers(batch)
        each = (time.monotonic() - started) / len(batch)
        losses = self._reference_losses(batch)
        of_all = {"seconds": round(each, 4), "batch": batch[0].example_id}
        return [
            _row(question, **asdict(answer), **of_all, reference_loss=loss)
            for question, answer, loss in zip(batch, answers, losses, strict=True)
        ]

    def _answers(self, batch: Sequence[Question]) -> list[Answer]:
        first = batch[0]
        tuned = nullcontext(self.model)
        with tuned if first.kind == "tuned" else without_adapter(self.model, self.base) as model:
            return answer_batch(
                model,
                self.base,
                [question.prompt for question in batch],
                self.config,
                stop_tokens(self.base, self._prompt),
                self._prompt.stop_strings,
                chance=f"{first.system_id}/{first.example_id}",
            )

    def _reference_losses(self, batch: Sequence[Question]) -> list[float | None]:
        """Of each question the loss of its reference; None where it is not asked for or does not
        fit the context."""
        if not any(question.reference for question in batch):
            return [None] * len(batch)
        if batch[0].kind == "tuned":
            return [self._reference_loss(self.model, question) for question in batch]
        with without_adapter(self.model, self.base):
            return [self._reference_loss(self.base.model, question) for question in batch]

    def _reference_loss(self, model: Any, question: Question) -> float | None:
        example = EncodedExample(question.prompt, question.reference)
        if not example.answer or len(example) > (self.base.context or 10**9):
            return None
        return reference_loss(model, example, self.base.device)

    def _leave_out(self, questions: Sequence[Question]) -> None:
        if not questions:
            return
        nothing = {
            "text": "", "cut": "", "new_tokens": 0, "finish": "too_long", "seconds": 0.0,
            "confidence": None, "reference_loss": None,
        }  # fmt: skip
        rows = [_row(question, **nothing) for question in questions]
        names = ", ".join(question.example_id for question in questions[:20])
        self.job.note(
            f"{questions[0].system_id}: {len(rows)} prompts fill the model's context of "
            f"{self.base.context} tokens and were not asked: {names}"
            f"{' …' if len(rows) > 20 else ''}."
        )
        self._keep(rows)

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        self._kept.append("answers", rows=rows)
        self._rows |= {(row["system_id"], row["example_id"]): row for row in rows}
        self.job.progress(len(self._rows), self._total)
        seen = rows[0]
        self.job.emit(
            "sample",
            system_id=seen["system_id"],
            example_id=seen["example_id"],
            text=seen["text"][:1000],
        )

    def in_order(self, example_ids: Sequence[str]) -> list[dict[str, Any]]:
        """All answers, system by system in the spec's order, examples as they came."""
        systems = [system["system_id"] for system in self.job.spec["systems"]]
        return [self._rows[system, example] for system in systems for example in example_ids]


def _row(question: Question, **answer: Any) -> dict[str, Any]:
    return {
        "system_id": question.system_id,
        "example_id": question.example_id,
        "revision_id": question.revision_id,
        "prompt_tokens": len(question.prompt),
        **answer,
    }


def _earlier(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    offset = 0
    while True:
        events, end = read_events(path, offset)
        if end == offset:
            return rows
        rows += [row for event in events for row in event["rows"]]
        offset = end
