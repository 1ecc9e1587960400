"""The risk stratum: what is risky, that it is drawn with certainty, and that it biases nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.study.draw_job import DrawSpec, drawn_pairs
from core.study.risk import (
    RISK,
    SIGNALS,
    OutputRisk,
    known_signals,
    output_risk,
    riskiest,
    weighted_net,
)
from core.study.verdicts import Verdict

REFERENCES = ["the red apple fell"] * 4
TEXTS = [
    ("the red apple fell", "the red apple fell"),
    ("the red apple fell", "no idea at all"),
    ("the red apple fell", "the red apple fell " * 9),
    ("the red apple fell", "a"),
]


def test_outputs_on_which_the_systems_differ_are_risky() -> None:
    scores = output_risk(REFERENCES, TEXTS).scores
    assert scores.min() == scores[0]
    assert riskiest(scores, 2) == [3, 1]
    assert riskiest(scores, 9) == [3, 1, 2, 0]
    assert ((scores >= 0) & (scores <= 1)).all()


def test_of_several_candidates_the_one_that_differs_most_counts() -> None:
    three = [(base, base, candidate) for base, candidate in TEXTS]
    scores = output_risk(REFERENCES, three).scores
    assert scores.tolist() == output_risk(REFERENCES, TEXTS).scores.tolist()


def test_equal_outputs_are_equally_risky_and_the_first_is_taken() -> None:
    scores = output_risk(["x"] * 3, [("x", "x")] * 3).scores
    assert scores.tolist() == [0.5, 0.5, 0.5]
    assert riskiest(scores, 1) == [0]


ALIKE = [("x", "x")] * 10
SURE = [[-0.1 - k / 100, -0.2] for k in range(10)]


def risk_of(
    confidences: Sequence[Sequence[float | None]] = (), findings: Sequence[int | None] = ()
) -> OutputRisk:
    """Of ten outputs that differ in nothing else."""
    return output_risk(["x"] * 10, ALIKE, confidences, findings)


def test_an_answer_of_low_confidence_is_risky_whichever_system_gave_it() -> None:
    found = risk_of([*SURE[:4], [-9.0, -0.2], [-0.1, -9.0], *SURE[6:]])
    assert sorted(riskiest(found.scores, 2)) == [4, 5]
    assert found.reasons(4)[0] == found.reasons(5)[0] == "confidence"


def test_a_system_that_is_never_sure_makes_no_output_riskier_than_another() -> None:
    unsure = [[-0.1 - k / 100, -9.0] for k in range(10)]
    assert risk_of(unsure).scores.tolist() == risk_of(SURE).scores.tolist()


def test_an_example_with_findings_of_high_severity_is_risky_and_says_so() -> None:
    found = risk_of([[-0.1, -0.2]] * 10, [0, 0, 0, 3, 0, 0, 0, 0, 0, 0])
    assert riskiest(found.scores, 1) == [3]
    assert found.reasons(3) == ("findings",)
    assert tuple(found.ranks) == known_signals(SURE, [0]) == tuple(SIGNALS)


def test_what_is_known_of_no_output_has_no_part_and_changes_no_stratum() -> None:
    plain = output_risk(REFERENCES, TEXTS)
    for confidences, findings in (
        ([(None, None)] * 4, [None] * 4),
        ((), ()),
    ):
        found = output_risk(REFERENCES, TEXTS, confidences, findings)
        assert tuple(found.ranks) == known_signals(confidences, findings) == ("metrics", "length")
        assert found.scores.tolist() == plain.scores.tolist()
    checked = output_risk(REFERENCES, TEXTS, (), [0] * 4)  # a check that found nothing
    assert riskiest(checked.scores, 4) == riskiest(plain.scores, 4)
    assert [checked.reasons(k) for k in (3, 1)] == [plain.reasons(k) for k in (3, 1)]


def test_an_output_of_which_a_signal_is_not_known_is_neither_riskier_nor_safer_for_it() -> None:
    found = risk_of(findings=[None, 0, 0, 0, 0, 0, 0, 0, 2, 2])
    assert found.ranks["findings"][0] == 0.5
    assert found.ranks["findings"][1] < 0.5 < found.ranks["findings"][9]
    imported = risk_of([[None, -0.1 * k] for k in range(10)])
    assert riskiest(imported.scores, 1) == [9]


def test_an_output_whose_answers_have_no_confidence_stands_in_the_middle_of_the_others() -> None:
    found = risk_of([*[(None, None)] * 2, *[(-0.1 * k, -0.2 * (7 - k)) for k in range(8)]])
    assert found.ranks["confidence"][:2].tolist() == [0.5, 0.5]
    assert sum(found.ranks["confidence"] < 0.5) == sum(found.ranks["confidence"] > 0.5) == 4


def test_no_reason_is_named_for_what_is_not_known_or_the_same_of_all() -> None:
    same = risk_of([[-0.1, -0.2]] * 10, [0] * 10)
    assert [same.reasons(k) for k in range(10)] == [()] * 10
    one = risk_of([(None, None), *[(-0.1 * k, -0.2 * k) for k in range(9)]], [0] * 10)
    assert one.reasons(0) == ()
    texts = [("a b", "a b c"), *[("a b", "a b " + "d " * k) for k in range(2, 11)]]
    least = output_risk(["a b"] * 10, texts, (), [None, *[0] * 8, 1])
    assert "findings" not in least.reasons(0)


def drawn(seed: int, risk: int, candidates: int = 1) -> list[dict[str, Any]]:
    """The pairs of a study of twelve of sixty outputs, of which every fifth differs much."""
    texts = [
        ["It is so."] + ["It is so, and more besides." if k % 5 == 0 else "It is so!"] * candidates
        for k in range(60)
    ]
    table = pa.table(
        {
            "example_id": [f"ex_{k}" for k in range(60)],
            "revision_id": [f"rev_{k}" for k in range(60)],
            "position": range(60),
            "reference": ["It is so."] * 60,
            "texts": texts,
        }
    )
    systems = tuple(f"sys_{k}" for k in range(1 + candidates))
    spec = DrawSpec("stu", systems, 12, 0.5, seed, (), "", plan={"risk": risk}, risk=risk)
    return drawn_pairs(table, spec)


@pytest.mark.parametrize("candidates", [1, 2])
def test_each_of_the_riskiest_is_rated_with_certainty_and_the_sample_stays_as_it_was(
    candidates: int,
) -> None:
    without, pairs = drawn(4, 0, candidates), drawn(4, 12, candidates)
    sample, beside = pairs[: len(without)], pairs[len(without) :]
    same = ("pair_id", "example_id", "system_b", "stratum")
    assert [[p[n] for n in same] for p in sample] == [[p[n] for n in same] for p in without]
    assert {p["stratum"] for p in beside} == {RISK}
    risky = {f"ex_{k}" for k in range(0, 60, 5)}
    assert risky <= {p["example_id"] for p in pairs}
    assert {p["example_id"] for p in beside} <= risky
    for pair in pairs:
        assert pair["inclusion_probability"] == (1.0 if pair["example_id"] in risky else 0.2)
        assert (pair["risk_reasons"] is not None) == (pair["example_id"] in risky)
    assert len({(p["example_id"], p["system_b"]) for p in pairs}) == len(pairs)


def test_the_weighted_estimate_is_that_of_all_outputs_whatever_the_riskiest_say() -> None:
    chance = np.random.default_rng(1)
    lost = np.where(np.arange(60) % 5 == 0, 0.9, 0.3)
    said: list[Verdict] = ["baseline" if x else "candidate" for x in chance.random(60) < lost]
    truth = 1 - 2 * sum(one == "baseline" for one in said) / 60
    nets, covered, unweighted = [], 0, []
    for seed in range(120):
        pairs = drawn(seed, 12)
        own = [said[int(p["example_id"][3:])] for p in pairs]
        net = weighted_net(own, [p["inclusion_probability"] for p in pairs])
        assert net.value is not None
        assert net.low is not None
        assert net.high is not None
        nets.append(net.value)
        covered += net.low <= truth <= net.high
        unweighted.append(1 - 2 * own.count("baseline") / len(own))
    assert np.mean(nets) == pytest.approx(truth, abs=0.05)
    assert covered >= 110
    assert abs(np.mean(unweighted) - truth) > 0.2
