"""core.study.comparing: what may be compared, and what differs when it may not."""

from __future__ import annotations

from typing import Any

import pytest

from core.study.comparing import Conditions, Difference, comparable, needs_reason

ASKED: dict[str, Any] = {
    "prompt_hash": "a" * 64,
    "decoding": {"temperature": 0.0, "seed": 42},
    "cap": 256,
    "precision": "bf16",
}


def asked(**changes: Any) -> Conditions:
    return Conditions.from_json(ASKED | changes)


def test_answers_that_were_asked_alike_differ_in_nothing() -> None:
    assert comparable(asked(), asked()) == []
    # A greedy answer does not depend on the seed.
    assert comparable(asked(), asked(decoding={"temperature": 0.0, "seed": 1})) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"prompt_hash": "b" * 64}, "Prompt"),
        ({"decoding": {"temperature": 0.7, "seed": 42}}, "Decoding"),
        ({"cap": 64}, "Max new tokens"),
        ({"precision": "4bit"}, "Precision"),
    ],
)
def test_each_thing_that_differs_is_named_with_both_sides(
    changes: dict[str, Any], what: str
) -> None:
    (difference,) = comparable(asked(), asked(**changes))
    assert difference.what == what
    assert difference.baseline != difference.candidate
    assert needs_reason([difference])
    assert Difference.from_json(difference.to_json()) == difference


def test_what_an_import_does_not_state_counts_as_a_difference() -> None:
    differences = comparable(asked(), Conditions())
    assert [d.what for d in differences] == ["Prompt", "Decoding", "Max new tokens", "Precision"]
    assert {d.candidate for d in differences} == {"not stated"}
    assert comparable(Conditions(), Conditions()) != []


def test_answers_of_one_job_were_asked_alike_but_for_the_worked_examples() -> None:
    one = Conditions(job_id="job_1")
    assert comparable(one, Conditions(job_id="job_1")) == []
    (shots,) = comparable(one, Conditions(job_id="job_1", shots=3))
    assert (shots.what, shots.baseline, shots.candidate) == (
        "Worked examples in the prompt", "0", "3",
    )  # fmt: skip
    # It is what a prompted base is, so it is named and needs no reason.
    assert not needs_reason([shots])
