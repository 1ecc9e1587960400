"""Prompts: what goes when an example has no input, where answers end, and that they are frozen."""

from __future__ import annotations

import json

import pytest

from core.conversation import to_text
from core.prompts import (
    DEFAULT_TEMPLATE,
    InvalidTemplate,
    Prompt,
    PromptTemplate,
    chat_prompt,
    cut_answer,
)

MARKDOWN_STOPS = ("\n## Task", "\n## Data", "\n## Answer")
CHATML = "<|im_start|>user\n{instruction}\n\n{input}<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("[INST] {instruction} {input} [/INST]", "[INST] Q [/INST]"),
        ("[INST] {instruction}\n\n{input} [/INST]", "[INST] Q [/INST]"),
        ("[INST] {input}\n\n{instruction} [/INST]", "[INST] Q [/INST]"),
        (CHATML, "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"),
        (DEFAULT_TEMPLATE, "### Instruction:\nQ\n\n### Response:\n"),
        (
            "### Instruction:\n{instruction}\n### Input:\n{input}\n### Response:\n",
            "### Instruction:\nQ\n### Response:\n",
        ),
        ("Q: {instruction}\nContext: {input}\nA:", "Q: Q\nA:"),
        ("Context: {input}\n\nQuestion: {instruction}\n\nAnswer:", "Question: Q\n\nAnswer:"),
        ("{instruction}\n\nInput: {input}\nAnswer:", "Q\nAnswer:"),
        ("{instruction}\n\n<text>\n{input}\n</text>\n\nAnswer:", "Q\n\nAnswer:"),
        ("{instruction}\n<text>\n{input}\n</text>\nAnswer:", "Q\nAnswer:"),
        ("{instruction}\n\nText: {input}\nUse only this text.\n\nAnswer:", "Q\n\nAnswer:"),
        ("{instruction}\n```\n{input}\n```\n\nAnswer:", "Q\n\nAnswer:"),
        ("{instruction}\nText:\n```txt\n{input}\n```\nAnswer:", "Q\nAnswer:"),
        ("{instruction}\n```\n{input}\n\nAnswer:", "Q\n```\n\nAnswer:"),
        ('"""\n{input}\n"""\n{instruction}\n', "Q\n"),
        ("{instruction}{input}", "Q"),
        ("Q: {instruction} ({input})\nA:", "Q: Q\nA:"),
        ("Q: {instruction} [({input})]\nA:", "Q: Q\nA:"),
        ("Q: {instruction} (see {input})\nA:", "Q: Q (see)\nA:"),
        (DEFAULT_TEMPLATE.replace("\n", "\r\n"), "### Instruction:\nQ\n\n### Response:\n"),
        ("Answer this. {instruction}", "Answer this. Q"),
    ],
)
def test_only_the_input_section_goes_when_the_input_is_empty(template: str, rendered: str) -> None:
    assert PromptTemplate(template).render("Q", "") == rendered
    assert PromptTemplate(template).render("Q", " \n") == rendered


def test_placeholders_are_filled_once_and_never_inside_what_was_filled_in() -> None:
    template = PromptTemplate("{instruction}\n\n{input}\n\nOnce more: {instruction}\n")
    assert template.render("Say {input}", "{instruction}") == (
        "Say {input}\n\n{instruction}\n\nOnce more: Say {input}\n"
    )
    with pytest.raises(InvalidTemplate, match=r"must contain \{instruction\}"):
        PromptTemplate("{input}")


def test_a_prompt_names_its_segments_in_the_order_of_the_text() -> None:
    prompt = PromptTemplate("Be brief.\n\n" + DEFAULT_TEMPLATE).prompt
    assert [(s.role, s.text) for s in prompt.segments] == [
        ("system", "Be brief.\n\n"),
        ("instruction", "### Instruction:\n{instruction}"),
        ("input", "\n\n### Input:\n{input}"),
        ("answer_cue", "\n\n### Response:\n"),
    ]
    for text in (DEFAULT_TEMPLATE, CHATML, "Context: {input}\n\nQ: {instruction}\n\nA:"):
        assert "".join(s.text for s in PromptTemplate(text).prompt.segments) == text


@pytest.mark.parametrize(
    ("template", "stops"),
    [
        (DEFAULT_TEMPLATE, ("\n### Instruction:", "\n### Input:", "\n### Response:")),
        ("Q: {instruction}\nContext: {input}\nA:", ("\nQ:", "\nContext:", "\nA:")),
        ("[INST] {instruction} {input} [/INST]", ("[INST]", "[/INST]")),
        (CHATML, ("<|im_start|>user", "<|im_end|>")),
        ("Be brief.\n\nQ: {instruction}\nA:", ("\nBe brief.", "\nQ:", "\nA:")),
        *(
            (f"## Task\n{{instruction}}\n\n## Data\n{text}\n\n## Answer\n", MARKDOWN_STOPS)
            for text in (
                "```\n{input}\n```",
                "```{input}```",
                "\n```text\n{input}\n```",
                '"""\n{input}\n"""',
                '"""{input}"""',
            )
        ),
        ("Q: {instruction} ({input})\nA:", ("\nQ:", "\nA:")),
        ("{instruction}\n\n{input}\n", ()),
        ("> {instruction}\n", ()),
    ],
)
def test_stop_strings_are_what_would_open_the_next_example(
    template: str, stops: tuple[str, ...]
) -> None:
    assert PromptTemplate(template).prompt.stop_strings == stops


def test_an_answer_ends_at_the_first_stop_string_and_what_was_cut_is_kept() -> None:
    stops = PromptTemplate().prompt.stop_strings
    cut = cut_answer("Paris.\n\n### Instruction:\nAnd Spain?", stops)
    assert (cut.text, cut.cut, cut.stopped) == ("Paris.", "\n\n### Instruction:\nAnd Spain?", True)
    assert cut_answer("### Response:\nParis", stops).text == ""
    inside = "He wrote ### Instruction: in the middle of a line."
    assert cut_answer(inside, stops).text == inside
    assert not cut_answer(inside, stops).stopped


def test_at_the_cap_the_beginning_of_a_stop_string_is_cut_too() -> None:
    stops = PromptTemplate().prompt.stop_strings
    ended = cut_answer("Paris.\n\n### Instr", stops, at_cap=True)
    assert (ended.text, ended.cut, ended.stopped) == ("Paris.", "\n\n### Instr", False)
    assert cut_answer("Paris.\n\n### Instr", stops).text == "Paris.\n\n### Instr"
    assert cut_answer("A list:\n#", stops, at_cap=True).text == "A list:\n#"


def test_a_prompt_comes_back_equal_from_json_and_its_hash_follows_every_part() -> None:
    prompt = PromptTemplate().prompt
    assert Prompt.from_json(json.loads(json.dumps(prompt.to_json()))) == prompt
    others = [
        PromptTemplate("{instruction}").prompt,
        prompt.without_stops(["\n### Input:"]),
        chat_prompt("{{ messages }}", {"eos_token": "</s>"}, ("</s>",)),
        chat_prompt("{{ messages }}", {"eos_token": "<eos>"}, ("</s>",)),
    ]
    assert len({prompt.hash, *(other.hash for other in others)}) == 5


def test_worked_examples_stand_before_the_question_in_the_same_form() -> None:
    prompt = PromptTemplate("Q: {instruction}\nC: {input}\nA:").prompt
    text = prompt.render("1+1?", "", shots=[("2+2?", "sums", "4 "), ("3+3?", "", "6")])
    assert text == "Q: 2+2?\nC: sums\nA:4\n\nQ: 3+3?\nA:6\n\nQ: 1+1?\nA:"


def test_a_conversation_is_asked_turn_by_turn_in_the_form_of_the_template() -> None:
    earlier = to_text([("system", "Be brief."), ("user", "1+1?"), ("assistant", "2 ")])
    prompt = PromptTemplate("Q: {instruction}\nC: {input}\nA:").prompt
    assert prompt.render("And 2+2?", earlier) == "Be brief.\n\nQ: 1+1?\nA:2\n\nQ: And 2+2?\nA:"
    unanswered = to_text([("assistant", "Welcome."), ("user", "Hi."), ("tool", "18 °C")])
    assert prompt.render("Cold?", unanswered) == "Welcome.\n\nQ: Hi.\n\n18 °C\n\nCold?\nA:"


def test_a_conversation_is_a_chat_of_its_turns_with_one_system_text_in_front() -> None:
    earlier = to_text([("system", "Be brief."), ("user", "1+1?"), ("assistant", "2")])
    shown = chat_prompt("{{ messages }}", {}, ()).messages(
        "2+2?", earlier, shots=[("0+0?", to_text([("system", "Be exact.")]), "0"), ("3?", "x", "3")]
    )
    assert [(turn["role"], turn["content"]) for turn in shown] == [
        ("system", "Be exact.\n\nBe brief."),
        ("user", "0+0?"),
        ("assistant", "0"),
        ("user", "3?\n\nx"),
        ("assistant", "3"),
        ("user", "1+1?"),
        ("assistant", "2"),
        ("user", "2+2?"),
    ]
