"""pass@k: the estimator against its definition, and `touchstone score --run-code` on a file."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from core.errors import InvalidInput
from core.scoring.code_sandbox import NoSandbox, Outcome, check_sandbox
from core.scoring.pass_at_k import code_scores, pass_at_k, program
from core.scoring.prediction_file import Prediction
from core.statistics.estimates import proportion

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"


def a_try(system: str, name: str, line: int = 1) -> Prediction:
    return Prediction(line, system, name, f"id {name}", "", "", None, tests="assert True")


@pytest.mark.parametrize(("tries", "passed"), [(5, 0), (5, 1), (5, 2), (6, 6), (7, 3)])
def test_pass_at_k_is_the_share_of_draws_of_k_tries_that_hold_one_that_passed(
    tries: int, passed: int
) -> None:
    hits = [k < passed for k in range(tries)]
    for k in range(1, tries + 1):
        draws = list(combinations(hits, k))
        share = sum(any(draw) for draw in draws) / len(draws)
        assert pass_at_k(tries, passed, k) == pytest.approx(share)
        # The product by which the paper computes it (Chen et al. 2021, figure 3).
        product = math.prod(1 - k / m for m in range(tries - passed + 1, tries + 1))
        wanted = 1.0 if tries - passed < k else 1 - product
        assert pass_at_k(tries, passed, k) == pytest.approx(wanted)


def test_counts_that_make_no_sense_are_refused() -> None:
    for counts in ((3, 4, 1), (3, 1, 4), (3, 1, 0), (3, -1, 1)):
        with pytest.raises(InvalidInput, match="give 0 <= c <= n"):
            pass_at_k(*counts)


def test_the_code_in_a_fence_is_what_is_run() -> None:
    assert program(f"Sure:\n```python\n{RIGHT}```\nDone.") == RIGHT
    assert program(RIGHT) == RIGHT
    assert program("x = '```'") == "x = '```'"


def test_tries_of_one_id_are_one_task_and_k_needs_as_many() -> None:
    predictions = [
        a_try(s, f"t{t}") for s in ("base", "tuned") for t in range(12) for _ in range(4)
    ]
    outcomes = [
        Outcome(passed, "" if passed else "AssertionError: no")
        for wins in (1, 2)
        for t in range(12)
        for passed in [try_ < wins * (t % 2) for try_ in range(4)]
    ]
    found = code_scores(predictions, outcomes, (1, 2, 5))
    assert list(found.values) == [1, 2]
    assert found.values[1]["base"].value == pytest.approx(1 / 8)
    assert found.values[2]["tuned"].value == pytest.approx((1 - 1 / 6) / 2)
    assert found.values[2]["tuned"].n == 12
    first = found.differences[0]
    assert (first.metric, first.ids, first.better, first.equal) == ("pass@1", 12, 0.5, 0.5)
    assert first.difference.value == pytest.approx(1 / 8)
    assert found.failures["base"] == {"AssertionError": 42}


def test_one_try_each_has_the_exact_interval_of_a_share() -> None:
    predictions = [a_try("base", f"t{t}") for t in range(30)]
    outcomes = [Outcome(t < 20) for t in range(30)]
    [one] = code_scores(predictions, outcomes).values[1].values()
    exact = proportion(20, 30)
    assert (one.value, one.low, one.high) == (exact.value, exact.low, exact.high)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two tasks with two tries each; the last leaves before its tests, with success."""
    tries: list[dict[str, Any]] = [
        {"id": "a", "prediction": RIGHT, "tests": "assert double(2) == 4"},
        {"id": "a", "prediction": f"```python\n{WRONG}```", "tests": "assert double(2) == 4"},
        {"id": "b", "prediction": RIGHT, "reference": "assert double(3) == 6"},
        {"id": "b", "prediction": "import os; os._exit(0)", "reference": "assert double(3) == 6"},
    ]
    path = tmp_path / "code.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in tries), encoding="utf-8")
    return path


def test_the_command_runs_code_only_when_asked_and_counts_pass_at_k(
    file: Path, tmp_path: Path
) -> None:
    try:
        check_sandbox()
    except NoSandbox as error:
        pytest.skip(error.message)
    out = tmp_path / "out.jsonl"
    arguments = ["score", str(file), "--run-code", "--pass-k", "1,2,3"]
    done = CliRunner().invoke(app, [*arguments, "--json", "--per-example", str(out)])
    answer = json.loads(done.stdout)
    assert list(answer["metrics"]) == ["passed"]
    assert answer["metrics"]["passed"]["all"]["mean"] == 0.5
    code = answer["code"]
    assert {k: one["all"]["value"] for k, one in code["pass_at_k"].items()} == {"1": 0.5, "2": 1}
    assert (code["pass_at_k"]["1"]["all"]["n"], code["tries"]) == (2, {"all": 4})
    assert code["limits"]["memory_mb"] == 512
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["passed"] for one in lines] == [1, 0, 1, 0]
    assert lines[1]["failure"].startswith("AssertionError")
    assert lines[3]["failure"] == "It ended before its tests did."
    said = CliRunner().invoke(app, arguments).stdout
    assert "pass@2 of all: 1.000" in said
    assert "ids = 2, tries = 4" in said


def test_without_the_option_tests_are_no_reference_and_k_is_a_number(file: Path) -> None:
    done = CliRunner().invoke(app, ["score", str(file)])
    assert (done.exit_code, "“reference” is missing" in done.stderr) == (1, True)
    done = CliRunner().invoke(app, ["score", str(file), "--run-code", "--pass-k", "none"])
    assert (done.exit_code, "“none” is no list of k" in done.stderr) == (1, True)
    done = CliRunner().invoke(app, ["score", str(file), "--run-code", "--metrics", "rougeL"])
    assert (done.exit_code, "“reference” is missing" in done.stderr) == (1, True)
