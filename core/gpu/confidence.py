"""How likely a model finds what it writes while it writes it, and a reference that it is given.

Both are natural log-probabilities under the model's own distribution, at temperature 1 whatever the
decoding's temperature, so that systems and settings compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from transformers import LogitsProcessor

from core.gpu.data import EncodedExample, collate
from core.gpu.objective import answer_loss


class TokenLogProbabilities(LogitsProcessor):  # type: ignore[misc]
    """Notes the log-probability of each token that `generate` chooses, and changes nothing.

    No second forward pass, and of the logits (rows, vocabulary) only the last step's are kept:
    `output_logits` would keep those of every step, gigabytes with a large vocabulary.
    """

    def __init__(self) -> None:
        self._last: torch.Tensor | None = None
        self._found: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        # Called before temperature is applied, with float32 logits; what was chosen from those of
        # the step before stands at the end of `input_ids` by now.
        self._note(input_ids[:, -1])
        self._last = scores
        return scores

    def of(self, new: torch.Tensor) -> list[list[float]]:
        """Row by row those of the tokens `new` (rows, steps) that `generate` returned."""
        steps = new.shape[1]
        if len(self._found) < steps:
            self._note(new[:, -1])
        if not steps:
            return [[] for _ in range(len(new))]
        # `generate` may have made a step too many and taken it back.
        return torch.stack(self._found[:steps], dim=1).tolist()

    def _note(self, chosen: torch.Tensor) -> None:
        if self._last is None:
            return
        logits = self._last.gather(1, chosen[:, None].to(self._last.device)).squeeze(1)
        self._found.append(logits - self._last.logsumexp(dim=-1))
        self._last = None


def confidence_of(log_probabilities: Sequence[float]) -> float | None:
    """The mean natural log-probability of an answer's tokens, at most 0; None without a token.

    They are all that the model generated for it: the stop token, and the tokens of a stop string,
    which is cut from the text, among them. So it is the mean over `Answer.new_tokens`.
    """
    if not log_probabilities:
        return None
    mean = math.fsum(log_probabilities) / len(log_probabilities)
    return mean if math.isfinite(mean) else None


def reference_loss(model: Any, example: EncodedExample, device: torch.device) -> float:
    """The mean negative natural log-probability of a reference's tokens, the stop token among them,
    behind its prompt: the logarithm of its perplexity, at least 0.

    One example a pass: no padding stands between a learned prompt and the example's, and the
    logits are those of one reference. `model` has its adapter on or off as it is to be asked;
    without it, give the model that the adapter sits on: a learned prompt that is off still counts
    as one on the PeftModel (`core.gpu.adapters.prompt_offset`).
    """
    with torch.inference_mode():
        loss = answer_loss(model, collate([example]).to(device))
    return float(loss) / len(example.answer)
