"""Preference tuning: the loss of DPO against TRL's, and real trainings on pairs of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.gpu import objective as objectives
from core.gpu import preferring, preflight, training
from core.gpu.adapters import attach_adapter
from core.gpu.card import preference_line
from core.gpu.data import EncodedSplit, NothingToLearn, OverlongExamples
from core.gpu.loop import TrainingLoop
from core.gpu.models import load_model
from core.gpu.preferring import EncodedPair, PreferredAnswers, encode_pairs, with_reference
from core.gpu.preparing import ChangedPairs
from core.gpu.probe import probe
from core.jobs.context import JobContext, JobStopped
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.prompts import PromptTemplate
from core.tuning.methods import METHODS
from core.tuning.preferences import pairs_hash
from core.tuning.preflight import PREFERENCE_TITLES, Line, Preflight
from core.tuning.spec_parts import ObjectiveChoice
from core.tuning.weights import weights_hash
from tests.preference_builders import some_pairs
from tests.tiny_model import a_run, a_training, make_tiny_model

pytestmark = [
    # peft 0.21 asks transformers 5.23 by an older name.
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    # The batches of a learned prompt are not padded, so that nothing is lost with them.
    pytest.mark.filterwarnings("ignore:Position ids are not supported"),
]

PROMPT = PromptTemplate().prompt
# Of the five pairs below, as TRL 1.16 computed them: (beta, weight of the SFT loss) → loss, margin,
# reward of the preferred and of the rejected answers.
BY_TRL = {
    (0.1, 0.0): (0.4832746, 0.4945429, 0.1097552, -0.3847877),
    (0.5, 0.0): (0.1694032, 2.4727147, 0.5487759, -1.9239388),
    (0.1, 1.0): (7.9138384, 0.4945429, 0.1097552, -0.3847877),
}
# Per method a learning rate for the random model.
RATES = {
    "lora": 1e-3, "qlora": 1e-3, "rslora": 1e-3, "dora": 1e-3, "loha": 3e-3, "ia3": 1e-2,
    "prompt_tuning": 1e-2, "prefix_tuning": 3e-2, "full": 3e-4,
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny")
    return workspace


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def a_preference_run(home: Path, name: str, **changes: Any) -> JobFolder:
    rows = {one: changes.pop(one, None) for one in ("train", "validation")}
    settings = {"objective": "dpo", "learning_rate": 1e-3, "num_train_epochs": 4.0, **changes}
    return a_training(
        home / "runs" / name,
        a_run("models/tiny", **settings),
        some_pairs(24) if rows["train"] is None else rows["train"],
        some_pairs(8, seed=1) if rows["validation"] is None else rows["validation"],
    )


def train_here(folder: JobFolder) -> dict[str, Any]:
    training.run(JobContext(folder))
    metrics: dict[str, Any] = json.loads((folder.final / "metrics.json").read_text())
    return metrics


def reports(folder: JobFolder, kind: str) -> list[dict[str, float]]:
    """The reports of a kind without what depends on the clock, each step once."""
    names = ("step", "loss", *preferring.MEASURES)
    events = [event for event in read_events(folder.events_file)[0] if event["kind"] == kind]
    by_step = {event["step"]: {name: event[name] for name in names} for event in events}
    return [by_step[step] for step in sorted(by_step)]


def encoded(tokenizer: Any, count: int, **changes: Any) -> EncodedSplit:
    rows = [{**row, **changes} for row in some_pairs(count)]
    return encode_pairs(tokenizer, PROMPT, rows, 200, "refuse")


def with_base(home: Path, split: EncodedSplit, kept: Path, size: int = 2) -> list[Any]:
    base = load_model("models/tiny", home)
    (found,) = with_reference(base.model, base.device, [split], size, kept, lambda _: None)
    return list(found.examples)


def a_moved_model(home: Path) -> Any:
    """The tiny model, each weight a little elsewhere."""
    model = AutoModelForCausalLM.from_pretrained(home / "models" / "tiny").eval()
    chance = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=chance))
    return model


@pytest.mark.parametrize(("beta", "sft_weight"), BY_TRL)
def test_the_loss_and_the_rewards_are_those_of_trl(
    beta: float, sft_weight: float, home: Path, tmp_path: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(home / "models" / "tiny")
    pairs = with_base(home, encoded(tokenizer, 5), tmp_path / "reference.safetensors")
    objective = PreferredAnswers(ObjectiveChoice("dpo", beta, sft_weight))
    with torch.no_grad():
        found = objective.loss(a_moved_model(home), objective.collate(pairs)) / 5
    loss, margin, right, chosen, rejected = found.tolist()
    assert (loss, margin, chosen, rejected) == pytest.approx(BY_TRL[beta, sft_weight], abs=2e-5)
    assert right == 1.0


def test_a_pairs_loss_does_not_depend_on_what_it_is_padded_with(home: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(home / "models" / "tiny")
    pairs = with_base(home, encoded(tokenizer, 6), tmp_path / "reference.safetensors", size=6)
    assert len({pair.longest for pair in pairs}) > 1
    objective, model = PreferredAnswers(ObjectiveChoice("dpo")), a_moved_model(home)
    with torch.no_grad():
        together = objective.loss(model, objective.collate(pairs))
        alone = sum(objective.loss(model, objective.collate([pair])) for pair in pairs)
    torch.testing.assert_close(together, alone)


def test_the_reference_is_taken_once_and_in_whatever_portions_fit(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(home / "models" / "tiny")
    split, whole = encoded(tokenizer, 7), preferring.answer_log_probs
    expected = with_base(home, split, tmp_path / "whole.safetensors", size=7)

    def too_large(model: Any, batch: Any) -> torch.Tensor:
        if len(batch.ids) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(model, batch)

    monkeypatch.setattr(preferring, "answer_log_probs", too_large)
    cut = with_base(home, split, tmp_path / "cut.safetensors", size=7)
    for one, other in zip(expected, cut, strict=True):
        assert one.reference == pytest.approx(other.reference, rel=1e-5)

    def never(model: Any, batch: Any) -> torch.Tensor:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr(preferring, "answer_log_probs", never)
    assert with_base(home, split, tmp_path / "cut.safetensors") == cut


@pytest.mark.parametrize("method", METHODS)
def test_each_method_learns_a_preference_from_pairs_and_its_result_is_proven(
    method: str, home: Path
) -> None:
    folder = a_preference_run(home, method, method=method, learning_rate=RATES[method])
    metrics = train_here(folder)
    before, *_, after = reports(folder, "eval")
    assert after["reward_margin"] > before["reward_margin"] + 0.3
    assert after["loss"] < before["loss"] < 1.5
    assert after["preference_accuracy"] == 1.0
    assert metrics["preferences"]["validation_preference_accuracy"] == 1.0
    assert metrics["preferences"]["validation_reward_margin"] > before["reward_margin"] + 0.3
    assert all(c["ok"] for name, c in metrics["checks"].items() if name != "logits_sha256")
    if method not in ("prompt_tuning", "prefix_tuning"):
        # A fresh adapter changes nothing: the reference is where the run starts.
        assert before["loss"] == pytest.approx(0.6931, abs=1e-3)
        assert before["reward_margin"] == pytest.approx(0.0, abs=1e-3)


def test_the_adapter_loads_with_plain_peft_and_gives_the_margin_that_was_reported(
    home: Path,
) -> None:
    folder = a_preference_run(home, "plain")
    metrics = train_here(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder.final)
    base = AutoModelForCausalLM.from_pretrained(home / "models" / "tiny")
    tuned = PeftModel.from_pretrained(base, str(folder.final)).eval()
    margins = []
    for row in some_pairs(8, seed=1):
        asked = PROMPT.render(row["instruction"], row["input"])
        texts = [row["output"], row["rejected"]]
        with tuned.disable_adapter():
            reference = [_plain_log_prob(tuned, tokenizer, asked, text) for text in texts]
        now = [_plain_log_prob(tuned, tokenizer, asked, text) for text in texts]
        margins.append(0.1 * ((now[0] - reference[0]) - (now[1] - reference[1])))
    assert sum(margins) / 8 == pytest.approx(
        metrics["preferences"]["validation_reward_margin"], rel=1e-3
    )


def _plain_log_prob(model: Any, tokenizer: Any, asked: str, answer: str) -> float:
    """Of an answer and its stop token, without a line of the worker's."""
    start = tokenizer(asked)["input_ids"]
    ids = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*start, *ids]])).logits[0]
    chances = logits.log_softmax(-1)
    return sum(float(chances[len(start) - 1 + k, token]) for k, token in enumerate(ids))


def test_the_same_seed_gives_the_same_adapter_and_another_seed_another_one(home: Path) -> None:
    # users.md nr 58: torchtune's DPO recipes took no notice of the seed.
    runs = {
        name: a_preference_run(home, f"seed-{name}", seed=seed, lora_dropout=0.1)
        for name, seed in (("one", 11), ("again", 11), ("other", 12))
    }
    for folder in runs.values():
        train_here(folder)
    weights = {name: weights_hash(folder.final) for name, folder in runs.items()}
    assert weights["one"] == weights["again"] != weights["other"]
    assert reports(runs["one"], "log") == reports(runs["again"], "log")
    assert reports(runs["one"], "log") != reports(runs["other"], "log")


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_run_that_was_stopped_ends_as_an_unbroken_one(method: str, home: Path) -> None:
    settings = {"method": method, "learning_rate": RATES[method], "logging_steps": 3}
    whole = a_preference_run(home, f"whole-{method}", **settings)
    train_here(whole)
    broken = a_preference_run(home, f"broken-{method}", **settings)
    job = JobContext(broken)
    seen = job.progress

    def stop_at_eight(step: int, total: int) -> None:
        seen(step, total)
        if step == 8:
            broken.stop_flag.touch()

    job.progress = stop_at_eight  # type: ignore[assignment]
    with pytest.raises(JobStopped):
        training.run(job)
    assert not broken.final.exists()
    broken.stop_flag.unlink()
    train_here(broken)
    assert weights_hash(broken.final) == weights_hash(whole.final)
    assert reports(broken, "log") == reports(whole, "log")
    assert reports(broken, "eval") == reports(whole, "eval")


def test_out_of_memory_cuts_the_micro_batches_and_the_measures_stay(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = a_preference_run(home, "fits", lora_dropout=0.0)
    train_here(whole)
    ask = objectives.answer_logits

    def too_large(model: Any, batch: Any) -> torch.Tensor:
        if len(batch.ids) > 4:  # two pairs
            raise torch.OutOfMemoryError("CUDA out of memory")
        return ask(model, batch)

    monkeypatch.setattr(preferring, "answer_logits", too_large)
    cut = a_preference_run(home, "cut", lora_dropout=0.0)
    metrics = train_here(cut)
    assert metrics["micro_batch"] == 1  # a validation batch has twice as many
    for one, other in zip(reports(cut, "log"), reports(whole, "log"), strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_a_probe_takes_the_widest_pairs_and_not_those_with_the_most_tokens(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = some_pairs(6)
    rows[0] |= {"output": "a b c d e f g h i j k l m n o p", "rejected": "a"}
    rows[1] |= {"output": "a b c d e f g h i j k l", "rejected": "m n o p q r s t u v w"}
    rows = [{**row, "instruction": "Say.", "input": ""} for row in rows[:2]]
    base = load_model("models/tiny", home)
    split = encode_pairs(base.tokenizer, PROMPT, rows, 200, "refuse")
    lopsided, even = [one for one in split.examples if isinstance(one, EncodedPair)]
    assert len(lopsided) < len(even)
    assert lopsided.longest > even.longest
    spec = a_run("models/tiny", objective="dpo", per_device_train_batch_size=1)
    job = JobContext(a_training(home / "runs" / "lopsided", spec))
    objective = PreferredAnswers(spec.objective)
    model = attach_adapter(base, spec)
    loop = TrainingLoop(job, spec, model, base.device, split, split, objective=objective)
    widths = []
    collate = objective.collate

    def seen(pairs: Any) -> Any:
        widths.append(max(pair.longest for pair in pairs))
        return collate(pairs)

    monkeypatch.setattr(objective, "collate", seen)
    probe(loop)
    assert widths[0] == lopsided.longest


def test_the_sft_term_keeps_the_preferred_answers_likely(home: Path) -> None:
    rewards = {}
    for weight in (0.0, 1.0):
        folder = a_preference_run(home, f"sft-{weight}", sft_weight=weight)
        train_here(folder)
        rewards[weight] = reports(folder, "eval")[-1]["reward_chosen"]
    assert rewards[1.0] > rewards[0.0] + 0.1


def test_an_answer_that_was_cut_off_has_no_stop_token(home: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(home / "models" / "tiny")
    (ended,) = encoded(tokenizer, 1).examples
    (cut,) = encoded(tokenizer, 1, rejected_cut=True).examples
    assert isinstance(ended, EncodedPair)
    assert isinstance(cut, EncodedPair)
    assert ended.rejected == (*cut.rejected, tokenizer.eos_token_id)
    assert ended.answer == cut.answer
    assert ended.answer[-1] == tokenizer.eos_token_id


def test_overlong_pairs_are_refused_dropped_whole_or_cut(home: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(home / "models" / "tiny")
    rows = some_pairs(6)
    whole = encode_pairs(tokenizer, PROMPT, rows, 200, "refuse")
    pairs = [one for one in whole.examples if isinstance(one, EncodedPair)]
    limit = max(pair.longest for pair in pairs) - 1
    with pytest.raises(OverlongExamples, match="preference pairs have more than"):
        encode_pairs(tokenizer, PROMPT, rows, limit, "refuse")
    kept = encode_pairs(tokenizer, PROMPT, rows, limit, "drop")
    assert 0 < len(kept.examples) == 6 - kept.overlong < 6
    assert kept.tokens_lost == sum(map(len, pairs)) - sum(kept.lengths)
    cut = encode_pairs(tokenizer, PROMPT, rows, limit, "truncate")
    assert max(one.longest for one in cut.examples if isinstance(one, EncodedPair)) == limit
    assert cut.tokens_lost == sum(map(len, pairs)) - sum(cut.lengths) > 0
    with pytest.raises(NothingToLearn, match="fill 8 tokens by themselves"):
        encode_pairs(tokenizer, PROMPT, rows, 8, "truncate")


def test_pairs_that_are_not_those_that_were_planned_are_refused(home: Path) -> None:
    rows = [some_pairs(24), some_pairs(8, seed=1)]
    planned = pairs_hash([row for own in rows for row in own])
    train_here(a_preference_run(home, "planned", pairs_hash=planned, max_steps=1))
    changed = [{**rows[0][0], "output": "name: Eve"}, *rows[0][1:]]
    with pytest.raises(ChangedPairs, match="not those that it was planned with"):
        train_here(
            a_preference_run(home, "changed", pairs_hash=planned, max_steps=1, train=changed)
        )


def test_a_pre_flight_looks_at_the_pairs_and_names_what_was_left_out(home: Path) -> None:
    folder = a_preference_run(home, "checked")
    spec = json.loads(folder.spec_file.read_text())
    told = {"left_out": {"test": 12, "tie": 3}}
    folder.spec_file.write_text(json.dumps({**spec, "kind": "preflight", "preferences": told}))
    preflight.run(JobContext(folder))
    found = Preflight.from_json(json.loads((folder.final / "preflight.json").read_text()))
    lines = {line.name: line for line in found.lines}
    assert found.ok
    assert list(lines) == list(PREFERENCE_TITLES)
    assert lines["pairs"].text == (
        "32 pairs: 32 preferred answers, judged in 1 study; 8 of them are held "
        "out to measure on. Left out: 15 (12 of test examples; 3 without a preferred answer)."
    )
    assert lines["pairs"].verdict == "noted"
    assert found.micro_batch == 4
    assert "the likelier one a token for the base itself" in lines["base_preference"].text
    shown = {one.example_id: one for one in found.tokenized}
    assert len(shown) == 2 * preflight.SHOWN
    learned = "".join(text for text, carries in shown["0-0, rejected"].pieces if carries)
    assert learned.startswith(some_pairs(1)[0]["rejected"])


def test_pairs_that_are_left_out_or_made_equal_by_a_limit_are_told(home: Path) -> None:
    def line(name: str, **changes: Any) -> Line:
        folder = a_preference_run(home, name, **changes)
        spec = json.loads(folder.spec_file.read_text())
        folder.spec_file.write_text(json.dumps({**spec, "kind": "preflight"}))
        preflight.run(JobContext(folder))
        found = json.loads((folder.final / "preflight.json").read_text())
        return next(one for one in Preflight.from_json(found).lines if one.name == "pair_tokens")

    none = line("none-left", max_length=8, overlong="drop")
    assert none.verdict == "refused"
    assert "No preference pair is left: all 24 are over-long" in none.text
    alike = [
        {**one, "output": "on and on " * 9, "rejected": "on and on " * 10} for one in some_pairs(24)
    ]
    equal = line("made-equal", train=alike, max_length=84, overlong="truncate")
    assert equal.verdict == "noted"
    assert re.search(r"\d+ have the same answer twice since they were cut", equal.text)


def test_the_model_card_tells_confirmed_negatives_apart_from_what_studies_gave() -> None:
    spec = a_run("models/tiny", objective="dpo")
    found = {
        "sources": {"verdict": 40, "negative": 6}, "left_out": {}, "hash": "ab",
        "studies": {"s": {"name": "Early fruit", "pairs": 40}},
    }  # fmt: skip
    told = preference_line(spec, {"preferences": found})
    assert (
        "from 40 preferred answers of the studies Early fruit and 6 confirmed negatives (" in told
    )
    alone = {**found, "sources": {"negative": 20}, "studies": {}}
    told = preference_line(spec, {"preferences": alone})
    assert "from 20 confirmed negatives (pairs" in told
