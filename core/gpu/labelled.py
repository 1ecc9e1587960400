"""From examples to batches whose target is a label, and the loss of a model that chooses one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as functional

from core.gpu.data import RAISE, EncodedExample, EncodedSplit, OverlongExamples
from core.gpu.label_models import is_decoder, pad_token
from core.gpu.models import LoadedModel
from core.gpu.objective import mixed_precision
from core.gpu.prompting import EmptyPrompt, prompt_texts, prompt_tokens
from core.prompts import Prompt
from core.tuning.labels import label_in
from core.tuning.spec_parts import Overlong

# Tokenizers without a limit name a number like this.
NO_LIMIT = 10**6


@dataclass(frozen=True)
class LabelledExample(EncodedExample):
    """Token ids of one example, all of them its prompt, and the place of its label."""

    label: int = 0

    @property
    def labelled(self) -> int:
        """One label carries loss."""
        return 1


@dataclass(frozen=True)
class LabelledSplit:
    """A split to learn from or to be measured on, and what of it has another label than training.

    `references` are the labels of all examples that have one, `tokens` what is read of each, in the
    same order; `split` holds those whose label can be chosen; `unlabelled` counts those without.
    """

    split: EncodedSplit
    tokens: tuple[tuple[int, ...], ...] = ()
    references: tuple[str, ...] = ()
    unknown: int = 0
    unlabelled: int = 0


def readable_length(base: LoadedModel, asked: int | None = None) -> int | None:
    """The most tokens of an example: as asked for, what the model sees, what its tokenizer says."""
    known = [asked, base.context]
    # An encoder may count its positions from behind the padding's: then only the tokenizer knows.
    if not is_decoder(base.model) and base.tokenizer.model_max_length < NO_LIMIT:
        known.append(base.tokenizer.model_max_length)
    return min((one for one in known if one), default=None)


def read_tokens(
    base: LoadedModel, prompt: Prompt, questions: Sequence[tuple[str, str]]
) -> list[tuple[int, ...]]:
    """What the model reads of (instruction, input) pairs: for a decoder the tokens that an answer
    would start behind, for an encoder the prompt between the tokens that it was trained with.

    Raises EmptyPrompt.
    """
    if not questions:
        return []
    texts = prompt_texts(base.tokenizer, prompt, questions)
    if is_decoder(base.model):
        pad, rows = pad_token(base.tokenizer), prompt_tokens(base.tokenizer, prompt, texts)
        return [_without_padding(row, pad) for row in rows]
    ids = base.tokenizer(texts, return_attention_mask=False)["input_ids"]
    if not all(ids):
        raise EmptyPrompt("An example has an empty prompt. Fill in its instruction.")
    return [tuple(row) for row in ids]


def _without_padding(row: list[int], pad: int) -> tuple[int, ...]:
    # The model takes the last token that is not the padding's for the last one of the example.
    while len(row) > 1 and row[-1] == pad:
        row = row[:-1]
    return tuple(row)


def cut_in_the_middle(tokens: Sequence[int], limit: int) -> tuple[int, ...]:
    """The first `limit` tokens, the last of them the example's own last: the head is read there, or
    it closes the text."""
    return tuple(tokens) if len(tokens) <= limit else (*tokens[: limit - 1], tokens[-1])


def encode_labelled(
    base: LoadedModel,
    prompt: Prompt,
    rows: Sequence[Mapping[str, Any]],
    limit: int,
    overlong: Overlong,
    more: str = RAISE,
) -> LabelledSplit:
    """Tokens and labels of `rows` (instruction, input, output); `more` says how an example may have
    more tokens. Raises OverlongExamples."""
    labels = base.labels
    assert labels is not None
    own = [(row, label) for row in rows if (label := label_in(row["output"], labels.field))]
    asked = [(row["instruction"], row["input"] or "") for row, _ in own]
    tokens = read_tokens(base, prompt, asked)
    longest = max(map(len, tokens), default=0)
    over = [one for one in tokens if len(one) > limit]
    if over and overlong == "refuse":
        raise OverlongExamples(
            f"{len(over)} of {len(tokens)} examples have more than {limit} tokens (the longest "
            f"{longest}). {more}, or choose to drop or to truncate them."
        )
    kept = [
        (cut_in_the_middle(one, limit), row, label)
        for one, (row, label) in zip(tokens, own, strict=True)
        if len(one) <= limit or overlong == "truncate"
    ]
    places = [labels.place(row["output"]) for _, row, _ in kept]
    examples = tuple(
        LabelledExample(one, (), place)
        for (one, _, _), place in zip(kept, places, strict=True)
        if place is not None
    )
    lost = sum(map(len, tokens)) - sum(len(one) for one, _, _ in kept)
    return LabelledSplit(
        EncodedSplit(examples, len(over), lost, longest),
        tuple(one for one, _, _ in kept),
        tuple(label for _, _, label in kept),
        unknown=places.count(None),
        unlabelled=len(rows) - len(own),
    )


@dataclass(frozen=True)
class LabelBatch:
    """Right-padded examples: `ids` and `mask` (rows, width), `targets` (rows) the places of their
    labels, `tokens` the number of real tokens."""

    ids: torch.Tensor
    mask: torch.Tensor
    targets: torch.Tensor
    tokens: int

    def to(self, device: torch.device) -> LabelBatch:
        """The same on `device`."""
        ids, mask, targets = (x.to(device) for x in (self.ids, self.mask, self.targets))
        return LabelBatch(ids, mask, targets, self.tokens)


class ChosenLabel:
    """The objective of a model that chooses a label; `pad` is the id that fills batches up."""

    measures = ()

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def collate(self, examples: Sequence[LabelledExample]) -> LabelBatch:
        """One batch, as wide as its longest example."""
        ids, mask = padded([example.prompt for example in examples], self.pad)
        targets = torch.tensor([example.label for example in examples])
        return LabelBatch(ids, mask, targets, sum(map(len, examples)))

    def loss(self, model: Any, batch: LabelBatch) -> torch.Tensor:
        """Cross entropy of the labels, summed over the examples."""
        with mixed_precision(model):
            logits = model(input_ids=batch.ids, attention_mask=batch.mask).logits.float()
        return functional.cross_entropy(logits, batch.targets, reduction="sum")


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and their mask, (rows, width), filled up on the right."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask


def class_logits(
    model: Any, rows: Sequence[Sequence[int]], device: torch.device, pad: int = 0
) -> torch.Tensor:
    """The logits of the labels, (rows, labels)."""
    ids, mask = padded(rows, pad)
    logits: torch.Tensor = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
    return logits


def chosen_places(
    model: Any, base: LoadedModel, rows: Sequence[Sequence[int]], size: int
) -> list[int]:
    """The place of the likeliest label of each row of token ids, `size` rows at once."""
    found = [0] * len(rows)
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    pad = pad_token(base.tokenizer)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            logits = class_logits(model, [rows[k] for k in batch], base.device, pad)
            for k, place in zip(batch, logits.argmax(-1).tolist(), strict=True):
                found[k] = place
    return found
