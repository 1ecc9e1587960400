"""The release gate: each criterion passed, failed and not known; what a reason may excuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.decision.decision import refuse_unreasoned
from core.decision.gate import GateEvidence, GatePlan, gate, is_open
from core.errors import InvalidInput
from core.statistics.estimates import Estimate, undefined


def an_estimate(value: float, low: float, high: float, n: int = 60) -> Estimate:
    return Estimate(value, low, high, n, "test")


GOOD = GateEvidence(
    reviewed=30,
    counted_from=252,
    net=an_estimate(0.4, 0.1, 0.6),
    withheld="",
    blind=True,
    enough=True,
    guessed=False,
    blind_reason="",
    metric_label="token F1",
    baseline_mean=0.40,
    metric_difference=an_estimate(0.10, 0.05, 0.15),
    criteria={"relevance": an_estimate(0.2, -0.1, 0.5), "bias": an_estimate(0.0, -0.2, 0.2)},
    survives_rater=True,
    survives=True,
    agreement=an_estimate(0.7, 0.5, 0.9, 25),
    trained_unknown=(),
    probed=110,
)


def without(low: float) -> dict[str, Any]:
    """The metric's difference without suspects, with its interval from here on."""
    return {"difference_without_suspects": an_estimate(0.1, low, 0.2)}


def states(plan: GatePlan | None = None, **changes: Any) -> dict[str, str]:
    return {c.name: c.state for c in gate(plan or GatePlan(), replace(GOOD, **changes))}


def test_the_gate_opens_when_every_criterion_is_shown() -> None:
    assert set(states().values()) == {"passed"}
    assert is_open(gate(GatePlan(), GOOD))
    assert not is_open(())


@pytest.mark.parametrize(
    ("criterion", "changes", "state"),
    [
        ("reviewed", {"reviewed": 25}, "failed"),  # 9.9 %
        ("reviewed", {"reviewed": 0, "counted_from": 0}, "failed"),
        ("preferred", {"net": an_estimate(0.4, 0.0, 0.6)}, "failed"),
        ("preferred", {"net": undefined(0, "test", "No pair is judged yet.")}, "not known"),
        ("preferred", {"withheld": "not blind"}, "failed"),
        ("blind", {"blind": False, "blind_reason": "length is the task"}, "failed"),
        ("blind", {"guessed": True}, "failed"),
        ("blind", {"enough": False}, "not known"),
        ("survives", {"survives": False}, "failed"),
        ("survives", {"survives_rater": False}, "failed"),
        ("survives", {"survives_rater": None}, "not known"),
        ("survives", {"survives": None, "survives_rater": None}, "not known"),
        ("metric", {"metric_difference": an_estimate(0.05, 0.01, 0.09)}, "failed"),  # 12.5 %
        ("metric", {"metric_difference": an_estimate(0.10, -0.01, 0.2)}, "failed"),
        ("metric", {"metric_difference": None}, "not known"),
        ("criterion bias", {"criteria": {"bias": an_estimate(0.0, -0.31, 0.3)}}, "failed"),
        ("criterion bias", {"criteria": {"bias": an_estimate(0.0, -0.1, 0.1, 29)}}, "not known"),
        ("agreement", {"agreement": an_estimate(0.39, 0.2, 0.6)}, "failed"),
        ("agreement", {"agreement": undefined(0, "test", "None yet.")}, "not known"),
        ("unseen", {"trained_unknown": ("Answers from outside",)}, "not known"),
        ("contamination", {"trained_unknown": ("Answers from outside",)}, "not known"),
        ("contamination", {"unchecked": ("Demo base",)}, "not known"),
        ("contamination", {"probed": 0}, "not known"),
        ("contamination", {"suspects": 3}, "not known"),
        ("contamination", {"suspects": 3, **without(-0.01)}, "failed"),
        ("contamination", {"suspects": 3, **without(0.02)}, "passed"),
    ],
)
def test_a_criterion_stands_as_its_evidence_shows(
    criterion: str, changes: dict[str, Any], state: str
) -> None:
    assert states(**changes)[criterion] == state


def test_a_gain_over_almost_nothing_is_measured_by_the_floor() -> None:
    near_zero: dict[str, Any] = {"baseline_mean": 0.001}
    assert states(**near_zero, metric_difference=an_estimate(0.01, 0.005, 0.02))["metric"] == (
        "failed"
    )
    assert states(**near_zero, metric_difference=an_estimate(0.03, 0.005, 0.05))["metric"] == (
        "passed"
    )


@pytest.mark.parametrize(
    "wrong",
    [{"reviewed": 0.05}, {"margin": 0.0}, {"fewest": 1}, {"metric_gain": -1.0}, {"agreement": 2.0}],
)
def test_thresholds_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        GatePlan(**wrong)


def test_a_plan_comes_back_from_json_whatever_another_version_added() -> None:
    plan = GatePlan(margin=0.5)
    assert GatePlan.from_json({**plan.to_json(), "from_tomorrow": 1}) == plan


def test_releasing_against_the_gate_needs_a_reason_and_so_does_holding() -> None:
    shut = gate(GatePlan(), replace(GOOD, survives=False))
    refuse_unreasoned("release", gate(GatePlan(), GOOD), "")
    refuse_unreasoned("release", shut, "The second rater left after two pairs.")
    with pytest.raises(InvalidInput, match="Sensitivity"):
        refuse_unreasoned("release", shut, "ok")
    with pytest.raises(InvalidInput, match="held back"):
        refuse_unreasoned("hold", shut, "")
