"""Ends each row of a batch at its first stop string, so that none runs on to the cap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import StoppingCriteria

from core.prompts import cut_answer


class StopAtStrings(StoppingCriteria):  # type: ignore[misc]
    """After each token: has this row's answer come to a stop string? Only its tail is decoded.

    `ends` holds for each row how many new tokens it had then, None while it has none.
    """

    def __init__(self, tokenizer: Any, stops: Sequence[str], width: int, rows: int) -> None:
        self.ends: list[int | None] = [None] * rows
        self._tokenizer, self._stops, self._width = tokenizer, list(stops), width
        # A token is at least one byte long; some more, for characters cut at the tail's start.
        self._tail = max((len(stop.encode()) for stop in stops), default=0) + 8

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        new = input_ids.shape[1] - self._width
        going = [row for row, end in enumerate(self.ends) if end is None]
        tails = input_ids[:, -min(new, self._tail) :].tolist()
        texts = self._tokenizer.batch_decode(
            [tails[row] for row in going], skip_special_tokens=True
        )
        for row, text in zip(going, texts, strict=True):
            # In front of a tail stands more of the answer, which is no line break.
            before = "" if new <= self._tail else "."
            if cut_answer(before + text, self._stops).stopped:
                self.ends[row] = new
        return torch.tensor([end is not None for end in self.ends], device=input_ids.device)
