"""Confidence of answers and perplexity of references, against a slow recomputation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from core.gpu import training
from core.gpu.decoding import answer_batch, stop_tokens
from core.gpu.models import LoadedModel, load_model
from core.gpu.prompting import prompt_tokens
from core.jobs.context import JobContext
from core.jobs.events import EventLog
from core.prompts import PromptTemplate, chat_prompt
from core.tuning.generation_config import GenerationConfig
from tests.gpu.test_generation import QUESTIONS, SYSTEMS, a_job, generate
from tests.tiny_model import a_run, a_training, make_tiny_model, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Position ids are not supported:UserWarning"),
]

PROMPT = PromptTemplate().prompt
METHODS = {"lora": 0.02, "prompt_tuning": 0.1, "prefix_tuning": 0.1}
BOTH = [SYSTEMS[0], SYSTEMS[2]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny", max_positions=512)
    for method, rate in METHODS.items():
        spec = a_run("models/tiny", method=method, learning_rate=rate, num_train_epochs=1.0)
        training.run(JobContext(a_training(workspace / "runs" / method, spec)))
    return workspace


@pytest.fixture(scope="module")
def base(home: Path) -> LoadedModel:
    return load_model("models/tiny", home)


def plain_model(home: Path, method: str | None) -> Any:
    """Loaded without this code: the base alone, or with a method's adapter."""
    alone = AutoModelForCausalLM.from_pretrained(home / "models" / "tiny", dtype=torch.float32)
    if method is None:
        return alone.eval()
    return PeftModel.from_pretrained(alone, str(home / "runs" / method / "final")).eval()


def slow_likelihoods(model: Any, prompt: Sequence[int], said: Sequence[int]) -> list[float]:
    """The log-probability of each token of `said`, one whole forward pass for each, no cache."""
    found = []
    for k, token in enumerate(said):
        ids = torch.tensor([[*prompt, *said[:k]]])
        with torch.inference_mode():
            found.append(float(model(input_ids=ids).logits[0, -1].float().log_softmax(-1)[token]))
    return found


def greedy(model: Any, prompt: Sequence[int], count: int) -> list[int]:
    ids = list(prompt)
    for _ in range(count):
        with torch.inference_mode():
            ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(prompt) :]


def asked(base: LoadedModel, rows: Sequence[dict[str, str]] = QUESTIONS) -> list[list[int]]:
    texts = [PROMPT.render(row["instruction"], row["input"]) for row in rows]
    return prompt_tokens(base.tokenizer, PROMPT, texts)


@pytest.mark.parametrize("method", METHODS)
def test_confidence_and_reference_loss_are_those_of_a_slow_recomputation(
    home: Path, base: LoadedModel, method: str
) -> None:
    adapter = f"runs/{method}/final"
    folder = a_job(home, method, adapter=adapter, systems=BOTH, reference_perplexity=True)
    blank = QUESTIONS[2]["example_id"]
    write_rows(
        folder.data / "examples.parquet",
        [{**row, "output": " " if row["example_id"] == blank else row["output"]}
         for row in QUESTIONS],
    )  # fmt: skip
    rows = generate(folder)
    for system_id, slow in (
        ("s-base", plain_model(home, None)),
        ("s-tuned", plain_model(home, method)),
    ):
        for question, prompt in list(zip(QUESTIONS, asked(base), strict=True))[:3]:
            row = rows[system_id, question["example_id"]]
            said = greedy(slow, prompt, row["new_tokens"])
            wanted = slow_likelihoods(slow, prompt, said)
            assert row["confidence"] == pytest.approx(sum(wanted) / len(wanted), abs=1e-4)
            if question["example_id"] == blank:
                assert row["reference_loss"] is None
                continue
            plain = base.tokenizer(question["output"], add_special_tokens=False)["input_ids"]
            reference = [*plain, base.tokenizer.eos_token_id]
            lost = slow_likelihoods(slow, prompt, reference)
            assert row["reference_loss"] == pytest.approx(-sum(lost) / len(lost), abs=1e-4)
    key = QUESTIONS[0]["example_id"]
    assert rows["s-base", key]["reference_loss"] != rows["s-tuned", key]["reference_loss"]


class Watched:
    """A model whose generated token ids are kept."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.new: list[list[int]] = []

    def generate(self, **how: Any) -> Any:
        output = self.model.generate(**how)
        self.new = output[:, how["input_ids"].shape[1] :].tolist()
        return output


def test_sampled_tokens_have_the_likelihood_that_they_have_at_temperature_1(
    base: LoadedModel,
) -> None:
    watched, prompts = Watched(base.model), asked(base)
    config = GenerationConfig(max_new_tokens=12, temperature=2.5)
    stops = stop_tokens(base, PROMPT)
    answers = answer_batch(watched, base, prompts, config, stops, (), chance="")
    for prompt, new, answer in zip(prompts, watched.new, answers, strict=True):
        own = slow_likelihoods(base.model, prompt, new[: answer.new_tokens])
        assert answer.confidence == pytest.approx(sum(own) / len(own), abs=1e-4)


def test_what_a_stop_string_cuts_from_the_text_counts_in_the_mean(base: LoadedModel) -> None:
    prompt = asked(base)[0]
    said = greedy(base.model, prompt, 24)
    stop = base.tokenizer.decode(said[6:9])
    (answer,) = answer_batch(
        base.model, base, [prompt], GenerationConfig(max_new_tokens=24), stop_tokens(base, PROMPT),
        (stop,), chance="",
    )  # fmt: skip
    assert answer.finish == "stop_string"
    assert answer.cut.startswith(stop)
    own = slow_likelihoods(base.model, prompt, said[: answer.new_tokens])
    assert answer.confidence == pytest.approx(sum(own) / len(own), abs=1e-4)
    kept = len(base.tokenizer(answer.text, add_special_tokens=False)["input_ids"])
    assert kept < answer.new_tokens


def test_an_answer_of_no_tokens_has_no_confidence_and_one_of_a_stop_has(
    base: LoadedModel,
) -> None:
    prompt = asked(base)[0]
    first = greedy(base.model, prompt, 1)
    config = GenerationConfig(max_new_tokens=24)
    (answer,) = answer_batch(base.model, base, [prompt], config, first, (), chance="")
    assert (answer.text, answer.new_tokens) == ("", 1)
    assert answer.confidence == pytest.approx(
        slow_likelihoods(base.model, prompt, first)[0], abs=1e-4
    )


# A template that cuts what an assistant thought, as that of Qwen 3 does.
THOUGHTLESS = (
    "{% for m in messages %}{{ m.role }}: {{ m.content.split('</think>')[-1] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def test_a_reference_that_cannot_be_measured_is_told_and_keeps_nothing_from_an_answer(
    home: Path, base: LoadedModel
) -> None:
    changed, long, plain = (row["example_id"] for row in QUESTIONS[:3])
    outputs = {changed: "<think>Hm.</think>Yes.", long: "yes " * 600}
    folder = a_job(
        home, "thinking", adapter=None, systems=SYSTEMS[:1], reference_perplexity=True,
        prompt=chat_prompt(THOUGHTLESS, {}, ("user:",), "").to_json(),
    )  # fmt: skip
    write_rows(
        folder.data / "examples.parquet",
        [{**row, "output": outputs.get(row["example_id"], row["output"])} for row in QUESTIONS],
    )
    rows = generate(folder)
    losses = {example: row["reference_loss"] for (_, example), row in rows.items()}
    assert losses[changed] is losses[long] is None
    assert all(row["new_tokens"] for row in rows.values())
    assert losses[plain] > 0
    told = (folder.path / "events.jsonl").read_text(encoding="utf-8")
    assert "2 references without a perplexity" in told


def test_answers_kept_by_an_earlier_version_go_on_without_confidence(home: Path) -> None:
    folder = a_job(home, "older", adapter=None, systems=SYSTEMS[:1])
    rows = generate(folder)
    older = a_job(home, "older again", adapter=None, systems=SYSTEMS[:1])
    older.checkpoints.mkdir()
    longest = sorted(rows.values(), key=lambda row: -row["prompt_tokens"])[:4]
    later = ("confidence", "reference_loss")
    kept = [{k: v for k, v in row.items() if k not in later} for row in longest]
    EventLog(older.checkpoints / "answers.jsonl").append("answers", rows=kept)
    again = generate(older)
    there = {(row["system_id"], row["example_id"]) for row in kept}
    for key, row in again.items():
        assert row["text"] == rows[key]["text"]
        assert row["confidence"] == (None if key in there else rows[key]["confidence"])
        assert row["reference_loss"] is None
