"""Renders and tokenises prompts: one place for training and generation, so that they cannot differ.

A text prompt and its answer are tokenised apart and joined: the prompt's tokens in training are
then the very tokens that generation starts from. A chat is rendered whole by the model's own
template, and refused where that does not begin with the prompt, token by token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.errors import InvalidInput
from core.gpu.frozen_date import day_of, with_date
from core.prompt_sections import stop_string
from core.prompts import Prompt, PromptTemplate, Shot, chat_prompt
from core.tuning.spec_parts import PromptChoice

# What a chat template may be asked for beside the messages: an answer, and no thinking before it.
CHAT_OPTIONS = {"enable_thinking": False}


class EmptyPrompt(InvalidInput):
    """A prompt without a single token."""

    title = "A prompt is empty"


class UnusableChatTemplate(InvalidInput):
    """The model's chat template is missing, fails, or does not keep the prompt or the answer."""

    title = "The model's chat template cannot be used"


@dataclass(frozen=True)
class Rendered:
    """Token ids of one example: the prompt, and the answer up to the token that stops it."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def choose_prompt(choice: PromptChoice, tokenizer: Any, *, today: date | None = None) -> Prompt:
    """The prompt that a run freezes, with the day where its chat template prints the date.

    Raises UnusableChatTemplate.
    """
    has_one = bool(getattr(tokenizer, "chat_template", None))
    if choice.style == "project" or (choice.style == "auto" and not has_one):
        return PromptTemplate(choice.template).prompt
    if not has_one:
        raise UnusableChatTemplate(
            "This base model's tokenizer has no chat template. Choose the project's template as "
            "the prompt format."
        )
    template = tokenizer.get_chat_template()
    tokens = {
        name: str(text)
        for name, text in tokenizer.special_tokens_map.items()
        if isinstance(text, str)
    }
    bare = chat_prompt(template, tokens, (), day_of(template, today))
    return replace(bare, stop_strings=tuple(_turn_stops(tokenizer, bare)))


def _turn_stops(tokenizer: Any, prompt: Prompt) -> list[str]:
    """What ends a turn of this template, and what opens the next one of the user."""
    question, answer = "@question@", "@answer@"
    shot = (question, "", answer)
    asked = _chat(tokenizer, prompt, prompt.messages(question))
    again = _chat(tokenizer, prompt, prompt.messages(question, shots=[shot]))
    between = again[again.find(answer) + len(answer) : again.rfind(question)]
    first = _whole(tokenizer, prompt, (question, "", answer))
    end = first[first.find(answer) + len(answer) :].strip()
    opening = between.strip().removeprefix(end).strip()
    begins = asked[: asked.find(question)].strip()
    # A system message of the template's own may stand before the first turn only.
    if not opening or not begins.endswith(opening):
        opening = ""
    elif not opening.startswith(tuple(tokenizer.added_tokens_encoder)):
        opening = stop_string(opening)
    return [stop for stop in dict.fromkeys((end, opening)) if stop]


def prompt_texts(
    tokenizer: Any,
    prompt: Prompt,
    questions: Sequence[tuple[str, str]],
    shots: Sequence[Shot] = (),
) -> list[str]:
    """The prompts of (instruction, input) pairs as the model is shown them."""
    if not prompt.is_chat:
        return [prompt.render(asked, given, shots) for asked, given in questions]
    return [_chat(tokenizer, prompt, prompt.messages(a, g, shots)) for a, g in questions]


def prompt_tokens(tokenizer: Any, prompt: Prompt, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of whole prompts, with the tokenizer's start token and without a stop token.

    Raises EmptyPrompt.
    """
    if not texts:
        return []
    # A chat template writes the start token itself.
    ids: list[list[int]] = tokenizer(
        list(texts), add_special_tokens=not prompt.is_chat, return_attention_mask=False
    )["input_ids"]
    # Some tokenizers close every text; an answer would then start behind a stop token.
    stop = tokenizer.eos_token_id
    rows = ids if prompt.is_chat else [r[:-1] if len(r) > 1 and r[-1] == stop else r for r in ids]
    if not all(rows):
        raise EmptyPrompt("An example has an empty prompt. Fill in its instruction.")
    return rows


def rendered_examples(
    tokenizer: Any, prompt: Prompt, rows: Sequence[Mapping[str, Any]]
) -> list[Rendered]:
    """`rows` (instruction, input, output) as tokens. Raises EmptyPrompt, UnusableChatTemplate."""
    triples = [(r["instruction"], r["input"] or "", r["output"]) for r in rows]
    texts = prompt_texts(tokenizer, prompt, [(asked, given) for asked, given, _ in triples])
    prompts = prompt_tokens(tokenizer, prompt, texts)
    if prompt.is_chat:
        wholes = [_whole(tokenizer, prompt, triple) for triple in triples]
        for text, whole, triple in zip(texts, wholes, triples, strict=True):
            _refuse_changed_answer(text, whole, triple[2])
        ids = _plain_ids(tokenizer, wholes)
        return [_split(tokenizer, *pair) for pair in zip(prompts, ids, strict=True)]
    answers = _plain_ids(tokenizer, [output for _, _, output in triples])
    stop = tokenizer.eos_token_id
    return [Rendered(tuple(p), (*a, stop)) for p, a in zip(prompts, answers, strict=True)]


def _plain_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    found: list[list[int]] = tokenizer(
        list(texts), add_special_tokens=False, return_attention_mask=False
    )["input_ids"]
    return found


def _whole(tokenizer: Any, prompt: Prompt, triple: Shot) -> str:
    asked, given, answer = triple
    turns = [*prompt.messages(asked, given), {"role": "assistant", "content": answer}]
    return _chat(tokenizer, prompt, turns, asks=False)


def _chat(
    tokenizer: Any, prompt: Prompt, messages: list[dict[str, str]], *, asks: bool = True
) -> str:
    from jinja2.exceptions import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(
                messages,
                chat_template=with_date(prompt.chat_template, prompt.day),
                add_generation_prompt=asks,
                tokenize=False,
                **CHAT_OPTIONS,
            )
        )
    except TemplateError as error:
        raise UnusableChatTemplate(
            f"The model's chat template cannot render an example ({error}). Choose the project's "
            "template as the prompt format."
        ) from error


def _refuse_changed_answer(prompt: str, whole: str, answer: str) -> None:
    if not whole.startswith(prompt) or not whole[len(prompt) :].lstrip().startswith(answer.strip()):
        raise UnusableChatTemplate(
            "The model's chat template renders an example with its answer differently from the "
            "prompt alone, so that training and answering would not agree. Choose the project's "
            "template as the prompt format."
        )


def _split(tokenizer: Any, prompt: list[int], whole: list[int]) -> Rendered:
    if whole[: len(prompt)] != prompt:
        raise UnusableChatTemplate(
            "With this model's chat template the tokens of a prompt are not the first tokens of "
            "prompt and answer. Choose the project's template as the prompt format."
        )
    answer, special = whole[len(prompt) :], set(tokenizer.all_special_ids)
    # The template may write a line break behind the token that ends the turn.
    end = max((i for i, token in enumerate(answer) if token in special), default=-1)
    answer = answer[: end + 1] if end >= 0 else [*answer, tokenizer.eos_token_id]
    return Rendered(tuple(prompt), tuple(answer))
