"""The validation of `make validate`, at a fortieth of its size."""

from __future__ import annotations

from tests.benchmarks.validate import ROWS, validated
from tests.benchmarks.validation.table import NO, SHORT


def test_what_the_evaluation_promises_holds_in_simulations() -> None:
    rows = list(validated(SHORT, processes=1))
    assert len(rows) == len(ROWS)
    broken = [row.markdown(SHORT) for row in rows if row.holds(SHORT) == NO]
    assert broken == []
