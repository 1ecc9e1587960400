"""What a training and its pre-flight begin with: base model, frozen prompt, splits as tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InvalidInput
from core.gpu.data import (
    RAISE,
    EncodedSplit,
    encode,
    hashes_of,
    read_rows,
    refuse_changed_examples,
)
from core.gpu.labelled import LabelledSplit, encode_labelled, readable_length
from core.gpu.models import (
    LoadedModel,
    UnusableModel,
    load_model,
    refuse_changed,
    refuse_changed_vocabulary,
    vocabulary_hash,
)
from core.gpu.preferring import encode_pairs, with_reference
from core.gpu.prompting import choose_prompt
from core.jobs.context import JobContext
from core.jobs.folder import read_json, write_json
from core.prompts import Prompt, cut_answer
from core.tuning.labels import Labels, labels_of
from core.tuning.preferences import pairs_hash
from core.tuning.run_spec import RunSpec
from core.tuning.settings import SHORTEST, InvalidRunSpec
from core.wording import figure


class ChangedPairs(InvalidInput):
    """The preference pairs are other ones than those that the run was planned with."""

    title = "The preference pairs have changed"


_OVERLONG = {"refuse": "refused", "drop": "left out", "truncate": "cut at the end"}


def load_base(job: JobContext, spec: RunSpec) -> LoadedModel:
    """The spec's base model, for a classification with a head for the labels of the training split.

    Raises MissingModel, UnusableModel, ChangedModel, UnfitLabels, InvalidRunSpec.
    """
    labels = learned_labels(job, spec)
    job.note("Loading the base model.")
    base = load_again(job, spec, labels)
    refuse_changed(base, spec.base.hash)
    base.virtual_tokens = spec.method.virtual_tokens
    _refuse_full(base, base.virtual_tokens)
    return base


def learned_labels(job: JobContext, spec: RunSpec) -> Labels | None:
    """The labels of the job's training split, where the run learns to choose one.

    Raises UnfitLabels.
    """
    if not spec.classifies:
        return None
    rows = read_rows(job.data("train.parquet"))
    return labels_of([str(row["output"] or "") for row in rows], spec.data.label_field)


def load_again(job: JobContext, spec: RunSpec, labels: Labels | None) -> LoadedModel:
    """The spec's base model as it was at first, the new head's first weights included."""
    where, precision = spec.base.location, spec.base.precision
    return load_model(
        where, job.workspace, precision, spec.method.name, labels=labels, seed=spec.seed
    )


def freeze_prompt(job: JobContext, spec: RunSpec, base: LoadedModel) -> Prompt:
    """The prompt, as the run's first start decided it.

    Raises ChangedModel when the base's weights or tokens are not those of that start, and
    ChangedExamples when the examples are not.
    """
    files = [job.data(f"{name}.parquet") for name in ("train", "validation")]
    job.folder.checkpoints.mkdir(exist_ok=True)
    path = job.folder.checkpoints / "frozen.json"
    if frozen := read_json(path):
        refuse_changed(base, frozen["base_model_hash"])
        refuse_changed_vocabulary(base, frozen.get("vocabulary_hash", ""))
        refuse_changed_examples(files, frozen.get("examples", {}))
        return Prompt.from_json(frozen["prompt"])
    prompt = choose_prompt(spec.prompt, base.tokenizer)
    answers = [str(row["output"]) for row in read_rows(job.data("train.parquet"))]
    own = [s for s in prompt.stop_strings if any(cut_answer(a, [s]).stopped for a in answers)]
    if own:
        prompt = prompt.without_stops(own)
        shown = ", ".join(f"“{stop.strip()}”" for stop in own)
        job.note(f"Answers of the training split hold {shown}, so no answer is ended there.")
    frozen = {
        "base_model_hash": base.hash,
        "vocabulary_hash": vocabulary_hash(base.tokenizer),
        "examples": hashes_of(files),
        "prompt": prompt.to_json(),
    }
    write_json(path, frozen)
    return prompt


def _limit(spec: RunSpec, seen: int | None) -> tuple[int, str]:
    """The most tokens of an example where the model sees `seen` (None: any number) at once, and how
    it may have more."""
    if seen is None or spec.data.max_length < seen:
        return spec.data.max_length, RAISE
    fewer = "fewer virtual tokens or " if spec.method.virtual_tokens else ""
    return seen, f"The base model sees no more at once: choose {fewer}one with a longer context"


def _refuse_full(base: LoadedModel, virtual: int) -> None:
    if base.context is not None and base.context < SHORTEST:
        raise InvalidRunSpec(
            f"Virtual tokens (num_virtual_tokens) must leave room for an example: they are "
            f"{figure(virtual)} of the {figure(base.context + virtual)} tokens that the base model "
            "sees at once. Choose fewer."
        )


def read_split(
    job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt, name: str
) -> EncodedSplit:
    """The split `name` of the job's data as tokens.

    Raises OverlongExamples, NothingToLearn, and UnusableModel for tokens that the model lacks.
    """
    rows = read_rows(job.data(f"{name}.parquet"))
    limit, more = _limit(spec, base.context)
    split = encode(base.tokenizer, prompt, rows, limit, spec.data.overlong, more)
    rows_there = base.model.get_input_embeddings().num_embeddings
    if any(max((*one.prompt, *one.answer)) >= rows_there for one in split.examples):
        raise UnusableModel(
            f"The tokenizer in {base.folder} makes tokens that the model has no embedding for: it "
            f"knows {figure(rows_there)}. Resize the model's embeddings, or choose another model."
        )
    lost = f"; {_OVERLONG[spec.data.overlong]}: {figure(split.tokens_lost)} tokens lost"
    job.note(
        f"{name}: {figure(len(split.examples))} of {figure(len(rows))} examples, "
        f"{figure(sum(split.lengths))} tokens, {figure(split.labelled)} of them to learn; "
        f"{figure(split.overlong)} over {figure(limit)} tokens{lost if split.overlong else ''}."
    )
    return split


def read_pairs(
    job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt
) -> tuple[EncodedSplit, EncodedSplit]:
    """The preference pairs of the job's data as tokens, to learn from and to be measured on, with
    the probabilities that the base gives to both answers.

    Raises ChangedPairs, OverlongExamples, NothingToLearn.
    """
    names = ("train", "validation")
    rows = [read_rows(job.data(f"{name}.parquet")) for name in names]
    expected = spec.objective.pairs_hash
    if expected and pairs_hash([row for own in rows for row in own]) != expected:
        raise ChangedPairs(
            "The preference pairs in the run's folder are not those that it was planned with: "
            "their hash differs. Start a new run."
        )
    limit, more = _limit(spec, base.context)
    splits = [
        encode_pairs(base.tokenizer, prompt, own, limit, spec.data.overlong, more) for own in rows
    ]
    for name, own, split in zip(names, rows, splits, strict=True):
        lost = f"; {_OVERLONG[spec.data.overlong]}: {figure(split.tokens_lost)} tokens lost"
        job.note(
            f"{name}: {figure(len(split.examples))} of {figure(len(own))} preference pairs, "
            f"{figure(sum(split.lengths))} tokens; {figure(split.overlong)} over {figure(limit)} "
            f"tokens{lost if split.overlong else ''}."
        )
    job.folder.checkpoints.mkdir(exist_ok=True)
    train, validation = with_reference(
        base.model,
        base.device,
        splits,
        2 * spec.budget.per_device_train_batch_size,
        job.folder.checkpoints / "reference.safetensors",
        job.note,
    )
    return train, validation


def read_labelled(
    job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt, name: str
) -> LabelledSplit:
    """The split `name` of the job's data as tokens with labels. Raises OverlongExamples."""
    rows = read_rows(job.data(f"{name}.parquet"))
    limit, more = _limit(spec, readable_length(base))
    found = encode_labelled(base, prompt, rows, limit, spec.data.overlong, more)
    lost = f"; {_OVERLONG[spec.data.overlong]}: {figure(found.split.tokens_lost)} tokens lost"
    job.note(
        f"{name}: {figure(len(found.split.examples))} of {figure(len(rows))} examples, "
        f"{figure(sum(found.split.lengths))} tokens; {figure(found.split.overlong)} over "
        f"{figure(limit)} tokens{lost if found.split.overlong else ''}."
        f"{without_label(found)}"
    )
    return found


def without_label(found: LabelledSplit, what: str = "examples") -> str:
    """Sentences on examples without a label, and with one that training lacks; "" for none."""
    told = ""
    if found.unlabelled:
        told += f" {figure(found.unlabelled)} {what} have no label and are left out."
    if found.unknown:
        told += (
            f" {figure(found.unknown)} {what} have a label that training lacks: no loss is taken "
            "on them, and they count as wrong."
        )
    return told


def without_validation(
    rows: Mapping[str, Sequence[Any]], validation: EncodedSplit, what: str = "example"
) -> str:
    """Sentences on what of the validation split is over-long, and on whether all of it is left out;
    "" for none. `rows` are those of all splits by name."""
    over = validation.overlong
    told = f" {figure(over)} to be measured on are over-long, too." if over else ""
    if rows["validation"] and not validation.examples:
        told += f" No validation {what} is left to measure the loss on."
    return told
