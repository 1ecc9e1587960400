"""The command `score`: predictions in a file, without a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import InvalidInput
from core.scoring.metrics import METRICS, NAMES_TOLD
from terminal.common import AsJson, refusals_told, tell, text_file, written_to

Metrics = Annotated[
    str,
    typer.Option(
        help=f"With commas between them. Default: {', '.join(m.name for m in METRICS)}. "
        f"There are {NAMES_TOLD}."
    ),
]


def score(
    file: Path,
    metrics: Metrics = "",
    schema: Annotated[
        Path | None,
        typer.Option(help="A JSON schema; adds the share of predictions that are valid by it."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="Slices too, by label, length (of the reference), source or topic.")
    ] = "",
    run_code: Annotated[
        bool,
        typer.Option(
            "--run-code",
            help="Run each prediction as Python with the assertions in its “tests” (else its "
            "reference), in a sandbox without network, and count pass@k. Linux only. Without "
            "--metrics nothing else is scored.",
        ),
    ] = False,
    pass_k: Annotated[
        str, typer.Option(help="The k of pass@k, with commas, where all ids have so many tries.")
    ] = "1,10,100",
    per_example: Annotated[
        Path | None,
        typer.Option(help="Write each prediction as a JSON line: id and metrics."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score predictions in FILE against their references, per metric and system, with intervals.

    JSONL, a prediction a line: prediction, reference, and if there are system, id, label, source,
    tests, instruction, input, group (lines of one group are near-duplicates of each other).
    """
    with refusals_told():
        if per_example is not None and per_example.exists() and per_example.samefile(file):
            raise InvalidInput("--per-example names the file that is read. Name another one.")
        names = [name for one in metrics.split(",") if (name := one.strip())]
        schema_text = None if schema is None else text_file(schema)
        answer = _scored(file, names, by, _ks(pass_k) if run_code else (), per_example, schema_text)
        tell(answer, "\n".join(_score_lines(answer)), as_json)


def _scored(
    file: Path,
    names: Sequence[str],
    by: str,
    ks: Sequence[int],
    per_example: Path | None,
    schema: str | None,
) -> dict[str, Any]:
    """All that was asked for, as plain values; code is run where there are k of pass@k."""
    from core.scoring.code_sandbox import Limits
    from core.scoring.json_schema import checked_schema
    from core.scoring.metrics import PASSED
    from core.scoring.pass_at_k import code_scores, run_predictions
    from core.scoring.prediction_file import read_predictions
    from core.scoring.score_file import chosen_metrics, schema_metric, score_file
    from core.scoring.score_json import code_json, scores_json, slices_json, write_per_example
    from core.scoring.slices import slice_by, slice_report

    wanted = chosen_metrics(names) if names or not ks else []
    if schema is not None:
        wanted = [*wanted, schema_metric(checked_schema(schema))]
    slices = slice_by(by) if by else None
    predictions = read_predictions(file, tests_do=not wanted)
    code, more, limits = None, {}, Limits()
    if ks:
        code = code_scores(predictions, run_predictions(predictions, limits), ks)
        more[PASSED.name] = [float(one.passed) for one in code.outcomes]
    found = score_file(predictions, wanted, more)
    if per_example is not None:
        with written_to(per_example) as part:
            write_per_example(found, part, code)
    answer = scores_json(found)
    if slices:
        answer["slices"] = slices_json(slice_report(found, slices))
    if code:
        answer["code"] = code_json(code, limits)
    return answer


def _ks(text: str) -> list[int]:
    try:
        found = [int(one) for one in text.split(",")]
    except ValueError:
        found = [0]
    if min(found) < 1:
        raise InvalidInput(f"“{text}” is no list of k. Give whole numbers from 1: 1,10,100.")
    return found


def _score_lines(answer: dict[str, Any]) -> list[str]:
    lines = []
    for metric, by_system in answer["metrics"].items():
        for system, one in by_system.items():
            lines.append(f"{metric} of {system}: {_bounded(one, 'mean')}, n = {one['n']}")
    lines += [_difference(one) for one in answer["differences"]]
    for metric, corpus in answer["corpus"].items():
        lines += [
            f"Corpus {metric} of {system}: {_bounded(one, 'value')}, n = {one['n']}"
            for system, one in corpus["systems"].items()
        ]
        lines += [f"Corpus {_difference(one)}" for one in corpus["differences"]]
        lines.append(f"Corpus {metric} ({corpus['settings']}): {corpus['note']}")
    for system, labels in answer["labels"].items():
        lines += _label_lines(system, labels)
    lines += _slice_lines(answer["slices"]) if "slices" in answer else []
    lines += _code_lines(answer["code"]) if "code" in answer else []
    return lines + [f"Mind: {warning}" for warning in answer["warnings"]]


def _slice_lines(slices: dict[str, Any]) -> list[str]:
    lines = []
    for part in slices["slices"]:
        name = f"{slices['by']} “{part['name']}”"
        for metric, by_system in part["metrics"].items():
            lines += [
                f"{name}, {metric} of {system}: {_bounded(one, 'mean')}, n = {one['n']}"
                for system, one in by_system.items()
            ]
        for one in part["differences"]:
            small = f"{one['groups']} groups are too few to say more"
            verdict = small if one["p"] is None else f"{one['verdict']}, p = {one['p']:.3g}"
            lines.append(f"{name}, {_difference(one)}: {verdict}")
    if slices["corrected_for"]:
        lines.append(
            f"p of slices is corrected (Holm), for each metric over {slices['corrected_for']} "
            "tests; their intervals are not."
        )
    return lines


def _code_lines(code: dict[str, Any]) -> list[str]:
    lines = [
        f"pass@{k} of {system}: {_bounded(one, 'value')}, ids = {one['n']}, tries = "
        f"{code['tries'][system]}"
        for k, by_system in code["pass_at_k"].items()
        for system, one in by_system.items()
    ]
    lines += [_difference(one) for one in code["differences"]]
    for system, reasons in code["failures"].items():
        counted = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        lines += [f"Failed of {system}: {counted}"] if counted else []
    return lines


def _label_lines(system: str, labels: dict[str, Any]) -> list[str]:
    lines = [f"Labels of {system}: macro F1 {_share(labels, 'macro_f1')}"]
    for name, one in labels["classes"].items():
        lines.append(
            f"“{name}” of {system}: precision {_share(one, 'precision')}, recall "
            f"{_share(one, 'recall')}, F1 {_share(one, 'f1')}, in {one['support']} references and "
            f"{one['answered']} predictions"
        )
    names, columns, counts = labels["confusion"].values()
    for name, row in zip(names, counts, strict=True):
        wrong = [
            f"{count} as “{given}”"
            for given, count in zip(columns, row, strict=True)
            if count and given != name
        ]
        if wrong:
            lines.append(f"“{name}” taken by {system}: {', '.join(wrong)}")
    return lines


def _share(one: dict[str, Any], name: str) -> str:
    value, low, high = one[name], one[f"{name}_low"], one[f"{name}_high"]
    if value is None:
        return "not known"
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _difference(one: dict[str, Any]) -> str:
    shares = ""
    if one["better"] is not None:
        shares = (
            f"; better in {one['better']:.0%}, equal in {one['equal']:.0%}, worse in "
            f"{one['worse']:.0%}"
        )
    of = f"{one['to']} minus {one['from']} on {one['ids']} ids"
    return f"{one['metric']}, {of}: {_bounded(one, 'mean')}{shares}"


def _bounded(one: dict[str, Any], value: str) -> str:
    bounds = "" if one["low"] is None else f" ({one['low']:.3f} to {one['high']:.3f})"
    return f"{one[value]:.3f}{bounds}"
