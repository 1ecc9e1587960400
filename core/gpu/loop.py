"""The training loop: bucketed batches, loss on answer tokens only, validation, early stopping.

Written out instead of transformers' Trainer: docs/training-loop.md compares the two.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Literal

import torch

from core.gpu import checkpoints
from core.gpu.adapters import before_training, restore_adapter
from core.gpu.checkpointed_layers import CheckpointedLayers
from core.gpu.checkpoints import TrainingProgress
from core.gpu.data import EncodedExample, EncodedSplit
from core.gpu.diverging import refuse_gradient, refuse_loss
from core.gpu.memory import peak_memory_bytes, until_it_fits
from core.gpu.objective import AnswerTokens, Objective, Samples
from core.gpu.rivals import Rivals
from core.gpu.schedule import StepPlan
from core.gpu.threads import Threads
from core.jobs.context import JobContext, JobStopped
from core.tuning.run_spec import RunSpec

EndedBy = Literal["steps", "patience", "time", "rivals"]


class TrainingLoop:
    """One start of one training. `progress` is where it stands, over all starts."""

    def __init__(
        self,
        job: JobContext,
        spec: RunSpec,
        model: Any,
        device: torch.device,
        train: EncodedSplit,
        validation: EncodedSplit,
        samples: Samples | None = None,
        objective: Objective | None = None,
        rivals: Rivals | None = None,
    ) -> None:
        self.job, self.spec, self.model, self.device = job, spec, model, device
        self.samples, self.objective = samples, objective or AnswerTokens()
        self.rivals = rivals
        self.ended_by: EndedBy = "steps"
        checkpointing = spec.budget.activation_checkpointing
        self.checkpointed = None if checkpointing == "off" else CheckpointedLayers(model)
        self.threads = Threads(device)
        self.train, self.plan = train, StepPlan(train.lengths, spec)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=spec.optimiser.learning_rate,
            weight_decay=spec.optimiser.weight_decay,
            fused=True,
        )
        self.progress = TrainingProgress()
        self._validation, self._labelled = sorted(validation.examples, key=len), validation.labelled
        self._recent = torch.zeros(1 + len(self.objective.measures), device=device)
        self._saved_at = time.monotonic()

    @property
    def micro_batch(self) -> int:
        """How many examples go through the model at once, as far as memory allows."""
        return math.ceil(self.spec.budget.per_device_train_batch_size / self.progress.cut)

    def resume(self) -> bool:
        """Goes back to the last valid checkpoint; False when there is none."""
        found = checkpoints.latest(self.job.folder.checkpoints)
        if found is None:
            return False
        folder, self.progress = found
        checkpoints.load(folder, self.model, self.optimizer)
        self._look_for_best()
        recent = [self.progress.recent_loss, *self.progress.recent_measures]
        self._recent.copy_(torch.tensor(recent))
        return True

    def run(self) -> None:
        """Trains to the end or until validation stops improving, then takes the best adapter.

        Raises JobStopped after a checkpoint when asked to stop; TrainingDiverged.
        """
        self._started, self._first_step = time.monotonic(), self.progress.step
        self._first_tokens, self._spent = self.progress.tokens, self.progress.seconds
        self.threads.fit(self.job)
        if self.progress.step == 0 and self._validation and not self.job.should_stop():
            found = self.validation(before_training(self.model))
            self.progress.initial_loss = found["loss"]
            self.job.emit("eval", step=0, **found)
            self._report_samples()
        self.model.train()
        self._stepped_from = time.monotonic()
        while self.progress.step < self.plan.total and not self._ends_early():
            if self.job.should_stop():
                self._stop()
            self.threads.fit(self.job)
            norm = self._step()
            self._report(norm)
            if self.plan.evaluates_after(self.progress.step):
                self._evaluate()
                self._save()
            elif time.monotonic() - self._saved_at >= 60 * self.spec.budget.save_minutes:
                self._save()
        self._look_for_best()
        if 0 < self.progress.best_step < self.progress.step:
            best = checkpoints.folder_of(self.job.folder.checkpoints, self.progress.best_step)
            restore_adapter(self.model, best)
        self.model.eval()

    def _look_for_best(self) -> None:
        there = self.job.folder.checkpoints
        self.progress = checkpoints.with_whole_best(there, self.progress, self.job.note)

    def _step(self) -> torch.Tensor:
        micro = self.plan.micro_batches(self.progress.step)
        together = [[self.train.examples[i] for i in rows] for rows in micro]
        batches, sums = self.backward(together)
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate(self.progress.step)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.spec.optimiser.max_grad_norm)
        self._refuse_nonsense(norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._recent += sums
        self.progress.recent_tokens += sum(len(batch.targets) for batch in batches)
        self.progress.step += 1
        self.progress.tokens += sum(batch.tokens for batch in batches)
        self.progress.seconds = self._spent + time.monotonic() - self._started
        return norm

    def backward(
        self, together: Sequence[Sequence[EncodedExample]]
    ) -> tuple[list[Any], torch.Tensor]:
        """Gradients of one effective batch, in micro-batches that fit; these, the loss and what is
        measured beside it, summed."""
        most = max(map(len, together))
        return until_it_fits(
            lambda: self._gradients(together),
            can_cut=lambda: most > self.progress.cut or self._keeps_activations,
            cut=self._take_less,
        )

    @property
    def _keeps_activations(self) -> bool:
        return self.checkpointed is not None and self.checkpointed.kept > 0

    def _gradients(
        self, together: Sequence[Sequence[EncodedExample]]
    ) -> tuple[list[Any], torch.Tensor]:
        batches = [self.objective.collate(part) for rows in together for part in self._parts(rows)]
        labelled = sum(len(batch.targets) for batch in batches)
        total = torch.zeros_like(self._recent)
        for batch in batches:
            # Everything that is labelled in the effective batch weighs the same.
            sums = self.objective.loss(self.model, batch.to(self.device)).view(-1)
            (sums[0] / labelled).backward()  # type: ignore[no-untyped-call]
            total += sums.detach()
        return batches, total

    def _parts(self, rows: Sequence[EncodedExample]) -> list[Sequence[EncodedExample]]:
        size = math.ceil(len(rows) / self.progress.cut)
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def _take_less(self) -> None:
        self.optimizer.zero_grad()
        if self.checkpointed is None or not self._keeps_activations:
            self._cut()
            return
        self.checkpointed.keep(0)
        self.job.note(
            f"Out of memory at step {self.progress.step + 1}: goes on with the activations of "
            "every layer computed again."
        )

    def _cut(self) -> None:
        self.progress.cut *= 2
        self.job.note(
            f"Out of memory at step {self.progress.step + 1}: goes on with micro-batches of "
            f"{self.micro_batch} instead of {self.spec.budget.per_device_train_batch_size} and as "
            "much more accumulation, so the effective batch stays."
        )

    def _refuse_nonsense(self, norm: torch.Tensor) -> None:
        # Looking at a number makes a GPU wait: there, only when the step is logged anyway.
        if self.device.type != "cpu" and not self._is_logged(self.progress.step + 1):
            return
        refuse_gradient(norm.item(), self.progress.step + 1)

    def _is_logged(self, step: int) -> bool:
        return step % self.spec.budget.logging_steps == 0 or step in (1, self.plan.total)

    def _report(self, norm: torch.Tensor) -> None:
        step, total = self.progress.step, self.plan.total
        if self._is_logged(step):
            found = self._means(self._recent, self.progress.recent_tokens)
            self.progress.train_loss = found["loss"]
            self._recent.zero_()
            self.progress.recent_tokens = 0
            self.job.emit(
                "log",
                step=step,
                total=total,
                **found,
                learning_rate=self.plan.learning_rate(step - 1),
                grad_norm=norm.item(),
                tokens_per_second=round(self._speed(), 1),
                seconds_left=round(self._seconds_left(), 1),
            )
        self.job.progress(step, total)

    def _speed(self) -> float:
        return (self.progress.tokens - self._first_tokens) / (time.monotonic() - self._stepped_from)

    def _seconds_left(self) -> float:
        a_step = (time.monotonic() - self._stepped_from) / (self.progress.step - self._first_step)
        steps = a_step * (self.plan.total - self.progress.step)
        limit = 60 * self.spec.budget.max_minutes
        return min(steps, max(0.0, limit - self.progress.seconds)) if limit else steps

    def _evaluate(self) -> None:
        at = self.progress
        if self._validation:
            found = self.validation(self.model)
            at.last_loss, at.evaluated = found["loss"], at.step
            self.job.emit("eval", step=at.step, **found)
            if at.best_loss is None or at.last_loss < at.best_loss:
                at.best_loss, at.best_step, at.bad = at.last_loss, at.step, 0
            else:
                at.bad += 1
            self._report_samples()
        self.job.emit("memory", step=at.step, peak_bytes=peak_memory_bytes(self.device))

    def _report_samples(self) -> None:
        if self.samples:
            self.model.eval()
            self.samples.report(self.progress.step)
            self.model.train()

    def _save(self) -> None:
        at = self.progress
        at.recent_loss, *at.recent_measures = self._recent.tolist()
        at.seconds = self._spent + time.monotonic() - self._started
        checkpoints.save(self.job.folder.checkpoints, self.model, self.optimizer, at)
        self._saved_at = time.monotonic()

    def validation(self, model: Any) -> dict[str, float]:
        """The model's mean loss over all that is labelled in the validation split, in nats, and
        the means of what is measured beside it. Raises TrainingDiverged."""
        self.model.eval()
        total = until_it_fits(
            lambda: self._validation_sum(model),
            can_cut=lambda: self._validation_batch > 1,
            cut=self._cut,
        )
        self.model.train()
        found = self._means(total, self._labelled)
        refuse_loss(found["loss"], self.progress.step)
        return found

    def _means(self, sums: torch.Tensor, labelled: int) -> dict[str, float]:
        names = ("loss", *self.objective.measures)
        return {name: one / labelled for name, one in zip(names, sums.tolist(), strict=True)}

    def _validation_sum(self, model: Any) -> torch.Tensor:
        total = torch.zeros_like(self._recent)
        with torch.inference_mode():
            for batch in self.validation_batches():
                total += self.objective.loss(model, batch.to(self.device)).view(-1)
        return total

    @property
    def _validation_batch(self) -> int:
        return max(1, 2 * self.spec.budget.per_device_train_batch_size // self.progress.cut)

    def validation_batches(self) -> list[Any]:
        """The validation split, shortest examples first, twice a micro-batch at once."""
        size, ordered = self._validation_batch, self._validation
        return [self.objective.collate(ordered[i : i + size]) for i in range(0, len(ordered), size)]

    @property
    def stopped_early(self) -> bool:
        """True when the run ended before its last step."""
        return self.ended_by != "steps"

    def _ends_early(self) -> bool:
        """Whether the run ends here, by patience, by time, or because it is behind its rivals."""
        at, budget = self.progress, self.spec.budget
        if 0 < budget.early_stopping_patience <= at.bad:
            self.ended_by = "patience"
        elif 0 < 60 * budget.max_minutes <= at.seconds:
            self.ended_by = "time"
            if at.step > at.evaluated:
                self._evaluate()
                self._save()
        elif self.rivals and at.step == at.evaluated > self.plan.eval_every:
            median = self.rivals.median_at(at.step)
            if median is not None and at.best_loss is not None and at.best_loss > median:
                self.ended_by = "rivals"
                self.job.note(
                    f"Ends at step {at.step}: its validation loss of {at.best_loss:.3f} is above "
                    f"the median of its rivals, {median:.3f}."
                )
        return self.stopped_early

    def _stop(self) -> None:
        if not self.job.cancelled:
            self._save()
            self.job.note(f"Stopped at step {self.progress.step}; start it again to go on.")
        raise JobStopped
