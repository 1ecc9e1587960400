"""What a training and its pre-flight begin with: base model, frozen prompt, splits as tokens."""

from __future__ import annotations

from core.gpu.data import EncodedSplit, encode, read_rows
from core.gpu.models import (
    LoadedModel,
    UnusableModel,
    load_model,
    refuse_changed,
    refuse_changed_vocabulary,
    vocabulary_hash,
)
from core.gpu.prompting import choose_prompt
from core.jobs.context import JobContext
from core.jobs.folder import read_json, write_json
from core.prompts import Prompt, cut_answer
from core.tuning.run_spec import RunSpec
from core.wording import figure

_OVERLONG = {"refuse": "refused", "drop": "left out", "truncate": "cut at the end"}


def load_base(job: JobContext, spec: RunSpec) -> LoadedModel:
    """The spec's base model. Raises MissingModel, UnusableModel, ChangedModel."""
    job.note("Loading the base model.")
    base = load_model(spec.base.location, job.workspace, spec.base.precision, spec.method.name)
    refuse_changed(base, spec.base.hash)
    base.virtual_tokens = spec.method.virtual_tokens
    return base


def freeze_prompt(job: JobContext, spec: RunSpec, base: LoadedModel) -> Prompt:
    """The prompt, as the run's first start decided it.

    Raises ChangedModel when the base's weights or tokens are not those of that start.
    """
    job.folder.checkpoints.mkdir(exist_ok=True)
    path = job.folder.checkpoints / "frozen.json"
    if frozen := read_json(path):
        refuse_changed(base, frozen["base_model_hash"])
        refuse_changed_vocabulary(base, frozen.get("vocabulary_hash", ""))
        return Prompt.from_json(frozen["prompt"])
    prompt = choose_prompt(spec.prompt, base.tokenizer)
    answers = [str(row["output"]) for row in read_rows(job.data("train.parquet"))]
    own = [s for s in prompt.stop_strings if any(cut_answer(a, [s]).stopped for a in answers)]
    if own:
        prompt = prompt.without_stops(own)
        shown = ", ".join(f"“{stop.strip()}”" for stop in own)
        job.note(f"Answers of the training split hold {shown}, so no answer is ended there.")
    frozen = {"base_model_hash": base.hash, "vocabulary_hash": vocabulary_hash(base.tokenizer)}
    write_json(path, {**frozen, "prompt": prompt.to_json()})
    return prompt


def read_split(
    job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt, name: str
) -> EncodedSplit:
    """The split `name` of the job's data as tokens.

    Raises OverlongExamples, NothingToLearn, and UnusableModel for tokens that the model lacks.
    """
    rows = read_rows(job.data(f"{name}.parquet"))
    limit = min(spec.data.max_length, base.context or spec.data.max_length)
    split = encode(base.tokenizer, prompt, rows, limit, spec.data.overlong)
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
