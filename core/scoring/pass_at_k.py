"""pass@k of code: the share of tasks that k tries would solve, by their tests, with intervals.

Lines of one `id` are tries at one task. The code is run by code_sandbox.py, only when asked for.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.scoring.code_sandbox import Limits, Outcome, check_sandbox, run_code
from core.scoring.file_differences import Difference, Pairing, difference, joined
from core.scoring.prediction_file import Prediction
from core.statistics.estimates import Estimate, clustered_mean, clustered_proportion

SEED = 11
USUAL = (1, 10, 100)
_FENCED = re.compile(r"^[ \t]*```[\w+-]*[ \t]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """What a system tried at one id: `passed` of `tries`."""

    system: str
    id: str
    group: str
    tries: int
    passed: int


@dataclass(frozen=True)
class CodeScores:
    """`values`: k → system → pass@k in 0..1, of which n counts groups of ids. Only such k as every
    id of a system was tried at so often. `failures`: system → reason → lines."""

    outcomes: Sequence[Outcome]
    tasks: Mapping[str, Sequence[Task]]
    values: Mapping[int, Mapping[str, Estimate]]
    differences: Sequence[Difference]
    failures: Mapping[str, Mapping[str, int]]


def pass_at_k(tries: int, passed: int, k: int) -> float:
    """The chance that k of the tries, drawn without replacement, hold one that passed.

    1 - C(n - c, k) / C(n, k): the unbiased estimator of Chen et al. 2021 (2107.03374, section 2.1).

    Raises InvalidInput unless 0 <= passed <= tries and 1 <= k <= tries.
    """
    if not 0 <= passed <= tries or not 1 <= k <= tries:
        raise InvalidInput(f"pass@{k} of {passed} in {tries}: give 0 <= c <= n and 1 <= k <= n.")
    return 1 - math.comb(tries - passed, k) / math.comb(tries, k)


def program(text: str) -> str:
    """The code in an answer: what stands in its first fence of back-ticks, else all of it."""
    found = _FENCED.search(text)
    return found[1] if found else text


def run_predictions(predictions: Sequence[Prediction], limits: Limits) -> list[Outcome]:
    """Run the code of every line with its tests, or with its reference where it has none; as many
    at a time as there are cores. Raises NoSandbox before any of it where there is no wall."""
    check_sandbox()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        running = [
            threads.submit(run_code, program(one.prediction), _tests(one), limits)
            for one in predictions
        ]
        return [one.result() for one in running]


def code_scores(
    predictions: Sequence[Prediction], outcomes: Sequence[Outcome], ks: Sequence[int] = USUAL
) -> CodeScores:
    """pass@k per system, and every system against the first one on the ids that both have."""
    tasks = _tasks(predictions, outcomes)
    values: dict[int, dict[str, Estimate]] = {}
    differences = []
    for k in sorted(set(ks)):
        able = {s: own for s, own in tasks.items() if min(task.tries for task in own) >= k}
        if able:
            values[k] = {system: _estimate(own, k) for system, own in able.items()}
            differences += _differences(able, k)
    failures: dict[str, Counter[str]] = {system: Counter() for system in tasks}
    for one, outcome in zip(predictions, outcomes, strict=True):
        if not outcome.passed:
            failures[one.system][outcome.reason.split(":")[0]] += 1
    return CodeScores(outcomes, tasks, values, differences, failures)


def _tests(one: Prediction) -> str:
    tests = one.reference if one.tests is None else one.tests
    if not tests.strip():
        raise InvalidInput(f"Line {one.line} has no tests. Give assertions in “tests”.")
    return tests


def _tasks(predictions: Sequence[Prediction], outcomes: Sequence[Outcome]) -> dict[str, list[Task]]:
    tries: dict[tuple[str, str], list[bool]] = {}
    groups: dict[tuple[str, str], str] = {}
    for one, outcome in zip(predictions, outcomes, strict=True):
        key = one.system, one.id
        tries.setdefault(key, []).append(outcome.passed)
        groups.setdefault(key, one.group)
    found: dict[str, list[Task]] = {}
    for key, own in tries.items():
        found.setdefault(key[0], []).append(Task(*key, groups[key], len(own), sum(own)))
    return found


def _values(tasks: Sequence[Task], k: int) -> list[float]:
    return [pass_at_k(task.tries, task.passed, k) for task in tasks]


def _estimate(tasks: Sequence[Task], k: int) -> Estimate:
    values, groups = _values(tasks, k), [task.group for task in tasks]
    if all(task.tries == k for task in tasks):
        return clustered_proportion([value == 1 for value in values], groups)
    return clustered_mean(values, groups, np.random.default_rng(SEED), bounds=(0.0, 1.0))


def _differences(tasks: Mapping[str, Sequence[Task]], k: int) -> list[Difference]:
    every = [task for own in tasks.values() for task in own]
    place = {(task.system, task.id): index for index, task in enumerate(every)}
    first, *others = tasks
    found = []
    for other in others:
        lines = [
            (place[first, task.id], place[other, task.id])
            for task in tasks[first]
            if (other, task.id) in place
        ]
        if lines:
            groups = joined([(every[a].group, every[b].group) for a, b in lines])
            pair = Pairing(first, other, lines, groups)
            found.append(difference(f"pass@{k}", pair, _values(every, k)))
    return found
