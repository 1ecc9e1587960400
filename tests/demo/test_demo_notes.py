"""The demo's notes, what the base model was taught, and the model that is shipped."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from core.demo import notes, phrases, words
from core.demo.maker import tasks
from core.demo.maker.domains import DOMAINS
from core.demo.notes import COPIED_FIELDS, DEMO_FIELDS, DEMO_LABELS, FLAWS, DemoExample
from core.errors import InvalidInput

BASE = Path(notes.__file__).parent / "base"
EXAMPLES = notes.make_examples()
CLEAN = [e for e in EXAMPLES if e.flaw is None]


def record(example: DemoExample) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in example.output.split("\n"))


def name_words(values: dict[str, str]) -> set[str]:
    return {values["company"].split()[0], *values["contact"].split()}


def numbers(text: str) -> set[str]:
    return {found.replace(",", "") for found in re.findall(r"\d[\d,]*", text)}


def test_the_same_seed_gives_the_same_examples_and_another_seed_gives_others() -> None:
    assert notes.make_examples(60, seed=3) == notes.make_examples(60, seed=3)
    assert notes.make_examples(60, seed=3) != notes.make_examples(60, seed=4)


@pytest.mark.parametrize("n", [1, 2, 37, 1000])
def test_exactly_as_many_examples_come_as_were_asked_for(n: int) -> None:
    assert len(notes.make_examples(n)) == n


def test_no_examples_at_all_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        notes.make_examples(0)


def test_a_record_has_the_six_fields_in_order_and_one_of_two_decisions() -> None:
    assert len(EXAMPLES) == 1200
    for example in CLEAN:
        assert tuple(record(example)) == DEMO_FIELDS
        assert record(example)["decision"] in DEMO_LABELS
        assert example.instruction == notes.DEMO_INSTRUCTION


def test_both_decisions_are_common() -> None:
    shares = Counter(record(example)["decision"] for example in CLEAN)
    assert 0.35 < shares["not qualified"] / len(CLEAN) < 0.65


def test_every_copied_value_stands_in_its_note_behind_a_space() -> None:
    for example in CLEAN:
        for field in COPIED_FIELDS:
            assert f" {record(example)[field]}" in example.input


def test_the_decision_follows_from_the_remarks_as_the_guidelines_say() -> None:
    bad = [remark.rstrip(".").lower()[1:] for pool in phrases.BAD for remark in pool]
    for example in CLEAN:
        said = any(remark in example.input.lower() for remark in bad)
        assert record(example)["decision"] == DEMO_LABELS[said]


def test_no_value_of_one_note_occurs_in_another() -> None:
    notes_text = "\n".join(example.input for example in CLEAN)
    for example in CLEAN:
        for field in COPIED_FIELDS:
            assert notes_text.count(record(example)[field]) == example.input.count(
                record(example)[field]
            ), record(example)[field]


def test_no_name_or_number_or_need_of_the_demo_occurs_in_pretraining() -> None:
    rng = Random(11)
    drawn = [tasks.draw_task(rng, i / 6000) for i in range(6000)]
    text = "\n".join(task.prompt + task.answer for task in drawn)
    seen = set(re.findall(r"[^\W\d]+", text))
    records = [record(example) for example in CLEAN]
    assert not seen & {word for values in records for word in name_words(values)}
    assert not numbers(text) & {
        n for values in records for field in ("size", "budget") for n in numbers(values[field])
    }
    assert not any(values["need"] in text for values in records)
    assert len(numbers(text)) > 1000 < len(seen)


def test_a_value_of_one_part_is_never_drawn_for_the_other() -> None:
    rng = Random(5)
    for demo in (True, False):
        for _ in range(500):
            assert all(words.reserved(w) is demo for w in words.person(rng, demo=demo).split())
            assert words.reserved(str(words.number(rng, 10, 9999, demo=demo))) is demo
            assert words.reserved(words.need(rng, demo=demo)) is demo


def test_pretraining_never_sees_a_demo_sentence_or_a_demo_record() -> None:
    rng = Random(12)
    text = "\n".join(t.prompt + t.answer for t in (tasks.draw_task(rng, 1.0) for _ in range(4000)))
    assert notes.DEMO_INSTRUCTION not in text
    assert not any(f"\n{field}: " in text for field in DEMO_FIELDS)
    for remark in (r for pool in (*phrases.BAD, *phrases.GOOD) for r in pool):
        assert remark not in text


def test_the_answer_to_a_pretraining_task_can_be_copied_from_its_prompt() -> None:
    rng = Random(13)
    for _ in range(500):
        task = tasks.read_one(rng, 1.0, False)
        domain = next(d for d in DOMAINS if f" {d.text} " in task.prompt)
        value = task.answer.removeprefix("> ")
        assert value in task.prompt or value in domain.labels


def test_under_one_percent_of_independent_notes_have_a_near_duplicate() -> None:
    codes: dict[str, str] = {}
    coded = []
    for example in CLEAN[:1000]:
        tokens = example.input.lower().split()
        coded.append("".join(codes.setdefault(t, chr(0x4E00 + len(codes))) for t in tokens))
    similar = cdist(coded, coded, scorer=Indel.normalized_similarity)
    np.fill_diagonal(similar, 0)
    assert (similar.max(axis=1) >= 0.85).mean() < 0.01


def test_notes_are_35_to_80_words_long_and_differ_in_length() -> None:
    lengths = [len(example.input.split()) for example in CLEAN]
    assert min(lengths) >= 35
    assert max(lengths) <= 80
    assert max(lengths) - min(lengths) > 25


def test_about_one_example_in_twenty_has_a_flaw_and_every_kind_occurs() -> None:
    flaws = Counter(example.flaw for example in EXAMPLES if example.flaw)
    assert set(flaws) == set(FLAWS)
    assert 0.03 < flaws.total() / len(EXAMPLES) < 0.07


def test_each_flaw_is_what_its_name_says() -> None:
    clean_notes = {example.input: example for example in CLEAN}
    for example in EXAMPLES:
        if example.flaw == "empty_output":
            assert example.output == ""
        elif example.flaw == "duplicate":
            assert clean_notes[example.input].output == example.output
        elif example.flaw == "near_duplicate":
            assert example.input not in clean_notes
            assert example.output in {clean.output for clean in CLEAN}
        elif example.flaw == "misspelt_name":
            assert record(example)["contact"] not in example.input
        elif example.flaw == "trailing_junk":
            assert example.output.startswith("company: ")
            assert not example.output.endswith(DEMO_LABELS)
        elif example.flaw == "swapped_fields":
            assert record(example)["contact"].split()[1] in words.COMPANY_SUFFIXES
        elif example.flaw == "cut_off_note":
            assert any(record(example)[field] not in example.input for field in COPIED_FIELDS)


def test_the_shipped_model_is_small_and_complete() -> None:
    files = {path.name: path.stat().st_size for path in BASE.iterdir()}
    assert sum(files.values()) <= 10_000_000
    assert {"model.safetensors", "config.json", "tokenizer.json", "README.md"} <= set(files)
    config = json.loads((BASE / "config.json").read_text())
    assert config["model_type"] == "llama"
    assert config["max_position_embeddings"] >= 2048
    assert config["pad_token_id"] != config["eos_token_id"]


def test_the_shipped_template_is_the_one_that_prompts_are_rendered_with() -> None:
    from core.prompts import DEFAULT_TEMPLATE

    assert (BASE / "prompt_template.txt").read_text() == DEFAULT_TEMPLATE


def test_a_value_has_the_same_tokens_in_note_and_record() -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(BASE / "tokenizer.json"))
    for example in CLEAN[:100]:
        note = tokenizer.encode(example.input).ids
        for field in COPIED_FIELDS:
            value = tokenizer.encode(f" {record(example)[field]}").ids
            line = tokenizer.encode(f"{field}: {record(example)[field]}").ids
            assert line[-len(value) :] == value
            assert any(note[i : i + len(value)] == value for i in range(len(note)))
