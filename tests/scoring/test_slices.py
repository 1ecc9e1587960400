"""Slices: means, paired differences corrected for their number, and slices that are too small."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import permutation_test, wilcoxon
from typer.testing import CliRunner

from cli import app
from core.errors import InvalidInput
from core.scoring.prediction_file import read_predictions
from core.scoring.score_file import chosen_metrics, score_file
from core.scoring.score_json import slices_json
from core.scoring.slices import slice_by, slice_report
from core.statistics.p_values import sign_flip_test

Row = dict[str, Any]


def sliced(folder: Path, rows: list[Row], by: str, metric: str = "exact_match") -> Row:
    path = folder / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = score_file(read_predictions(path), chosen_metrics([metric]))
    return slices_json(slice_report(found, slice_by(by)))


def rows_of(
    source: str, n: int, base: float, tuned: float, seed: int = 1, words: int = 1
) -> list[Row]:
    """Ids of a source; each system is right in its share of them."""
    rng = random.Random(f"{source} {seed}")
    reference = " ".join(["yes"] * words)
    return [
        {"id": f"{source} {k}", "source": source, "system": system, "reference": reference,
         "prediction": reference if rng.random() < share else "no"}
        for k in range(n)
        for system, share in (("base", base), ("tuned", tuned))
    ]  # fmt: skip


def verdicts(report: Row) -> dict[str, str]:
    return {part["name"]: part["differences"][0]["verdict"] for part in report["slices"]}


def test_a_system_may_be_better_in_one_slice_and_worse_in_another(tmp_path: Path) -> None:
    rows = [*rows_of("mail", 60, 0.3, 0.9), *rows_of("chat", 50, 0.9, 0.3)]
    rows += [*rows_of("notes", 40, 0.6, 0.6), *rows_of("calls", 6, 0, 1)]
    report = sliced(tmp_path, rows, "source")
    assert list(verdicts(report)) == ["mail", "chat", "notes", "calls"]
    assert verdicts(report) == {
        "mail": "better", "chat": "worse", "notes": "not shown", "calls": "too small",
    }  # fmt: skip
    assert report["corrected_for"] == 3
    mail, calls = report["slices"][0], report["slices"][3]
    tuned = [row for row in rows if row["source"] == "mail" and row["system"] == "tuned"]
    share = sum(row["prediction"] == "yes" for row in tuned) / 60
    assert mail["metrics"]["exact_match"]["tuned"]["mean"] == pytest.approx(share)
    assert mail["metrics"]["exact_match"]["tuned"]["n"] == 60
    assert (calls["differences"][0]["p"], calls["differences"][0]["mean"]) == (None, 1)


def test_twenty_slices_without_a_difference_are_seldom_called_one(tmp_path: Path) -> None:
    called = uncorrected = 0
    for study in range(20):
        rows = [row for s in range(20) for row in rows_of(f"s{s:02}", 12, 0.5, 0.5, seed=study)]
        path = tmp_path / f"{study}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        found = score_file(read_predictions(path), chosen_metrics(["exact_match"]))
        report = slice_report(found, "source")
        differences = [one for part in report.slices for one in part.differences]
        called += any(one.says != "not shown" for one in differences)
        uncorrected += any(one.difference.says != "not shown" for one in differences)
    assert called <= 2
    assert uncorrected >= 8


def test_lengths_are_thirds_of_the_references(tmp_path: Path) -> None:
    rows = [row for words in range(1, 31) for row in rows_of(f"w{words}", 2, 1, 1, words=words)]
    report = sliced(tmp_path, rows, "length")
    assert [part["name"] for part in report["slices"]] == [
        "1 to 10 words", "11 to 20 words", "21 to 30 words",
    ]  # fmt: skip
    assert [part["metrics"]["exact_match"]["base"]["n"] for part in report["slices"]] == [20] * 3
    same = sliced(tmp_path, rows_of("x", 12, 1, 1), "length")
    assert [part["name"] for part in same["slices"]] == ["1 to 1 words"]


def test_copies_of_one_example_are_one_in_a_slice_too(tmp_path: Path) -> None:
    rows = [row | {"group": int(row["id"].split()[1]) // 10} for row in rows_of("a", 60, 0, 1)]
    report = sliced(tmp_path, rows, "source")
    assert verdicts(report) == {"a": "too small"}
    assert report["slices"][0]["differences"][0]["groups"] == 6


def test_slices_of_what_no_line_has_are_refused(tmp_path: Path) -> None:
    rows = [{"id": k, "reference": f"word {k}", "prediction": "a"} for k in range(4)]
    for by in ("label", "source"):
        with pytest.raises(InvalidInput, match=f"No line has a “{by}”"):
            sliced(tmp_path, rows, by)
    with pytest.raises(InvalidInput, match=r"no slices by “colour”\. Slice by label, length"):
        slice_by("colour")


def test_the_command_says_what_is_better_where_and_what_is_too_small(tmp_path: Path) -> None:
    rows = [*rows_of("mail", 40, 0.1, 0.9), *rows_of("calls", 5, 0, 1)]
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ["score", str(path), "--metrics", "exact_match", "--by", "source"]
    said = CliRunner().invoke(app, arguments).stdout
    assert "source “mail”, exact_match, tuned minus base on 40 ids" in said
    assert ": better, p = " in said
    assert "5 groups are too few to say more" in said
    assert "for each metric over 1 tests; their intervals are not." in said
    refused = CliRunner().invoke(app, [*arguments[:-1], "colour"])
    assert (refused.exit_code, "no slices by “colour”" in refused.stderr) == (1, True)


def test_sign_flips_give_the_p_values_of_scipy() -> None:
    rng = np.random.default_rng(5)
    for n in (1, 5, 11, 13):
        values = rng.normal(0.6, 1, n)
        if n > 1:
            wanted = permutation_test(
                (values,), np.sum, permutation_type="samples", n_resamples=2**n
            ).pvalue
            assert sign_flip_test(values.tolist(), rng) == pytest.approx(wanted)
    ranks = [1.0, 2, -3, 4, 5, 6, 7, 8, -9, 10, 11, 12]
    exact = wilcoxon(ranks, mode="exact").pvalue
    assert sign_flip_test(ranks, rng) == pytest.approx(exact)
    random_flips = sign_flip_test([*ranks, 13.0, -14.0], rng)
    assert random_flips == pytest.approx(wilcoxon([*ranks, 13.0, -14.0]).pvalue, abs=0.02)
    assert sign_flip_test([], rng) == sign_flip_test([0.0, 0.0], rng) == 1
    many = rng.normal(0.05, 1, 1000)
    below = sign_flip_test(many.tolist(), rng)
    assert below == pytest.approx(sign_flip_test(many[:999].tolist(), rng), abs=0.03)
