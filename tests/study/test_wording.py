"""core.wording: figures and texts as people read them."""

from __future__ import annotations

import pytest

from core.wording import begun, figure, memory_size


@pytest.mark.parametrize(
    ("text", "read"), [("token F1", "Token F1"), ("JSON validity", "JSON validity"), ("", "")]
)
def test_a_name_at_the_beginning_keeps_its_other_letters(text: str, read: str) -> None:
    assert begun(text) == read


@pytest.mark.parametrize(
    ("value", "digits", "read"),
    [(7473, 0, "7 473"), (-5, 0, "−5"), (-0.004, 2, "0.00"), (-0.4, 0, "0"), (-0.006, 2, "−0.01")],
)
def test_a_figure_has_thin_spaces_and_a_wide_minus_where_it_is_not_nothing(
    value: float, digits: int, read: str
) -> None:
    assert figure(value, digits) == read.replace(" ", "\N{NARROW NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("value", "read"), [(0, "1 MB"), (58e6, "58 MB"), (999e6, "999 MB"), (2.64e9, "2.6 GB")]
)
def test_memory_is_told_in_megabytes_or_gigabytes(value: float, read: str) -> None:
    assert memory_size(value) == read
