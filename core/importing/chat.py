"""Conversations as examples: the last question, its answer, and the turns before as the input.

turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
flatten({"messages": turns}, ("messages",))
# {"messages.instruction": "Hi", "messages.input": "", "messages.output": "Hello"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core import conversation
from core.conversation import Speaker, Turn
from core.importing.names import is_stray, plain
from core.importing.records import kind_of

TURN_KEYS = (("role", "content"), ("from", "value"))
"""How a turn names its speaker and its text: OpenAI's way, ShareGPT's way."""
SPEAKERS: dict[str, Speaker] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}
PARTS = ("instruction", "input", "output")
# Calls of tools that OpenAI writes beside the text.
_CALLS = ("tool_calls", "function_call")
BETWEEN = "\n\n"
"""What stands between instruction and input in a question that holds both."""
# Of several columns that hold turns, the first of these is read; prompt and completion together.
_PREFERRED = ("messages", "conversations", "conversation", "dialogue", "dialog", "chosen")
_PROMPT_AND_COMPLETION = ("prompt", "completion")


class NoConversation(Exception):
    """The turns of a record cannot become an example; the text says why, for people."""


def chat_columns(samples: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns that hold turns in most of the sampled records; () when there is none."""
    names = dict.fromkeys(name for sample in samples for name in sample)
    found = [name for name in names if _mostly_turns([sample.get(name) for sample in samples])]
    by_name = {plain(name): name for name in reversed(found)}
    if all(name in by_name for name in _PROMPT_AND_COMPLETION):
        return tuple(by_name[name] for name in _PROMPT_AND_COMPLETION)
    preferred = next((by_name[name] for name in _PREFERRED if name in by_name), None)
    return (preferred,) if preferred else tuple(found[:1])


def _mostly_turns(values: Sequence[Any]) -> bool:
    filled = [value for value in values if value is not None]
    turns = sum(isinstance(one, list) and bool(one) and all(map(_keys_of, one)) for one in filled)
    return 2 * turns > len(filled) and not is_stray(len(filled), len(values))


def _keys_of(turn: object) -> tuple[str, str] | None:
    if not isinstance(turn, dict):
        return None
    return next((keys for keys in TURN_KEYS if keys[0] in turn and keys[1] in turn), None)


def flatten(values: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """The record with its turns as three columns, named after the first of `columns`.

    instruction: the last user's turn that is answered, or the last; output: the answer to it;
    input: the system's text and the turns before, as `core.conversation` writes them. A column
    "input" that the only question ends with is the input. Raises NoConversation.
    """
    turns = [turn for name in columns for turn in _turns(values.get(name), name)]
    system = "\n\n".join(text for speaker, text in turns if speaker == "system")
    spoken = [turn for turn in turns if turn[0] != "system"]
    output = ""
    if spoken and spoken[-1][0] == "assistant":
        output = spoken.pop()[1]
    if not spoken or spoken[-1][0] != "user":
        raise NoConversation(_what_is_odd(spoken))
    earlier = [("system", system), *spoken[:-1]] if system.strip() else spoken[:-1]
    asked, given = spoken[-1][1], conversation.to_text(earlier)
    rest = {name: values[name] for name in values if name not in columns}
    if not earlier and (own := _input_in(asked, rest.get("input"))):
        asked, given = asked.removesuffix(own).removesuffix(BETWEEN), own
        del rest["input"]
    parts = dict(zip(PARTS, (asked, given, output), strict=True))
    return {f"{columns[0]}.{part}": text for part, text in parts.items()} | rest


def _input_in(asked: str, given: object) -> str:
    """The input that a question ends with, as exports write it; "" when it does not."""
    if not isinstance(given, str) or not given or not asked.endswith(given):
        return ""
    rest = asked.removesuffix(given)
    return given if not rest or rest.endswith(BETWEEN) else ""


def several_turns(values: Mapping[str, Any], columns: tuple[str, ...]) -> bool:
    """Whether the conversation goes on after its first answer."""
    lists = [values.get(name) for name in columns]
    turns = [turn for value in lists if isinstance(value, list) for turn in value]
    return sum(_speaker(turn) == "user" for turn in turns) > 1


def _what_is_odd(spoken: Sequence[Turn]) -> str:
    if not spoken:
        return "The conversation has no user's turn."
    return f"The last turn before the answer is that of “{spoken[-1][0]}”, not the user's."


def _speaker(turn: object) -> Speaker | None:
    return SPEAKERS.get(_named(turn).strip().lower())


def _named(turn: object) -> str:
    keys = _keys_of(turn)
    return str(turn[keys[0]]) if keys and isinstance(turn, dict) else ""


def _turns(value: object, column: str) -> Iterable[Turn]:
    if value is None:
        return
    if not isinstance(value, list):
        raise NoConversation(f"The column '{column}' is not a list of turns but {kind_of(value)}.")
    for number, turn in enumerate(value, start=1):
        keys, speaker = _keys_of(turn), _speaker(turn)
        if keys is None or not isinstance(turn, dict):
            raise NoConversation(f"Turn {number} of '{column}' has no speaker or no text.")
        if speaker is None:
            raise NoConversation(
                f"Turn {number} is that of “{_named(turn)[:60]}”. Known speakers are system, user,"
                " assistant and tool, under their usual names."
            )
        if any(turn.get(name) for name in _CALLS):
            raise NoConversation(f"Turn {number} calls a tool, which a text cannot keep.")
        yield speaker, _text(turn[keys[1]], number)


def _text(content: object, number: int) -> str:
    """The text of a turn; of a list of parts, as OpenAI writes them, those that are text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise NoConversation(f"The text of turn {number} is {kind_of(content)}.")
    for part in content:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            raise NoConversation(f"Turn {number} holds something that is not text.")
    return "\n".join(part["text"] for part in content)
