"""The command that judges a file of judgements, without a workspace: `analyse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from terminal.common import AsJson, refusals_told, tell


def analyse(
    file: Path,
    baseline: Annotated[str, typer.Option(help="The baseline's name in the file.")] = "base",
    candidate: Annotated[str, typer.Option(help="The candidate's name in the file.")] = "tuned",
    running: Annotated[
        bool, typer.Option("--running", help="More judgements are to come: hold for every look.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what judgements in FILE show: who is preferred, how sure that is, what would undo it.

    JSONL, a judgement a line: comparison, rater, left, right, choice (left, right, tie, tie_good,
    tie_bad, cannot_judge), and if there are ratings {left: {criterion: 1-5}, right: {…}}, stratum,
    probability, time. The first judgement of each comparison counts.
    """
    from core.study.analysis import analyse as analysed
    from core.study.analysis import analysis_json
    from core.study.judgement_file import read_judgements

    with refusals_told():
        read = read_judgements(file, baseline, candidate)
        answer = analysis_json(analysed(read, baseline, candidate, complete=not running))
        tell(answer, "\n".join(_lines(answer)), as_json)


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = [answer["sentence"], _counted(answer)]
    if answer["left_out"]:
        lines.append(
            f"{answer['left_out']} comparisons were drawn with other probabilities and stay out of "
            f"the verdict; net of all, weighted: {_shares(answer, 'weighted_net_preference')}."
        )
    lines += [
        f"Won of those decided: {_shares(answer, 'win_rate')}, always valid. e-value for "
        f"{answer['candidate']} {answer['e_value_candidate']:.3g}, for {answer['baseline']} "
        f"{answer['e_value_baseline']:.3g}; sign test p = {answer['sign_test_p']:.3g}, if nobody "
        "looked before the end.",
        f"The left answer was chosen in {_shares(answer, 'left_share')}.",
    ]
    if answer["agreement_units"]:
        lines.append(
            f"Agreement on {answer['agreement_units']} comparisons: the same in "
            f"{_shares(answer, 'raw_agreement')}; beyond chance alpha "
            f"{_interval(answer, 'alpha')}, AC1 {_interval(answer, 'ac1')}."
        )
    for name, one in answer["criteria"].items():
        lines.append(f"{name}, 1 to 5: {_difference(one)}.")
    if answer["sign_survives_each_rater"] is not None:
        kept = "keeps" if answer["sign_survives_each_rater"] else "does not keep"
        lines.append(f"The net preference {kept} its sign without any one rater.")
    if answer["reversals_to_undo"] is not None:
        lines.append(
            f"Judgements the other way that undo the claim: {answer['reversals_to_undo']}."
        )
    return lines


def _counted(answer: dict[str, Any]) -> str:
    return (
        f"Judgements {answer['judgements']}, comparisons {answer['comparisons']}, raters "
        f"{answer['raters']}; judged differently by two: {answer['splits']}. The first judgement "
        "of a comparison counts."
    )


def _shares(answer: dict[str, Any], name: str) -> str:
    value, low, high = (answer.get(key) for key in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        return "not known"
    return f"{value:.0%}" if low is None else f"{value:.0%} ({low:.0%} to {high:.0%})"


def _interval(answer: dict[str, Any], name: str) -> str:
    value, low, high = (answer.get(key) for key in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        return "not known"
    return f"{value:.2f}" if low is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


def _difference(one: dict[str, Any]) -> str:
    if one["difference"] is None:
        return "not rated"
    bounds = "" if one["low"] is None else f" ({one['low']:+.2f} to {one['high']:+.2f})"
    p = "" if one["p"] is None else f", p = {one['p']:.3g} corrected for the number of criteria"
    means = f"{one['baseline']:.2f} → {one['candidate']:.2f}, {one['difference']:+.2f}{bounds}"
    return f"{means} in {one['n']} comparisons{p}"
