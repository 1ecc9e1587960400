"""From preference pairs to the loss of direct preference optimisation (DPO), and its reference.

Rafailov et al. 2023, "Direct Preference Optimization", eq. 7: with the log-probabilities of the
preferred answer w and the rejected answer l under the model and under the reference, the base that
the training starts from,

    loss = −log σ(β (log π(w) − log π_ref(w)) − β (log π(l) − log π_ref(l)))

The reference never changes, so its log-probabilities are taken once for each pair, before anything
is put on the base: no second copy of the model is needed, whatever the method, and a run that goes
on from a checkpoint has the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from safetensors.torch import load_file, save_file

from core.gpu.data import (
    RAISE,
    Batch,
    EncodedExample,
    EncodedSplit,
    NothingToLearn,
    OverlongExamples,
    collate,
)
from core.gpu.memory import until_it_fits
from core.gpu.objective import answer_logits
from core.gpu.prompting import rendered_examples
from core.prompts import Prompt
from core.tuning.spec_parts import ObjectiveChoice, Overlong

# Margins below this are rounding: before the first step there is no preference.
EVEN = 1e-4
MEASURES = ("reward_margin", "preference_accuracy", "reward_chosen", "reward_rejected")


@dataclass(frozen=True)
class EncodedPair(EncodedExample):
    """Token ids of a question with its preferred answer (`answer`) and the rejected one; the
    log-probabilities that the reference gives to both, in nats."""

    rejected: tuple[int, ...] = ()
    reference: tuple[float, float] = (0.0, 0.0)

    def __len__(self) -> int:
        return 2 * len(self.prompt) + len(self.answer) + len(self.rejected)

    @property
    def longest(self) -> int:
        """Tokens of the question with the longer answer: what has to fit the context."""
        return len(self.prompt) + max(len(self.answer), len(self.rejected))

    @property
    def labelled(self) -> int:
        """One comparison carries loss."""
        return 1

    @property
    def both(self) -> tuple[EncodedExample, EncodedExample]:
        """The question with the preferred answer, and with the rejected one."""
        return (
            EncodedExample(self.prompt, self.answer),
            EncodedExample(self.prompt, self.rejected),
        )


def encode_pairs(
    tokenizer: Any,
    prompt: Prompt,
    rows: Sequence[dict[str, Any]],
    max_length: int,
    overlong: Overlong,
    more: str = RAISE,
) -> EncodedSplit:
    """Renders and tokenises `rows` (instruction, input, output, rejected, rejected_cut); `more`
    says how a pair may have more tokens.

    A pair is over-long when one of its answers is; dropped, it goes as a whole, truncated, the
    answer that is too long is cut. Raises OverlongExamples, NothingToLearn.
    """
    if not rows:
        return EncodedSplit(())
    chosen = rendered_examples(tokenizer, prompt, rows)
    others = rendered_examples(
        tokenizer, prompt, [{**row, "output": row["rejected"]} for row in rows]
    )
    pairs = [
        # What ended an answer that was cut off was the limit, not the model: no stop token.
        EncodedPair(a.prompt, a.answer, b.answer[:-1] if row["rejected_cut"] else b.answer)
        for a, b, row in zip(chosen, others, rows, strict=True)
    ]
    return _fit(pairs, max_length, overlong, more)


def _fit(pairs: list[EncodedPair], max_length: int, overlong: Overlong, more: str) -> EncodedSplit:
    longest = max(pair.longest for pair in pairs)
    over = [pair for pair in pairs if pair.longest > max_length]
    if not over:
        return EncodedSplit(tuple(pairs), longest=longest)
    if overlong == "refuse":
        raise OverlongExamples(
            f"{len(over)} of {len(pairs)} preference pairs have more than {max_length} tokens (the "
            f"longest {longest}). {more}, or choose to drop or to truncate them."
        )
    if overlong == "drop":
        kept = tuple(pair for pair in pairs if pair.longest <= max_length)
        return EncodedSplit(kept, len(over), sum(map(len, over)), longest)
    if any(len(pair.prompt) >= max_length for pair in over):
        raise NothingToLearn(
            f"Some prompts fill {max_length} tokens by themselves, so no answer token would be "
            f"left. {more}, or choose to drop over-long pairs."
        )
    cut = tuple(_cut(pair, max_length - len(pair.prompt)) for pair in pairs)
    lost = sum(map(len, pairs)) - sum(map(len, cut))
    return EncodedSplit(cut, len(over), lost, longest)


def _cut(pair: EncodedPair, room: int) -> EncodedPair:
    return replace(pair, answer=pair.answer[:room], rejected=pair.rejected[:room])


@dataclass(frozen=True)
class PairBatch:
    """`rows`: the questions with their preferred answers, then with the rejected ones; `reference`
    (2, pairs) the log-probabilities of both under the reference; `tokens` the real tokens."""

    rows: Batch
    reference: torch.Tensor
    tokens: int

    @property
    def targets(self) -> torch.Tensor:
        """One element for each pair: what carries loss."""
        return self.reference[0]

    def to(self, device: torch.device) -> PairBatch:
        """The same on `device`."""
        return PairBatch(self.rows.to(device), self.reference.to(device), self.tokens)


class PreferredAnswers:
    """The objective of a model that learns from preferences."""

    measures = MEASURES

    def __init__(self, choice: ObjectiveChoice) -> None:
        self.beta, self.sft_weight = choice.beta, choice.sft_weight

    def collate(self, pairs: Sequence[EncodedPair]) -> PairBatch:
        """One batch, as wide as its longest answer with its question."""
        both = [pair.both for pair in pairs]
        rows = collate([one for one, _ in both] + [other for _, other in both])
        reference = torch.tensor([pair.reference for pair in pairs]).T.contiguous()
        return PairBatch(rows, reference, rows.tokens)

    def loss(self, model: Any, batch: PairBatch) -> torch.Tensor:
        """(1 + measures): the loss summed over the pairs, then margins of the rewards, accuracies
        and the rewards of both answers. Where both rewards are even, half a pair is right."""
        found = answer_log_probs(model, batch.rows).view(2, -1)
        rewards = self.beta * (found - batch.reference)
        margins = rewards[0] - rewards[1]
        loss = -functional.logsigmoid(margins).sum()
        if self.sft_weight:
            lengths = batch.rows.keep.sum(1)[: len(margins)]
            loss = loss - self.sft_weight * (found[0] / lengths).sum()
        right = 0.5 + 0.5 * margins.sign() * (margins.abs() > EVEN)
        seen = [one.detach().sum() for one in (margins, right, rewards[0], rewards[1])]
        return torch.stack([loss, *seen])


def means_of(
    objective: PreferredAnswers, model: Any, device: torch.device, pairs: Sequence[Any], size: int
) -> dict[str, float]:
    """The means of the measures over `pairs`, read `size` at once; {} of none."""
    if not pairs:
        return {}
    order = sorted(pairs, key=len)
    total = torch.zeros(1 + len(objective.measures), device=device)
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), size):
            batch = objective.collate(order[start : start + size])
            total += objective.loss(model, batch.to(device))
    means = (total[1:] / len(order)).tolist()
    return dict(zip(objective.measures, means, strict=True))


def answer_log_probs(model: Any, batch: Batch) -> torch.Tensor:
    """(rows) the log-probability of each row's answer, summed over its tokens, in float32 nats."""
    logits = answer_logits(model, batch)
    tokens = -functional.cross_entropy(logits, batch.targets, reduction="none")
    row_of = batch.keep.nonzero()[:, 0]
    return torch.zeros(len(batch.ids), device=tokens.device).index_add(0, row_of, tokens)


def with_reference(
    model: Any,
    device: torch.device,
    splits: Sequence[EncodedSplit],
    size: int,
    kept: Path,
    note: Callable[[str], None],
) -> list[EncodedSplit]:
    """The pairs of `splits` with the log-probabilities that `model`, as it is now, gives to both
    answers, `size` pairs at once as far as memory allows.

    `kept` is the file that they are in from the first start on: a run that goes on reads them.
    """
    if kept.is_file():
        found = list(load_file(kept).items())
    else:
        note("Asking the base for the probabilities of both answers of every pair.")
        portion = _Portion(size)
        found = [
            (f"{place:02}", _reference(model, device, split.examples, portion))
            for place, split in enumerate(splits)
        ]
        part = kept.with_suffix(".part")
        save_file(dict(found), part)
        part.replace(kept)
    tensors = [tensor for _, tensor in sorted(found)]
    return [
        replace(split, examples=tuple(_referred(split.examples, tensor)))
        for split, tensor in zip(splits, tensors, strict=True)
    ]


class _Portion:
    """How many pairs go through the model at once, halved when memory runs out."""

    def __init__(self, size: int) -> None:
        self.size = size

    def halve(self) -> None:
        self.size = max(1, self.size // 2)


def _reference(
    model: Any, device: torch.device, pairs: Sequence[Any], portion: _Portion
) -> torch.Tensor:
    """(pairs, 2) log-probabilities of the preferred and the rejected answers."""
    order = sorted(range(len(pairs)), key=lambda k: len(pairs[k]))
    found = torch.zeros((len(pairs), 2))
    plain = PreferredAnswers(ObjectiveChoice())

    def ask() -> None:
        for start in range(0, len(order), portion.size):
            places = order[start : start + portion.size]
            batch = plain.collate([pairs[k] for k in places]).to(device)
            found[places] = answer_log_probs(model, batch.rows).view(2, -1).T.cpu()

    model.eval()
    with torch.inference_mode():
        until_it_fits(ask, can_cut=lambda: portion.size > 1, cut=portion.halve)
    return found


def _referred(pairs: Sequence[Any], reference: torch.Tensor) -> list[EncodedPair]:
    if len(pairs) != len(reference):
        raise NothingToLearn(
            "The reference was taken of other pairs than the run has now. Start a new run."
        )
    return [
        replace(pair, reference=(own[0], own[1]))
        for pair, own in zip(pairs, reference.tolist(), strict=True)
    ]
