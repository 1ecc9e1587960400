"""A model's own chat template, and answers that end at stop strings: on real tiny models."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.conversation import to_text
from core.gpu.data import encode
from core.gpu.models import load_model
from core.gpu.prompting import (
    UnusableChatTemplate,
    choose_prompt,
    prompt_texts,
    prompt_tokens,
    rendered_examples,
)
from core.prompts import Prompt, PromptTemplate, cut_answer
from core.tuning.spec_parts import PromptChoice
from tests.tiny_model import make_tiny_model, some_rows

CHATML = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# As Llama 2 writes it: no special token opens a turn.
INST = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
    "<think>\n\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
# As Llama 3 writes it.
DATED = "Today: {{ strftime_now('%d %b %Y') }}\n" + CHATML
# Plain words open each turn.
PLAIN = (
    "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
# The assistant's turn opens differently when it is there already.
UNEVEN = (
    "{% for m in messages %}<{{ m.role }}!> {{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)
CUTTING = (
    "{% for m in messages %}{{ m.role }}: {{ m.content[:12] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def tokenizer(tiny: Path, tmp_path: Path) -> Any:
    found = load_model(str(tiny), tmp_path).tokenizer
    found.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    return found


def test_a_models_chat_template_is_the_default_and_the_projects_can_be_chosen(
    tokenizer: Any,
) -> None:
    text = PromptTemplate().prompt
    assert choose_prompt(PromptChoice(), tokenizer) == text
    with pytest.raises(UnusableChatTemplate, match="no chat template"):
        choose_prompt(PromptChoice("chat"), tokenizer)
    tokenizer.chat_template = CHATML
    chosen = choose_prompt(PromptChoice(), tokenizer)
    assert chosen.chat_template == CHATML
    assert chosen == choose_prompt(PromptChoice("chat"), tokenizer)
    assert choose_prompt(PromptChoice("project"), tokenizer) == text
    tokenizer.chat_template = CHATML + " "
    assert choose_prompt(PromptChoice(), tokenizer).hash != chosen.hash
    tokenizer.chat_template, tokenizer.eos_token = CHATML, "<|im_end|>"
    assert choose_prompt(PromptChoice(), tokenizer).hash != chosen.hash


def test_worked_examples_are_earlier_turns_and_the_input_stands_behind_the_instruction(
    tokenizer: Any,
) -> None:
    tokenizer.chat_template = CHATML
    prompt = choose_prompt(PromptChoice(), tokenizer)
    (text,) = prompt_texts(tokenizer, prompt, [("Sum up.", "A text.")], [("Say hi.", "", " hi ")])
    assert text == (
        "<s><|im_start|>user\nSay hi.<|im_end|>\n<|im_start|>assistant\nhi<|im_end|>\n"
        "<|im_start|>user\nSum up.\n\nA text.<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    ("template", "stops"),
    [
        (CHATML, ("<|im_end|>", "<|im_start|>user")),
        (INST, ("</s>", "[INST]")),
        (THINKING, ("<|im_end|>", "<|im_start|>user")),
    ],
)
def test_a_chat_trains_on_the_answer_up_to_the_end_of_its_turn(
    tokenizer: Any, template: str, stops: tuple[str, ...]
) -> None:
    tokenizer.chat_template = template
    prompt = choose_prompt(PromptChoice(), tokenizer)
    assert prompt.stop_strings == stops
    rows = some_rows(4)
    asked = [(row["instruction"], row["input"]) for row in rows]
    generated_from = prompt_tokens(tokenizer, prompt, prompt_texts(tokenizer, prompt, asked))
    for example, ids, row in zip(
        rendered_examples(tokenizer, prompt, rows), generated_from, rows, strict=True
    ):
        assert list(example.prompt) == ids
        assert tokenizer.decode(example.answer).strip() == f"{row['output']}{stops[0]}"
    split = encode(tokenizer, prompt, rows, 400, "refuse")
    assert tokenizer.decode(split.examples[0].answer).endswith(stops[0])


def test_a_conversation_is_trained_on_its_last_answer_behind_its_own_turns(tokenizer: Any) -> None:
    tokenizer.chat_template = CHATML
    prompt = choose_prompt(PromptChoice(), tokenizer)
    earlier = to_text([("system", "Be brief."), ("user", "A prime?"), ("assistant", "7")])
    row = {"instruction": "A larger one?", "input": earlier, "output": "11"}
    (example,) = rendered_examples(tokenizer, prompt, [row])
    assert tokenizer.decode(example.prompt) == (
        "<s><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nA prime?<|im_end|>\n"
        "<|im_start|>assistant\n7<|im_end|>\n<|im_start|>user\nA larger one?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert tokenizer.decode(example.answer) == "11<|im_end|>"


def test_a_chat_template_that_does_not_keep_prompt_or_answer_is_refused(tokenizer: Any) -> None:
    for template in (UNEVEN, CUTTING):
        tokenizer.chat_template = template
        prompt = choose_prompt(PromptChoice(), tokenizer)
        with pytest.raises(UnusableChatTemplate, match="Choose the project's template"):
            rendered_examples(tokenizer, prompt, some_rows(3))
    tokenizer.chat_template = "{{ raise_exception('only one turn') }}"
    with pytest.raises(UnusableChatTemplate, match="only one turn"):
        choose_prompt(PromptChoice(), tokenizer)


def test_a_template_that_prints_the_date_prints_the_day_that_was_frozen(tokenizer: Any) -> None:
    tokenizer.chat_template = DATED
    first = choose_prompt(PromptChoice(), tokenizer, today=date(2024, 7, 26))
    later = choose_prompt(PromptChoice(), tokenizer, today=date(2025, 1, 3))
    assert first.hash != later.hash
    for prompt, day in ((first, "26 Jul 2024"), (later, "03 Jan 2025")):
        reread = Prompt.from_json(prompt.to_json())
        (text,) = prompt_texts(tokenizer, reread, [("Say hi.", "")])
        assert text.startswith(f"Today: {day}\n")
        (example,) = rendered_examples(tokenizer, reread, some_rows(1))
        assert day in tokenizer.decode(example.prompt)


def test_a_template_without_a_date_has_one_hash_on_all_days(tokenizer: Any) -> None:
    tokenizer.chat_template = CHATML
    days = [date(2024, 7, 26), date(2025, 1, 3)]
    prompts = [choose_prompt(PromptChoice(), tokenizer, today=day) for day in days]
    assert prompts[0] == prompts[1]
    assert "day" not in prompts[0].to_json()


def test_a_dated_prompt_of_an_older_run_still_renders(tokenizer: Any) -> None:
    tokenizer.chat_template = DATED
    old = choose_prompt(PromptChoice(), tokenizer).to_json()
    del old["day"]
    (text,) = prompt_texts(tokenizer, Prompt.from_json(old), [("Say hi.", "")])
    assert str(date.today().year) in text


def test_a_frozen_date_is_written_as_the_library_writes_it_and_changes_nothing_else(
    tokenizer: Any,
) -> None:
    today = date.today()
    formats = ["%d %B %Y", "%-d.%m.%y", "%A %a %b %j", "%Y-%m-%d", "%F"]
    template = "\n  {% if strftime_now is defined %}\n" + "".join(
        f"  {{{{ strftime_now('{one}') }}}}\n" for one in formats
    )
    tokenizer.chat_template = template + "  {% endif %}\n" + CHATML
    frozen = choose_prompt(PromptChoice(), tokenizer, today=today)
    live = Prompt.from_json({**frozen.to_json(), "day": ""})
    asked = [("Say hi.", "")]
    assert prompt_texts(tokenizer, frozen, asked) == prompt_texts(tokenizer, live, asked)


def test_the_plain_words_that_open_a_turn_end_an_answer_at_a_line_start_only(
    tokenizer: Any,
) -> None:
    tokenizer.chat_template = PLAIN
    stops = choose_prompt(PromptChoice(), tokenizer).stop_strings
    assert stops == ("\nuser:",)
    inside = "Ask the end user: is it plugged in?"
    assert cut_answer(inside, stops).text == inside
    assert cut_answer("Yes.\nuser: And now?", stops).text == "Yes."
