"""The prompt template: one text that training and generation both render, so they cannot differ."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput

DEFAULT_TEMPLATE = "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n"


class InvalidTemplate(InvalidInput):
    """The template lacks a placeholder, or has one that nothing fills."""

    title = "The prompt template cannot be used"


@dataclass(frozen=True)
class PromptTemplate:
    """Text with `{instruction}` and `{input}`; a paragraph with `{input}` goes when input is empty.

    Raises InvalidTemplate when `{instruction}` is missing. Braces elsewhere are plain text.
    """

    text: str = DEFAULT_TEMPLATE

    def __post_init__(self) -> None:
        if "{instruction}" not in self.text:
            raise InvalidTemplate("The prompt template must contain {instruction}. Add it.")

    @property
    def hash(self) -> str:
        """SHA-256 of the text, 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def render(self, instruction: str, input: str = "") -> str:
        """The prompt for one example, up to where the answer starts."""
        text = self.text
        if not input.strip():
            text = "\n\n".join(part for part in text.split("\n\n") if "{input}" not in part)
        before, _, after = text.partition("{instruction}")
        return before.replace("{input}", input) + instruction + after.replace("{input}", input)

    def render_with_shots(
        self, shots: Sequence[tuple[str, str, str]], instruction: str, input: str = ""
    ) -> str:
        """The same prompt behind worked (instruction, input, output) examples."""
        worked = "".join(self.render(i, x) + y.strip() + "\n\n" for i, x, y in shots)
        return worked + self.render(instruction, input)
