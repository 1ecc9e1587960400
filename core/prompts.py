"""Prompts: how a question is put to a model, frozen once with a run.

Training, base, prompted base, tuned and live answers all render the same `Prompt`, so they cannot
differ. A project keeps the text template; a model's own chat template takes its place where the run
chose it (see core/gpu/prompting.py, which renders those).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.conversation import Speaker, turns_of
from core.errors import InvalidInput
from core.prompt_sections import PLACEHOLDER, Segment, segments_of, stop_strings_of

DEFAULT_TEMPLATE = "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n"
# The user's turn of a chat.
CHAT_TURN = "{instruction}\n\n{input}"
# A shorter beginning of a stop string at the cap may be the answer's own.
SHORTEST_PARTIAL_STOP = 3
Shot = tuple[str, str, str]


class InvalidTemplate(InvalidInput):
    """The template lacks a placeholder, or has one that nothing fills."""

    title = "The prompt template cannot be used"


@dataclass(frozen=True)
class Prompt:
    """Segments in the order of the text, and the strings at which an answer ends.

    With a `chat_template` (Jinja, the model's own) the segments are the user's turn, and
    `special_tokens` (name, text) are what the template writes. `day` (YYYY-MM-DD) is the date that
    it prints; empty where it prints none, and in prompts that older runs froze.
    """

    segments: tuple[Segment, ...]
    stop_strings: tuple[str, ...] = ()
    chat_template: str = ""
    special_tokens: tuple[tuple[str, str], ...] = ()
    day: str = ""

    @property
    def is_chat(self) -> bool:
        """True when the model's own chat template renders it."""
        return bool(self.chat_template)

    @property
    def hash(self) -> str:
        """SHA-256 over all parts, 64 hex digits."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def fill(self, instruction: str, input: str = "") -> str:
        """The segments with their placeholders filled in; no input section for an empty input."""
        kept = "".join(s.text for s in self.segments if input.strip() or s.role != "input")
        values = {"{instruction}": instruction, "{input}": input}
        return PLACEHOLDER.sub(lambda match: values[match[0]], kept)

    def render(self, instruction: str, input: str = "", shots: Sequence[Shot] = ()) -> str:
        """The text up to where the answer starts, behind worked (instruction, input, output)
        examples; the earlier turns of a conversation are written as these are, its system text
        first. Only for text: a chat is rendered by the model's tokenizer."""
        text, asked = "", list[tuple[str, str]]()
        for speaker, said, given in _turns(instruction, input, shots):
            if speaker in ("user", "tool"):
                asked.append((said, given))
                continue
            text += f"{self._fill_all(asked) if asked else ''}{said.strip()}\n\n"
            asked = []
        return text + self._fill_all(asked)

    def _fill_all(self, asked: Sequence[tuple[str, str]]) -> str:
        """`fill` for questions that follow each other without an answer."""
        return self.fill("\n\n".join(said for said, _ in asked), asked[-1][1])

    def messages(
        self, instruction: str, input: str = "", shots: Sequence[Shot] = ()
    ) -> list[dict[str, str]]:
        """The same as a chat: worked examples, and the turns of a conversation, are its turns."""
        return [
            {"role": who, "content": self.fill(said, given) if who == "user" else said}
            for who, said, given in _turns(instruction, input, shots)
        ]

    def without_stops(self, unwanted: Collection[str]) -> Prompt:
        """The same without some stop strings, such as those that true answers hold."""
        kept = tuple(stop for stop in self.stop_strings if stop not in unwanted)
        return replace(self, stop_strings=kept)

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal prompt."""
        return {
            "segments": [[segment.role, segment.text] for segment in self.segments],
            "stop_strings": list(self.stop_strings),
            "chat_template": self.chat_template,
            "special_tokens": dict(self.special_tokens),
            # Left out where empty: such prompts keep the hash that they always had.
            **({"day": self.day} if self.day else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Prompt:
        """The prompt that `to_json` wrote."""
        return cls(
            tuple(Segment(role, text) for role, text in values["segments"]),
            tuple(values["stop_strings"]),
            values["chat_template"],
            tuple(sorted(values["special_tokens"].items())),
            values.get("day", ""),
        )


def _turns(instruction: str, input: str, shots: Sequence[Shot]) -> list[tuple[Speaker, str, str]]:
    """(speaker, text, input) of everything that is said, ending with the question.

    Chat templates take one system text, at the very beginning: those of worked examples join it.
    """
    system: dict[str, None] = {}
    turns: list[tuple[Speaker, str, str]] = []
    for asked, given, answer in (*shots, (instruction, input, None)):
        earlier = turns_of(given)
        system |= {said: None for speaker, said in earlier if speaker == "system"}
        turns += [(speaker, said, "") for speaker, said in earlier if speaker != "system"]
        turns.append(("user", asked, "" if earlier else given))
        if answer is not None:
            turns.append(("assistant", answer.strip(), ""))
    first: list[tuple[Speaker, str, str]] = [("system", "\n\n".join(system), "")] if system else []
    return first + turns


def chat_prompt(
    chat_template: str,
    special_tokens: Mapping[str, str],
    stop_strings: Sequence[str],
    day: str = "",
) -> Prompt:
    """The prompt of a model's own chat template."""
    tokens = tuple(sorted((str(name), str(text)) for name, text in special_tokens.items()))
    return Prompt(segments_of(CHAT_TURN), tuple(stop_strings), chat_template, tokens, day)


@dataclass(frozen=True)
class PromptTemplate:
    """A project's text with `{instruction}` and `{input}`; braces elsewhere are plain text.

    Raises InvalidTemplate when `{instruction}` is missing.
    """

    text: str = DEFAULT_TEMPLATE

    def __post_init__(self) -> None:
        if "{instruction}" not in self.text:
            raise InvalidTemplate("The prompt template must contain {instruction}. Add it.")

    @property
    def prompt(self) -> Prompt:
        """The template as a Prompt, with plain line feeds at the ends of its lines."""
        text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        return Prompt(segments_of(text), stop_strings_of(text))

    @property
    def hash(self) -> str:
        """SHA-256 of the text, 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def render(self, instruction: str, input: str = "") -> str:
        """The prompt for one example, up to where the answer starts."""
        return self.prompt.render(instruction, input)

    def render_with_shots(self, shots: Sequence[Shot], instruction: str, input: str = "") -> str:
        """The same prompt behind worked (instruction, input, output) examples."""
        return self.prompt.render(instruction, input, shots)


@dataclass(frozen=True)
class CutAnswer:
    """An answer up to its stop string; `cut` is what stood behind, `stopped` whether there was
    one."""

    text: str
    cut: str
    stopped: bool


def cut_answer(answer: str, stop_strings: Sequence[str], *, at_cap: bool = False) -> CutAnswer:
    """Ends `answer` where the first stop string begins; trailing white space goes too.

    With `at_cap` a beginning of a stop string at the very end is cut as well.
    """
    # A line break before the answer: a stop string that wants the start of a line may be first.
    text = f"\n{answer}"
    places = [place for stop in stop_strings if (place := text.find(stop)) >= 0]
    stopped = bool(places)
    if not places and at_cap:
        places = [len(text) - partial] if (partial := _partial_stop(text, stop_strings)) else []
    end = max(min(places, default=len(text)) - 1, 0)
    kept = answer[:end].rstrip()
    return CutAnswer(kept, answer[len(kept) :] if places else "", stopped)


def _partial_stop(text: str, stop_strings: Sequence[str]) -> int:
    """The length of the longest beginning of a stop string that `text` ends with."""
    fitting = (
        size
        for stop in stop_strings
        for size in range(len(stop) - 1, 0, -1)
        if len(stop[:size].strip()) >= SHORTEST_PARTIAL_STOP and text.endswith(stop[:size])
    )
    return max(fitting, default=0)
