"""Scores of a file of predictions: per metric and system, with intervals, and per line.

found = score_file(read_predictions(path), chosen_metrics(["rougeL", "token_f1"]))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import InvalidInput
from core.scoring.corpus import Table, corpus_value, counts_table
from core.scoring.corpus_metrics import CORPUS_METRICS
from core.scoring.file_differences import (
    Difference,
    corpus_differences,
    difference,
    not_compared,
    pairings,
)
from core.scoring.json_schema import schema_check
from core.scoring.label_scores import LabelScores, label_scores, look_like_labels
from core.scoring.labels import normal_label, parsed_label
from core.scoring.metrics import (
    LABEL_METRICS,
    METRICS,
    NAMES_TOLD,
    ON_REQUEST,
    SCHEMA_VALID,
    Metric,
    metric,
)
from core.scoring.prediction_file import Prediction
from core.scoring.rouge_variants import CLASSIC
from core.scoring.words import (
    has_signs_for_words,
    has_words_cut_by_rouge,
    has_words_unseen_by_rouge,
)
from core.statistics.estimates import (
    Estimate,
    clustered_mean,
    clustered_proportion,
)

SEED = 11
EVERY = {metric.name: metric for metric in (*METRICS, *ON_REQUEST)}


@dataclass(frozen=True)
class FileScores:
    """`values`: metric → one value per prediction. `means`: metric → system → mean and interval."""

    predictions: Sequence[Prediction]
    values: Mapping[str, Sequence[float]]
    means: Mapping[str, Mapping[str, Estimate]]
    differences: Sequence[Difference]
    labels: Mapping[str, LabelScores]
    warnings: Sequence[str]
    corpus: Mapping[str, CorpusScores]


@dataclass(frozen=True)
class CorpusScores:
    """A metric over all lines of a system together: system → value, 0..100, and differences."""

    values: Mapping[str, Estimate]
    differences: Sequence[Difference]


def chosen_metrics(names: Sequence[str]) -> list[Metric]:
    """The metrics of these names; without names those that every answer gets, "all" for each.

    Raises InvalidInput for an unknown name.
    """
    if "all" in names:
        return list(EVERY.values())
    if unknown := [name for name in names if name not in EVERY]:
        raise InvalidInput(f"There is no metric “{unknown[0]}”. There are {NAMES_TOLD}.")
    return [EVERY[name] for name in dict.fromkeys(names)] if names else list(METRICS)


def schema_metric(schema: str) -> Metric:
    """The metric of validity against a schema, as `checked_schema` spells it."""
    return replace(SCHEMA_VALID, function=schema_check(schema))


def score_file(
    predictions: Sequence[Prediction],
    metrics: Sequence[Metric],
    more: Mapping[str, Sequence[float]] | None = None,
) -> FileScores:
    """Score every prediction by every metric, and by its label where there is one; `more` are
    values by metric that were found elsewhere."""
    predictions, told = _labelled(predictions)
    metrics, unasked = _with_questions(predictions, metrics)
    counted = _counted(predictions, metrics)
    values = {
        **_values(predictions, metrics, counted),
        **_label_values(predictions),
        **(more or {}),
    }
    systems = by_system(predictions)
    means = {
        name: {system: mean_score(name, own, predictions, given) for system, own in systems.items()}
        for name, given in values.items()
    }
    pairs = pairings(predictions, systems)
    alone = not_compared(predictions, systems) if metrics else []  # pass@k compares many tries
    return FileScores(
        predictions,
        values,
        means,
        [difference(name, pair, given) for pair in pairs for name, given in values.items()],
        _labels(predictions, systems),
        [*told, *unasked, *_warnings(predictions, metrics), *alone],
        {
            name: CorpusScores(
                _corpus_values(name, table, predictions, systems),
                corpus_differences(name, table, pairs),
            )
            for name, table in counted.items()
        },
    )


def by_system(predictions: Sequence[Prediction]) -> dict[str, list[int]]:
    """System → indices of its predictions, in the order of the file."""
    found: dict[str, list[int]] = {}
    for index, one in enumerate(predictions):
        found.setdefault(one.system, []).append(index)
    return found


def _counted(predictions: Sequence[Prediction], metrics: Sequence[Metric]) -> dict[str, Table]:
    """The counts of every line, for the metrics that have a value of all lines together."""
    texts = [(one.reference, one.prediction) for one in predictions]
    return {
        metric.name: counts_table(CORPUS_METRICS[metric.name], texts)
        for metric in metrics
        if metric.name in CORPUS_METRICS
    }


def _corpus_values(
    name: str,
    table: Table,
    predictions: Sequence[Prediction],
    by_system: Mapping[str, Sequence[int]],
) -> dict[str, Estimate]:
    return {
        system: corpus_value(
            CORPUS_METRICS[name], table[list(own)], [predictions[k].group for k in own]
        )
        for system, own in by_system.items()
    }


def _values(
    predictions: Sequence[Prediction], metrics: Sequence[Metric], counted: Mapping[str, Table]
) -> dict[str, Sequence[float]]:
    functions = {
        metric.name: (metric.of_question, metric.function)
        for metric in metrics
        if metric.function and metric.name not in counted
    }
    # Line by line, as the metrics share the words of a text.
    rows = [
        [
            function(one.question if of_question else one.reference, one.prediction)
            for of_question, function in functions.values()
        ]
        for one in predictions
    ]
    found: dict[str, Sequence[float]] = dict(zip(functions, zip(*rows, strict=True), strict=True))
    for name, table in counted.items():
        found[name] = [CORPUS_METRICS[name].line(row) for row in table.tolist()]
    return {metric.name: found[metric.name] for metric in metrics if metric.name in found}


def _label_values(predictions: Sequence[Prediction]) -> dict[str, list[float]]:
    if predictions[0].label is None:
        return {}
    wanted = [normal_label(one.label or "") for one in predictions]
    known = set(wanted)
    given = [parsed_label(one.prediction, known) for one in predictions]
    hits = [float(want == give) for want, give in zip(wanted, given, strict=True)]
    columns = (hits, [float(one is not None) for one in given])
    return {metric.name: column for metric, column in zip(LABEL_METRICS, columns, strict=True)}


def mean_score(
    name: str, own: Sequence[int], predictions: Sequence[Prediction], values: Sequence[float]
) -> Estimate:
    """The mean of a metric over the predictions with these indices; an interval by group."""
    groups = [predictions[index].group for index in own]
    mine = [values[index] for index in own]
    if metric(name).is_share:
        return clustered_proportion([value == 1 for value in mine], groups)
    return clustered_mean(mine, groups, np.random.default_rng(SEED), bounds=metric(name).bounds)


def _labels(
    predictions: Sequence[Prediction], by_system: Mapping[str, Sequence[int]]
) -> dict[str, LabelScores]:
    if predictions[0].label is None:
        return {}
    return {
        system: label_scores(
            [predictions[index].label or "" for index in own],
            [predictions[index].prediction for index in own],
            [predictions[index].group for index in own],
        )
        for system, own in by_system.items()
    }


def _with_questions(
    predictions: Sequence[Prediction], metrics: Sequence[Metric]
) -> tuple[Sequence[Metric], list[str]]:
    """The metrics without those of the question where no line has one; and what is said of that."""
    named = ", ".join(metric.name for metric in metrics if metric.of_question)
    missing = sum(not one.question.strip() for one in predictions)
    if not named or not missing:
        return metrics, []
    without = f"{missing} of {len(predictions)} lines have neither “instruction” nor “input”"
    if missing < len(predictions):
        return metrics, [f"{named}: {without}, so that all of what they say counts as new."]
    kept = [metric for metric in metrics if not metric.of_question]
    return kept, [f"{named} cannot be told: {without}."]


def _labelled(predictions: Sequence[Prediction]) -> tuple[Sequence[Prediction], list[str]]:
    """The predictions, with their references as labels where no line has a label and these look
    like labels; and the sentence that says so."""
    if predictions[0].label is not None:
        return predictions, []
    references = [one.reference for one in predictions]
    if not look_like_labels(references):
        return predictions, []
    kinds = len(set(map(normal_label, references)))
    said = (
        f"No line has a “label”, but all references are one of {kinds} short texts: they are "
        "counted as labels, too."
    )
    return [replace(one, label=one.reference) for one in predictions], [said]


def _warnings(predictions: Sequence[Prediction], metrics: Sequence[Metric]) -> list[str]:
    found = []
    n = len(predictions)
    kinds = [m.label.split(",")[0] for m in metrics if m.name in CLASSIC]
    classic = ", ".join(dict.fromkeys(kinds))
    for done, how in ((has_words_unseen_by_rouge, "drop"), (has_words_cut_by_rouge, "cut up")):
        lines = classic and sum(done(one.reference) or done(one.prediction) for one in predictions)
        if lines:
            found.append(
                f"{classic}: {how} words in {lines} of {n} lines, as they know a-z and 0-9 only. "
                "Read token_f1, or ask for rougeL_unicode."
            )
    if any(m.name == "bleu" for m in metrics) and (
        signs := sum(has_signs_for_words(one.reference) for one in predictions)
    ):
        found.append(
            f"{signs} of {n} references have Chinese or Japanese signs, which BLEU's tokenizer 13a "
            "does not part into words. Read chrf."
        )
    if empty := sum(not one.prediction.strip() for one in predictions):
        found.append(f"{empty} of {n} predictions are empty.")
    return found
