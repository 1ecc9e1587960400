"""The list of examples on a real database that is larger than the stretches it is looked at in."""

from __future__ import annotations

from core.examples.listing import ExampleFilter
from storage.listing import STRETCHES
from storage.store import Store
from tests.builders import a_project
from tests.many_examples import many_examples


def test_a_list_goes_on_behind_a_stretch_and_ends_where_it_has_enough(store: Store) -> None:
    project_id = a_project(store).project_id
    many_examples(store, project_id, STRETCHES[0] + 20_000)
    near = ExampleFilter(text=f"visit {STRETCHES[0] // 10}")
    there = [6553, *range(65_530, 65_540)]

    def page(wanted: ExampleFilter, limit: int, offset: int, cap: int) -> tuple[list[int], int]:
        rows, n = store.listing.page(project_id, wanted, limit=limit, offset=offset, cap=cap)
        return [one.position for one in rows], n

    assert page(near, 20, 0, 10_000) == (there, 11)
    assert page(near, 3, 5, 10_000) == ([65_534, 65_535, 65_536], 11)
    assert page(near, 20, 0, 8) == (there[:8], 8)
    assert page(ExampleFilter(text="visit"), 2, 70_000, 70_100) == ([70_001, 70_002], 70_100)
    assert page(ExampleFilter(positions=(70_000, 9, 12)), 2, 0, 10_000) == ([9, 12], 3)
    assert page(ExampleFilter(text="went ill"), 2, 0, 10_000) == ([], 0)
