"""The "preflight" job: all that a run needs is looked at, measured, and nothing is trained.

    python -m core.worker JOB_DIR

spec.json is RunSpec.job_spec() with another kind; data/ holds train, validation and test.parquet as
a training has them. Writes final/preflight.json: core.tuning.preflight.Preflight.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from transformers import logging as transformers_logging

from core.errors import TouchstoneError
from core.gpu.adapters import attach_adapter, parameter_counts
from core.gpu.data import EncodedExample, EncodedSplit, NothingToLearn, read_rows, refuse_empty
from core.gpu.decoding import stop_tokens
from core.gpu.loop import TrainingLoop
from core.gpu.memory import free_bytes
from core.gpu.models import LoadedModel
from core.gpu.objective import AnswerTokens, Objective
from core.gpu.preparing import freeze_prompt, load_base, read_split, without_validation
from core.gpu.probe import Probe, keep_what_fits, probe
from core.gpu.prompting import prompt_texts, prompt_tokens
from core.gpu.validation_samples import ValidationSamples
from core.jobs.context import JobContext, JobStopped
from core.jobs.faults import MEMORY_HINT, is_out_of_memory
from core.jobs.folder import write_json
from core.prompts import Prompt
from core.tuning.preflight import (
    TITLES,
    Line,
    ModelShape,
    Preflight,
    TokenizedExample,
    counted_fields,
    estimated_bytes,
    overlap,
    with_lines_not_reached,
)
from core.tuning.run_spec import RunSpec
from core.wording import figure, memory_size

SHOWN = 5
ASKED_OF_THE_BASE = 16
CHECKPOINTS_AT_ONCE = 3


def run(job: JobContext) -> None:
    """Looks at everything and writes final/; a refusal is a line of it, not a failure."""
    transformers_logging.disable_progress_bar()
    spec = RunSpec.from_json(job.spec)
    found = checks_of(job, spec).look()
    with job.final() as folder:
        write_json(folder / "preflight.json", found.to_json())
    refused = sum(line.verdict == "refused" for line in found.lines)
    job.note("Ready to start." if not refused else f"Refused: {refused} of {len(found.lines)}.")


def checks_of(job: JobContext, spec: RunSpec) -> PreflightChecks:
    """The looks that fit what the run learns."""
    # Their looks are these but for some, so they stand on this module.
    from core.gpu.label_preflight import LabelPreflightChecks
    from core.gpu.preference_preflight import PreferencePreflightChecks

    if spec.prefers:
        return PreferencePreflightChecks(job, spec)
    return (LabelPreflightChecks if spec.classifies else PreflightChecks)(job, spec)


class PreflightChecks:
    """What the looks have found so far; each look is named as in `titles` and gives its line."""

    titles: Mapping[str, str] = TITLES
    base: LoadedModel
    prompt: Prompt
    train: EncodedSplit
    validation: EncodedSplit
    loop: TrainingLoop

    def __init__(self, job: JobContext, spec: RunSpec) -> None:
        self.job, self.spec = job, spec
        self.rows = {
            name: read_rows(job.data(f"{name}.parquet")) for name in ("train", "validation", "test")
        }
        self.measured: dict[str, Any] = {}

    def look(self) -> Preflight:
        """Every look in order, up to the first that finds what must be mended."""
        lines: list[Line] = []
        for number, name in enumerate(self.titles, 1):
            if self.job.should_stop():
                raise JobStopped
            look: Callable[[], Line] = getattr(self, f"look_at_{name}")
            lines.append(self._told(name, look))
            self.job.progress(number, len(self.titles))
            if lines[-1].verdict == "refused":
                break
        return with_lines_not_reached(Preflight(tuple(lines), **self.measured), self.titles)

    def _told(self, name: str, look: Callable[[], Line]) -> Line:
        try:
            return look()
        except TouchstoneError as error:
            return Line(name, "refused", error.message)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return Line(name, "refused", f"It does not fit into memory. {MEMORY_HINT}")

    def look_at_model(self) -> Line:
        """Loads the base and freezes the prompt."""
        self.base = load_base(self.job, self.spec)
        self.prompt = freeze_prompt(self.job, self.spec, self.base)
        _, total = parameter_counts(self.base.model)
        context = self.base.context
        return Line(
            "model",
            "passed",
            f"{figure(total)} parameters in {self.base.precision} on {self.base.device}"
            f"{f', context of {figure(context)} tokens' if context else ''}; weights "
            f"(safetensors) with the SHA-256 {self.base.hash[:12]}.",
        )

    def look_at_examples(self) -> Line:
        """Empty and repeated examples, counted."""
        if not self.rows["train"]:
            raise NothingToLearn("The training split has no example. Freeze one that has some.")
        return counted_fields(self.rows["train"])

    def look_at_tokens(self) -> Line:
        """Over-long examples, tokens that carry loss, and what ends an answer."""
        self.train, self.validation = (
            read_split(self.job, self.spec, self.base, self.prompt, name)
            for name in ("train", "validation")
        )
        refuse_empty(self.train)
        stops = stop_tokens(self.base, self.prompt)
        cut = sum(one.answer[-1] not in stops for one in self.train.examples)
        self.measured["tokenized"] = tuple(
            self._tokenized(str(row["example_id"]), one)
            for row, one in zip(self.rows["train"], self.train.examples[:SHOWN], strict=False)
        )
        tokens, labelled = sum(self.train.lengths), self.train.labelled
        over = self.train.overlong
        told = (
            f"{figure(labelled)} of {figure(tokens)} tokens carry loss; the longest example has "
            f"{figure(self.train.longest)}. Padding is masked by lengths, never by the pad token."
        )
        if over:
            told += f" {figure(over)} are over-long: {figure(self.train.tokens_lost)} tokens lost."
        if cut:
            told += f" {figure(cut)} answers do not end with a stop token: they were cut."
        told += (unmeasured := without_validation(self.rows, self.validation))
        return Line("tokens", "noted" if over or cut or unmeasured else "passed", told)

    def _tokenized(self, example_id: str, example: EncodedExample) -> TokenizedExample:
        decode = self.base.tokenizer.decode
        pieces = [(str(decode([token])), False) for token in example.prompt]
        pieces += [(str(decode([token])), True) for token in example.answer]
        return TokenizedExample(example_id, tuple(pieces))

    def look_at_prompt(self) -> Line:
        """The prompt that is trained on against the prompt that is answered, token by token."""
        asked = [(row["instruction"], row["input"] or "") for row in self.rows["train"]]
        texts = prompt_texts(self.base.tokenizer, self.prompt, asked)
        answered = {tuple(ids) for ids in prompt_tokens(self.base.tokenizer, self.prompt, texts)}
        other = sum(one.prompt not in answered for one in self.train.examples)
        self.measured["prompt_hash"] = self.prompt.hash
        kind = "the model's chat template" if self.prompt.is_chat else "the project's template"
        if other:
            return Line(
                "prompt",
                "refused",
                f"{other} training prompts are not the tokens that an answer starts from. Choose "
                "the project's template as the prompt format.",
            )
        return Line(
            "prompt",
            "passed",
            f"Made by {kind}; in training and in answering the same tokens; SHA-256 "
            f"{self.prompt.hash[:12]}.",
        )

    def look_at_overlap(self) -> Line:
        """Equal and near-equal questions in two splits."""
        return overlap(self.rows)

    def look_at_memory(self) -> Line:
        """An estimate, and then a real step on the longest micro-batch."""
        model = attach_adapter(self.base, self.spec)
        needed = estimated_bytes(self._shape(model), self.spec, *self._widest())
        free = free_bytes(self.base.device)
        room = f"about {memory_size(needed)} are needed and {memory_size(free)} are free"
        if self.base.device.type == "cpu" and needed > free:
            # Here nothing raises: the system would end the worker, or another program.
            text = f"By an estimate {room}. {MEMORY_HINT}"
            return Line("memory", "refused", text)
        args = (self.job, self.spec, model, self.base.device, self.train, self.validation)
        self.loop = TrainingLoop(*args, objective=self._objective())
        measured, kept = self._probed()
        budget = self.spec.budget
        accumulation = math.ceil(budget.effective_batch_size / measured.micro_batch)
        self.measured |= {
            "micro_batch": measured.micro_batch,
            "gradient_accumulation": accumulation,
            "peak_bytes": measured.peak_bytes,
            "step_seconds": measured.seconds * budget.gradient_accumulation_steps,
        }
        told = (
            f"By an estimate {room}. Measured: the longest micro-batch of {measured.micro_batch} "
            f"fits; the worker held {memory_size(measured.peak_bytes)} at most.{kept}"
        )
        if measured.micro_batch < budget.per_device_train_batch_size:
            told += (
                f" Not {budget.per_device_train_batch_size}: the run will take {accumulation} "
                "micro-batches a step, so the effective batch stays."
            )
            return Line("memory", "noted", told)
        return Line("memory", "passed", told)

    def _probed(self) -> tuple[Probe, str]:
        """A real step, and where that is asked, which layers kept their activations in it."""
        layers = self.loop.checkpointed
        if layers is None or self.spec.budget.activation_checkpointing != "selective":
            return probe(self.loop), ""
        told = keep_what_fits(self.loop)
        kept = layers.kept
        measured = probe(self.loop)
        if layers.kept < kept:
            told = f"Every layer computes its activations again: those of {kept} do not fit."
        return measured, f" {told}"

    def _objective(self) -> Objective:
        return AnswerTokens()

    def _shape(self, model: Any) -> ModelShape:
        config = self.base.model.config.get_text_config()
        trained = [p for p in model.parameters() if p.requires_grad]
        weights = sum(p.numel() * p.element_size() for p in model.parameters())
        return ModelShape(
            weight_bytes=weights,
            trainable=sum(p.numel() for p in trained),
            trainable_bytes=sum(p.numel() * p.element_size() for p in trained),
            hidden=int(config.hidden_size),
            layers=int(config.num_hidden_layers),
            vocabulary=int(config.vocab_size),
            number_bytes=4 if self.base.precision == "fp32" else 2,
        )

    def _widest(self) -> tuple[int, int]:
        size = self.spec.budget.per_device_train_batch_size
        longest = sorted(self.train.examples, key=len)[-size:]
        return len(longest[-1]), sum(len(one.answer) for one in longest)

    def look_at_base(self) -> Line:
        """What the base itself makes of a few test examples: what there is to beat."""
        rows = self.rows["test"][:ASKED_OF_THE_BASE]
        if not rows:
            return Line("base", "noted", "There is no test split to ask it about.")
        self.loop.model.eval()
        with_base = ValidationSamples(
            self.job, self.base, self.loop.model, self.prompt, rows, len(rows)
        )
        scores = with_base.scores_of_the_base()
        if not scores:
            return Line("base", "noted", "No test example leaves room for an answer.")
        self.measured["base_scores"] = scores
        return Line(
            "base",
            "passed",
            f"On {len(rows)} examples of the test split the base reaches ROUGE-L "
            f"{scores['rouge_l']:.2f} and token F1 {scores['token_f1']:.2f}. Whether it has seen "
            "them before, the check for contamination tells.",
        )

    def look_at_cost(self) -> Line:
        """Seconds of the whole run, from the longest step, and bytes of its checkpoints."""
        steps = self.loop.plan.total
        share = sum(self.train.lengths) / max(1, len(self.train.lengths) * max(self.train.lengths))
        seconds = steps * self.measured["step_seconds"] * share
        limit = 60 * self.spec.budget.max_minutes
        trained = sum(p.numel() for p in self.loop.parameters)
        disk = CHECKPOINTS_AT_ONCE * trained * 12 + trained * 4
        self.measured |= {"seconds": seconds, "disk_bytes": disk}
        free = shutil.disk_usage(self.job.workspace).free
        told = (
            f"{figure(steps)} steps in about {_minutes(seconds)}, judging by the longest one; "
            f"{memory_size(disk)} of checkpoints and result, {memory_size(free)} are free."
        )
        if 0 < limit < seconds:
            told += f" It ends after {_minutes(limit)} of training, as Max minutes says."
            self.measured["seconds"] = limit
        if disk > free:
            return Line("cost", "refused", f"{told} Free some space first.")
        return Line("cost", "passed", told)


def _minutes(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
