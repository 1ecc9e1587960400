"""The curves of a run: over every report, thinned for drawing, with a true headline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.clock import now
from core.jobs.job import Job
from core.tuning.curves import Curves
from core.tuning.outcome import headline, learning_warnings
from pages.components import charts, page
from storage.store import Store
from tests.builders import a_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    opened.jobs.add(
        Job(
            job_id="job",
            kind="train",
            project_id="prj",
            subject_id="run",
            title="Train",
            folder="runs/run",
            device="accelerator",
            created_by="ada",
            created_at=now(),
        )
    )
    yield opened
    opened.close()


def reported(store: Store, events: list[dict[str, Any]]) -> None:
    numbered = [{"seq": seq, "time": 0.0, **event} for seq, event in enumerate(events)]
    store.transact(lambda: store.jobs.append_events("job", numbered, 1))


def a_log(step: int, loss: float) -> dict[str, Any]:
    return {
        "kind": "log",
        "step": step,
        "loss": loss,
        "learning_rate": 0.1,
        "tokens_per_second": 9.0,
    }


def test_the_best_loss_is_over_all_reports_and_a_thinned_list_says_so(store: Store) -> None:
    events: list[dict[str, Any]] = [{"kind": "eval", "step": 0, "loss": 3.0}]
    for step in range(1, 6001):
        loss = 0.25 if step == 7 else 1 + step / 6000
        events += [a_log(step, 2.0), {"kind": "eval", "step": step, "loss": loss}]
    reported(store, events)
    curves = store.runs.curves("job")
    assert curves.best == (7, 0.25)
    assert (curves.initial, curves.last) == (3.0, (6000, 2.0))
    assert (curves.logged, curves.evaluated, curves.thinned) == (6000, 6001, True)
    assert len(curves.loss) <= 1300
    assert curves.loss[-1][0] == 6000
    assert curves.speed == 9.0


def test_a_resumed_run_repeats_steps_and_its_later_report_holds(store: Store) -> None:
    reported(store, [a_log(1, 2.0), a_log(2, 1.9), a_log(2, 1.5), a_log(3, 1.0)])
    curves = store.runs.curves("job")
    assert curves.loss == [(1, 2.0), (2, 1.5), (3, 1.0)]
    assert not curves.thinned
    assert (curves.best, curves.last, curves.initial) == (None, None, None)


def test_a_job_without_reports_has_empty_curves(store: Store) -> None:
    assert store.runs.curves("job") == Curves([], [], [])


def losses(*values: float) -> Curves:
    points = list(enumerate(values))
    best = min(points[1:], key=lambda point: point[1])
    return Curves([(1, 1.0)], points, [], initial=values[0], best=best)


def test_the_headline_never_calls_a_loss_that_rose_the_lowest() -> None:
    assert headline(losses(3.0, 2.0, 1.0)) == "Validation loss 1.000 at step 2, the lowest so far"
    assert headline(losses(3.0, 1.0, 2.0)).endswith(
        "lowest was 1.000 at step 1: overfitting since then"
    )
    assert headline(losses(3.0, 9.0)).endswith("to 9.000 at step 1: the model is not learning")
    assert headline(losses(3.0, 2.0, 9.0)).endswith("it was lowest, 2.000, at step 1")
    assert headline(Curves([(4, 0.5)], [], [])) == "Training loss 0.500 at step 4"


def test_a_run_that_did_not_learn_is_warned_of() -> None:
    assert learning_warnings(3.0, 1.0, 2.0, 0.1) == []
    assert learning_warnings(None, 1.0, 2.0, 0.1) == []
    assert "did not learn" in learning_warnings(3.0, 3.5, 4.0, 0.9)[0]
    assert "Lower the learning rate (it was 0.9)" in learning_warnings(3.0, 3.5, 4.0, 0.9)[0]
    assert "raise the learning rate (it was 1e-09)" in learning_warnings(3.0, 3.0, 3.0, 1e-9)[0]
    assert "Lower" in learning_warnings(3.0, 3.001, 3.4, 0.9)[0]
    prompt = learning_warnings(3.0, 3.2, 3.2, 0.03, learned_prompt=True)[0]
    assert "Train longer, or with another learning rate (it was 0.03)" in prompt
    assert "diverged" in learning_warnings(3.0, 1.0, 4.0, 0.9)[0]


def test_a_log_axis_has_few_ticks_however_far_the_loss_falls() -> None:
    plotly = pytest.importorskip("plotly.graph_objects")
    for values, most in (([4.5, 0.06, 0.0], 13), ([8.8, 4.4], 18), ([9.0, 1e-6], 10)):
        fig = plotly.Figure()
        charts.log_axis(fig, values)
        ticks = fig.layout.yaxis.tickvals
        assert fig.layout.yaxis.type == "log"
        assert 3 <= len(ticks) <= most
        assert min(ticks) <= min(v for v in values if v) <= max(values) <= max(ticks)


def test_less_than_a_second_is_not_no_time() -> None:
    written = [page.duration(one) for one in (None, 0, 0.02, 0.42, 0.96, 41, 200)]
    assert written == ["—", "0 s", "0.1 s", "0.4 s", "1 s", "41 s", "3 min"]


def test_lines_without_a_label_are_named_in_the_legend() -> None:
    plotly = pytest.importorskip("plotly.graph_objects")
    fig = plotly.Figure()
    charts.lines(fig, [0, 9], [2.0, 1.0], name="short <run>", markers=True, label="")
    charts.legend(fig)
    (line,) = fig.data
    assert (line.mode, line.name) == ("lines+markers", "short &lt;run&gt;")
    assert fig.layout.showlegend


def test_answers_of_the_first_and_the_last_evaluation_are_kept_with_all_scores(
    store: Store,
) -> None:
    assert store.runs.sampled_answers("job") is None

    def asked(step: int, answer: str) -> dict[str, Any]:
        texts = {"instruction": "Say it.", "input": "", "reference": "It.", "answer": answer}
        answers = [{"example_id": "e1", **texts}]
        return {
            "kind": "samples",
            "step": step,
            "rouge_l": step / 10,
            "token_f1": 0.5,
            "answers": answers,
        }

    # Step 5 twice: the run was killed behind it and went on from an earlier checkpoint.
    reported(store, [asked(0, "base"), asked(5, "lost"), asked(5, "again"), asked(9, "tuned")])
    known = store.runs.sampled_answers("job")
    assert known is not None
    assert known.scores == [(0, 0.0, 0.5), (5, 0.5, 0.5), (9, 0.9, 0.5)]
    assert (known.first[0]["answer"], known.last[0]["answer"]) == ("base", "tuned")
    assert known.step == 9


def test_the_best_step_is_marked_once_the_loss_rises_behind_it() -> None:
    assert losses(3.0, 1.0, 2.0).turned
    assert not losses(3.0, 2.0, 1.0).turned
