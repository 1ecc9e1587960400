"""core.wording: figures and texts as people read them."""

from __future__ import annotations

import pytest

from core.wording import begun


@pytest.mark.parametrize(
    ("text", "read"), [("token F1", "Token F1"), ("JSON validity", "JSON validity"), ("", "")]
)
def test_a_name_at_the_beginning_keeps_its_other_letters(text: str, read: str) -> None:
    assert begun(text) == read
