"""The health of a set: its lengths in bars."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.checks.health import BARS, lengths_of


@given(st.lists(st.integers(0, 3_000), max_size=200))
def test_every_text_is_in_one_of_at_most_twenty_bars_of_equal_width_but_for_the_ends(
    lengths: list[int],
) -> None:
    found = lengths_of(["x" * length for length in lengths])
    assert sum(found.counts) + found.empty == len(lengths)
    assert len(found.counts) <= BARS
    for (low, high), count in zip(pairwise(found.edges), found.counts, strict=True):
        assert count == sum(low <= length < high for length in lengths)
    assert len({high - low for low, high in list(pairwise(found.edges))[1:-1]}) <= 1


def test_one_very_long_text_does_not_press_the_others_into_one_bar() -> None:
    found = lengths_of(["x" * length for length in range(1, 400)] + ["y" * 90_000])
    assert len(found.counts) == BARS
    assert found.edges[-1] == 90_001
    assert max(found.counts) <= 24
