"""Generation with a real tiny model and a really trained adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM

from core.gpu import generation, training
from core.gpu.adapters import MissingAdapter
from core.gpu.decoding import batches_of
from core.gpu.generation import InvalidGeneration
from core.gpu.models import ChangedModel, load_model
from core.jobs.context import JobContext, JobStopped
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.jobs.local import launch
from core.prompts import PromptTemplate
from core.study.system import Speed
from core.tuning.generation_config import GenerationConfig
from tests.odd_jobs import wait_for_end
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

SYSTEMS = [
    {"system_id": "s-base", "kind": "base"},
    {"system_id": "s-prompted", "kind": "prompted"},
    {"system_id": "s-tuned", "kind": "tuned"},
]
QUESTIONS = some_rows(7, seed=5)
Rows = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with models/tiny and the completed run runs/r1."""
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny", max_positions=512)
    spec = a_run("models/tiny", num_train_epochs=6.0, learning_rate=0.02)
    training.run(JobContext(a_training(workspace / "runs" / "r1", spec)))
    return workspace


def a_job(home: Path, name: str, **changes: Any) -> JobFolder:
    config = GenerationConfig(max_new_tokens=24, batch_size=4, shots=2)
    examples = changes.pop("examples", QUESTIONS)
    spec = {
        "kind": "generate",
        "base_model": "models/tiny",
        "adapter": "runs/r1/final",
        "prompt": PromptTemplate().prompt.to_json(),
        "config": config.to_json(),
        "shots": some_rows(2, seed=9),
        "systems": SYSTEMS,
        **changes,
    }
    folder = JobFolder.create(home / "generations" / name, spec)
    kept = ("example_id", "instruction", "input")
    rows = [
        {k: row[k] for k in kept} | {"revision_id": f"r-{row['example_id']}"} for row in examples
    ]
    write_rows(folder.data / "examples.parquet", rows)
    return folder


def answers_of(folder: JobFolder) -> Rows:
    rows = pq.read_table(folder.final / "answers.parquet").to_pylist()
    return {(row["system_id"], row["example_id"]): row for row in rows}


def generate(folder: JobFolder) -> Rows:
    generation.run(JobContext(folder))
    return answers_of(folder)


def texts(rows: Rows, system_id: str) -> list[str]:
    return [row["text"] for (system, _), row in rows.items() if system == system_id]


@pytest.fixture(scope="module")
def answered(home: Path) -> JobFolder:
    """The answers of all three systems, made by a worker."""
    folder = a_job(home, "by-a-worker")
    launch(folder)
    assert wait_for_end(folder).status == "completed", folder.log_file.read_text()
    return folder


def test_a_worker_answers_for_three_systems_in_the_order_asked(answered: JobFolder) -> None:
    rows = answers_of(answered)
    ids = [row["example_id"] for row in QUESTIONS]
    assert list(rows) == [(s["system_id"], i) for s in SYSTEMS for i in ids]
    assert all(row["finish"] in ("stop", "stop_string", "length") for row in rows.values())
    assert all(row["revision_id"] == f"r-{example}" for (_, example), row in rows.items())
    assert all(0 < row["new_tokens"] <= 24 and row["seconds"] > 0 for row in rows.values())
    for example in ids:
        base, prompted = rows["s-base", example], rows["s-prompted", example]
        assert prompted["prompt_tokens"] > 2 * base["prompt_tokens"]
        assert rows["s-tuned", example]["prompt_tokens"] == base["prompt_tokens"]
    summary = json.loads((answered.final / "summary.json").read_text())
    assert summary["answers"] == 21
    assert summary["systems"]["s-tuned"]["answers"] == 7
    assert summary["tokens_per_second"] > 0
    # Seven answers in batches of four: two batches, whose answers share their time.
    speed = Speed.of(summary["systems"]["s-tuned"])
    assert speed
    assert speed.low is not None
    assert speed.high is not None
    assert 0 <= speed.low <= speed.seconds_per_answer <= speed.high
    assert len(summary["base_model_hash"]) == len(summary["adapter_hash"]) == 64
    assert answered.read_state().step == answered.read_state().total == 21


def test_the_tuned_model_learned_to_answer_in_form_and_to_stop(answered: JobFolder) -> None:
    rows = answers_of(answered)
    assert all(text.startswith("name: ") for text in texts(rows, "s-tuned"))
    assert not any(text.startswith("name: ") for text in texts(rows, "s-base"))
    assert {r["finish"] for (s, _), r in rows.items() if s == "s-tuned"} == {"stop"}
    assert texts(rows, "s-prompted") != texts(rows, "s-base")


def test_the_base_beside_an_adapter_answers_as_a_base_that_never_saw_one(
    home: Path, answered: JobFolder
) -> None:
    alone = generate(a_job(home, "alone", adapter=None, systems=SYSTEMS[:2]))
    beside = answers_of(answered)
    assert len(alone) == 14
    for key, row in alone.items():
        assert row["text"] == beside[key]["text"]
        assert row["new_tokens"] == beside[key]["new_tokens"]


def test_an_answer_in_a_batch_is_the_models_own_greedy_answer(
    home: Path, answered: JobFolder
) -> None:
    base = load_model("models/tiny", home)
    fresh = AutoModelForCausalLM.from_pretrained(home / "models" / "tiny", dtype=torch.float32)
    rows = answers_of(answered)
    assert len({rows["s-base", q["example_id"]]["prompt_tokens"] for q in QUESTIONS}) > 1
    for question in QUESTIONS:
        prompt = PromptTemplate().render(question["instruction"], question["input"])
        ids = base.tokenizer(prompt)["input_ids"]
        # One token at a time, without padding, cache or generate().
        for _ in range(24):
            with torch.inference_mode():
                ids.append(int(fresh(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] == base.tokenizer.eos_token_id:
                break
        row = rows["s-base", question["example_id"]]
        new = ids[row["prompt_tokens"] :]
        assert row["new_tokens"] == len(new)
        assert row["text"] == base.tokenizer.decode(new, skip_special_tokens=True).rstrip()


def test_a_prompt_that_fills_the_context_is_not_asked_and_said_so(home: Path) -> None:
    long = {**QUESTIONS[0], "example_id": "long", "input": "Ada lives in Oslo. " * 400}
    close = {**QUESTIONS[0], "example_id": "close", "input": "Ada lives in Oslo. " * 1}
    tokenizer = load_model("models/tiny", home).tokenizer
    while True:
        grown = close["input"] + "Ada "
        prompt = PromptTemplate().render(close["instruction"], grown)
        if len(tokenizer(prompt)["input_ids"]) > 512 - 6:
            break
        close["input"] = grown
    folder = a_job(home, "long", examples=[*QUESTIONS[:2], long, close], systems=SYSTEMS[:1])
    rows = generate(folder)
    skipped = rows["s-base", "long"]
    assert (skipped["text"], skipped["finish"], skipped["new_tokens"]) == ("", "too_long", 0)
    assert (skipped["confidence"], skipped["reference_loss"]) == (None, None)
    assert skipped["prompt_tokens"] > 512
    edge = rows["s-base", "close"]
    assert edge["prompt_tokens"] + edge["new_tokens"] <= 512
    assert edge["finish"] in ("length", "stop")
    notes = [e["text"] for e in read_events(folder.events_file)[0] if e["kind"] == "note"]
    assert any("long" in note and "512 tokens" in note for note in notes)


def test_a_stopped_generation_keeps_its_answers_and_goes_on(
    home: Path, answered: JobFolder
) -> None:
    folder = a_job(home, "stopped")

    class StopsAfterTwoBatches(JobContext):
        looked = 0

        def should_stop(self) -> bool:
            self.looked += 1
            return self.looked > 2

    with pytest.raises(JobStopped):
        generation.run(StopsAfterTwoBatches(folder))
    assert not folder.final.exists()
    kept, _ = read_events(folder.checkpoints / "answers.jsonl")
    assert [len(event["rows"]) for event in kept] == [4, 3]
    with (folder.checkpoints / "answers.jsonl").open("a") as file:
        file.write('{"seq": 2, "kind": "answers", "rows": [{"sys')
    rows = generate(folder)
    assert {k: (r["text"], r["confidence"]) for k, r in rows.items()} == {
        k: (r["text"], r["confidence"]) for k, r in answers_of(answered).items()
    }
    kept, _ = read_events(folder.checkpoints / "answers.jsonl")
    assert [event["seq"] for event in kept] == list(range(6))


def test_sampled_answers_follow_the_seed(home: Path) -> None:
    def sampled(name: str, seed: int) -> list[str]:
        config = GenerationConfig(16, temperature=1.0, batch_size=4, seed=seed).to_json()
        return texts(generate(a_job(home, name, config=config, systems=SYSTEMS[:1])), "s-base")

    first = sampled("sampled-1", seed=1)
    torch.manual_seed(99)
    assert sampled("sampled-2", seed=1) == first
    assert sampled("sampled-3", seed=2) != first


def test_systems_that_do_not_fit_the_job_are_refused(home: Path) -> None:
    for name, changes, error, sentence in (
        ("a", {"adapter": None}, InvalidGeneration, "tuned system needs an adapter"),
        ("b", {"shots": []}, InvalidGeneration, "needs worked examples"),
        ("c", {"systems": []}, InvalidGeneration, "at least one system"),
        ("d", {"systems": SYSTEMS[:1] * 2}, InvalidGeneration, "only once"),
        ("e", {"systems": [{"system_id": "x", "kind": "best"}]}, InvalidGeneration, "best"),
        ("f", {"adapter": "runs/r2/final"}, MissingAdapter, "no adapter in .*runs/r2"),
        ("g", {"base_model_hash": "0" * 64}, ChangedModel, "not those"),
    ):
        folder = a_job(home, f"refused-{name}", **changes)
        with pytest.raises(error, match=sentence):
            generation.run(JobContext(folder))


def test_an_adapter_of_another_base_is_refused(home: Path) -> None:
    make_tiny_model(home / "models" / "other", seed=1, max_positions=512)
    folder = a_job(home, "other-base", base_model="models/other")
    with pytest.raises(ChangedModel, match="not those that this was made for"):
        generation.run(JobContext(folder))


def test_an_empty_split_gives_an_empty_result(home: Path) -> None:
    folder = a_job(home, "empty", examples=QUESTIONS[:1])
    table = pq.read_table(folder.data / "examples.parquet").slice(0, 0)
    pq.write_table(table, folder.data / "examples.parquet")
    assert generate(folder) == {}


def test_batches_are_longest_first_and_tight_prompts_stand_alone() -> None:
    config = GenerationConfig(max_new_tokens=10, batch_size=2)
    lengths = [5, 95, 30, 100, 20, 91, 7]
    assert batches_of(lengths, config, 100) == [[1], [5], [2, 4], [6, 0]]
    assert batches_of(lengths, config, None) == [[3, 1], [5, 2], [4, 6], [0]]
