"""From examples to batches of tokens; loss is taken on the answer and the stop token only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.errors import InvalidInput
from core.gpu.prompting import rendered_examples
from core.prompts import Prompt
from core.tuning.spec_parts import Overlong


class OverlongExamples(InvalidInput):
    """Examples have more tokens than max_length, and nobody chose what to do with them."""

    title = "Some examples are too long"


class NothingToLearn(InvalidInput):
    """No token would carry loss."""

    title = "There is nothing to learn from"


# How an example may have more tokens, unless the model is what limits them.
RAISE = "Raise max_length"


class ChangedExamples(InvalidInput):
    """The examples in a run's folder are damaged, or not those that it began with."""

    title = "The examples have changed"


@dataclass(frozen=True)
class EncodedExample:
    """Token ids of one example; `answer` ends with the stop token unless it was cut."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)

    @property
    def longest(self) -> int:
        """Tokens of its longest row in a batch, as wide as which all others become."""
        return len(self)

    @property
    def labelled(self) -> int:
        """How much of it carries loss: tokens."""
        return len(self.answer)


@dataclass(frozen=True)
class EncodedSplit:
    """A split as tokens, and what became of its over-long examples (examples, tokens)."""

    examples: tuple[EncodedExample, ...]
    overlong: int = 0
    tokens_lost: int = 0
    longest: int = 0

    @property
    def lengths(self) -> list[int]:
        """Tokens of each example, prompt and answer."""
        return [len(example) for example in self.examples]

    @property
    def labelled(self) -> int:
        """Tokens that carry loss; of labelled examples, how many there are."""
        return sum(example.labelled for example in self.examples)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a parquet file as dictionaries; an absent file has none. Raises
    ChangedExamples for one that is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path.is_file() else []
    except (pa.ArrowInvalid, OSError) as error:
        if getattr(error, "errno", None):  # the system's own, and not what pyarrow made of the file
            raise
        raise ChangedExamples(
            f"{path.name} in the run's folder is damaged and cannot be read. Put the file back, or "
            "start anew."
        ) from error
    return rows


def hashes_of(files: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of each file by its name, "" for one that is not there."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        for file in files
    }


def refuse_changed_examples(files: Sequence[Path], expected: Mapping[str, str]) -> None:
    """Raises ChangedExamples when a file is not the one that `expected` has the hash of."""
    for name, own in hashes_of(files).items():
        if name in expected and own != expected[name]:
            raise ChangedExamples(
                f"The examples in {name} of the run's folder are not those that it began with. Put "
                "the file back, or start anew."
            )


def refuse_empty(train: EncodedSplit, what: str = "training example") -> None:
    """Raises NothingToLearn when nothing to learn from is there, or left."""
    if train.examples:
        return
    if train.overlong:
        raise NothingToLearn(
            f"No {what} is left: all {train.overlong} are over-long and left out. Raise "
            f"max_length (the longest has {train.longest} tokens), or choose to truncate them."
        )
    raise NothingToLearn("The training split has no example. Freeze a version that has some.")


def encode(
    tokenizer: Any,
    prompt: Prompt,
    rows: Sequence[dict[str, Any]],
    max_length: int,
    overlong: Overlong,
    more: str = RAISE,
) -> EncodedSplit:
    """Renders and tokenises `rows` (instruction, input, output); `more` says how an example may
    have more tokens.

    Raises OverlongExamples when some exceed `max_length` tokens and overlong is "refuse";
    NothingToLearn when cutting would leave an example without any answer token.
    """
    if not rows:
        return EncodedSplit(())
    rendered = rendered_examples(tokenizer, prompt, rows)
    examples = [EncodedExample(one.prompt, one.answer) for one in rendered]
    return _fit(examples, max_length, overlong, more)


def _fit(
    examples: list[EncodedExample], max_length: int, overlong: Overlong, more: str
) -> EncodedSplit:
    longest = max(len(example) for example in examples)
    excess = [len(e) - max_length for e in examples if len(e) > max_length]
    if not excess:
        return EncodedSplit(tuple(examples), longest=longest)
    if overlong == "refuse":
        raise OverlongExamples(
            f"{len(excess)} of {len(examples)} examples have more than {max_length} tokens (the "
            f"longest {longest}). {more}, or choose to drop or to truncate them."
        )
    if overlong == "drop":
        kept = tuple(e for e in examples if len(e) <= max_length)
        lost = sum(len(e) for e in examples if len(e) > max_length)
        return EncodedSplit(kept, len(excess), lost, longest)
    cut = tuple(EncodedExample(e.prompt, e.answer[: max_length - len(e.prompt)]) for e in examples)
    without = sum(len(e.prompt) >= max_length for e in examples)
    if without:
        raise NothingToLearn(
            f"{without} prompts fill {max_length} tokens by themselves, so no answer token would "
            f"be left. {more}, or choose to drop over-long examples."
        )
    return EncodedSplit(cut, len(excess), sum(excess), longest)


@dataclass(frozen=True)
class Batch:
    """Right-padded examples.

    `ids` (rows, width) token ids; `keep` (rows, width) is True where the *next* token carries
    loss; `targets` those next tokens, row by row; `tokens` the number of real tokens.
    """

    ids: torch.Tensor
    keep: torch.Tensor
    targets: torch.Tensor
    tokens: int

    def to(self, device: torch.device) -> Batch:
        """The same on `device`."""
        if device.type == "cpu":
            return self
        ids, keep, targets = (x.to(device) for x in (self.ids, self.keep, self.targets))
        return Batch(ids, keep, targets, self.tokens)


def collate(examples: Sequence[EncodedExample]) -> Batch:
    """One batch, as wide as its longest example.

    No attention mask is needed: in a causal model nothing looks at what stands to its right.
    """
    width = max(len(example) for example in examples)
    ids = torch.zeros((len(examples), width), dtype=torch.long)
    keep = torch.zeros((len(examples), width), dtype=torch.bool)
    targets: list[int] = []
    for row, example in enumerate(examples):
        ids[row, : len(example)] = torch.tensor(example.prompt + example.answer)
        keep[row, len(example.prompt) - 1 : len(example) - 1] = True
        targets.extend(example.answer)
    return Batch(ids, keep, torch.tensor(targets), sum(map(len, examples)))
