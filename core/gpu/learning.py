"""What a run learns from its splits: to write the answers, to choose the labels, or to prefer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.gpu.data import EncodedSplit, NothingToLearn, read_rows
from core.gpu.label_models import pad_token
from core.gpu.labelled import ChosenLabel, LabelledExample, chosen_places
from core.gpu.models import LoadedModel
from core.gpu.objective import AnswerTokens, Objective, Samples
from core.gpu.preferring import PreferredAnswers, means_of
from core.gpu.preparing import read_labelled, read_pairs, read_split
from core.gpu.validation_samples import ValidationSamples
from core.jobs.context import JobContext
from core.prompts import Prompt
from core.tuning.classification import classification
from core.tuning.preflight import no_answers
from core.tuning.run_spec import Learned, RunSpec
from core.wording import percent


@dataclass(frozen=True)
class Learning:
    """The splits as tokens and how the loop learns from them.

    `samples(model)` answers validation examples at each evaluation, or is None; `report(model,
    size)` is what metrics.json gets of the trained model, read `size` examples at once.
    """

    train: EncodedSplit
    validation: EncodedSplit
    objective: Objective
    samples: Callable[[Any], Samples | None]
    report: Callable[[Any, int], dict[str, Any]]


def learn_answers(job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt) -> Learning:
    """Learning to write. Raises OverlongExamples, NothingToLearn."""
    rows = read_rows(job.data("train.parquet"))
    if rows and (why := no_answers(rows)):
        raise NothingToLearn(why)
    train, validation = (
        read_split(job, spec, base, prompt, name) for name in ("train", "validation")
    )

    def samples(model: Any) -> Samples:
        rows = read_rows(job.data("validation.parquet"))
        return ValidationSamples(job, base, model, prompt, rows, spec.budget.eval_samples)

    return Learning(train, validation, AnswerTokens(), samples, lambda _model, _size: {})


def learn_labels(job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt) -> Learning:
    """Learning to choose a label. Raises OverlongExamples."""
    labels = base.labels
    assert labels is not None
    train, validation = (
        read_labelled(job, spec, base, prompt, name) for name in ("train", "validation")
    )

    def report(model: Any, size: int) -> dict[str, Any]:
        places = chosen_places(model, base, validation.tokens, 2 * size)
        predicted = [labels.names[place] for place in places]
        common = labels.names[commonest_label(train.split)]
        found = classification(validation.references, predicted, labels.names, common)
        if found:
            job.note(
                f"{percent(found.accuracy, 1)} of {found.n} validation examples got their label; "
                f"always “{common}” would be right in {percent(found.majority, 1)}."
            )
        return {
            "labels": labels.to_json(),
            "pad_token_id": pad_token(base.tokenizer),
            "classification": found.to_json() if found else None,
        }

    return Learning(
        train.split,
        validation.split,
        ChosenLabel(pad_token(base.tokenizer)),
        lambda _model: None,
        report,
    )


def learn_preferences(
    job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt
) -> Learning:
    """Learning to prefer one answer to another. `base` is still what it was loaded as: it is the
    reference. Raises ChangedPairs, OverlongExamples, NothingToLearn."""
    train, validation = read_pairs(job, spec, base, prompt)
    objective = PreferredAnswers(spec.objective)

    def report(model: Any, size: int) -> dict[str, Any]:
        means = means_of(objective, model, base.device, validation.examples, 2 * size)
        if means:
            job.note(
                f"{percent(means['preference_accuracy'], 1)} of {len(validation.examples)} "
                "held-out pairs are preferred as people did, by a reward margin of "
                f"{means['reward_margin']:.3f}."
            )
        told = {f"validation_{name}": one for name, one in means.items()}
        return {"preferences": {**(job.spec.get("preferences") or {}), **told}}

    def samples(model: Any) -> Samples:
        rows = read_rows(job.data("validation.parquet"))
        once = list({row["example_id"]: row for row in rows}.values())
        return ValidationSamples(job, base, model, prompt, once, spec.budget.eval_samples)

    return Learning(train, validation, objective, samples, report)


LEARNINGS: Mapping[Learned, Callable[[JobContext, RunSpec, LoadedModel, Prompt], Learning]] = {
    "answers": learn_answers,
    "labels": learn_labels,
    "preferences": learn_preferences,
}


def commonest_label(train: EncodedSplit) -> int:
    """The place of the label that most training examples have."""
    counts = Counter(one.label for one in train.examples if isinstance(one, LabelledExample))
    return min(counts, key=lambda place: (-counts[place], place))
