"""What an import file tells of who worked on an example: sentences, whatever the file holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.examples.told import MOST_TOLD, told_by_file
from core.importing.record_kinds import flatten

NINE = {"by": "bo", "at": "2026-10-02T09:00:00Z"}


def test_label_studio_names_who_annotated_and_when_and_who_skipped() -> None:
    done = {"completed_by": {"email": "anna@firm.org"}, "updated_at": "2026-10-01T12:00:00Z"}
    skipped = {"completed_by": 7, "was_cancelled": True}
    record = {"id": 1, "data": {"text": "x"}, "annotations": [done, skipped]}
    assert told_by_file(flatten("label_studio", record)) == [
        "anna@firm.org annotated it, 1 Oct 2026, 12:00 UTC",
        "7 skipped it",
    ]


def test_argilla_names_everybody_who_submitted_once() -> None:
    answers = [
        {"user_id": "u1", "value": "yes", "status": "submitted"},
        {"user_id": "u2", "value": "no", "status": "submitted"},
        {"user_id": "u3", "value": "no", "status": "draft"},
    ]
    record = {"id": 1, "fields": {"text": "x"}, "responses": {"one": answers, "two": answers}}
    assert told_by_file(flatten("argilla", record)) == ["u1 annotated it", "u2 annotated it, too"]


@pytest.mark.parametrize(
    ("exported", "said"),
    [
        ({"annotated_by": "Ada", "annotated_at": "soon"}, ["Ada annotated it"]),
        (
            {"written_by": "Ben", "origin": "review", "reviewed_by": "Ben", "decision": "accept"},
            ["Ben edited it", "Ben accepted it"],
        ),
        ({"written_by": "Ben", "origin": "import", "imported_by": "Ben"}, []),
        (
            {"annotations": [NINE, {**NINE, "by": "Cy\n D"}], "annotated_by": "Touchstone"},
            ["bo annotated it, 2 Oct 2026, 09:00 UTC", "Cy D annotated it, 2 Oct 2026, 09:00 UTC"],
        ),
        ({"annotations": '[{"by": "bo"}]'}, ["bo annotated it"]),
    ],
)
def test_an_own_export_names_who_annotated_edited_and_decided(
    exported: dict[str, Any], said: list[str]
) -> None:
    assert told_by_file({"exported": exported}) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-10-01T23:30:00-05:00", ", 2 Oct 2026, 04:30 UTC"),
        ("2026-10-01 12:00:00", ", 1 Oct 2026, 12:00"),  # of no zone that is known
        ("2026-10-01", ", 1 Oct 2026"),
        ("0001-01-01T00:00:00+05:00", ""),  # before the first day there is
        (1_700_000_000, ""),
    ],
)
def test_a_time_is_told_with_as_much_as_the_file_says_of_it(at: Any, said: str) -> None:
    assert told_by_file({"annotated": {"by": "anna", "at": at}}) == [f"anna annotated it{said}"]


def nested(levels: int) -> Any:
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"exported": {"annotations": "[" * 200_000}}, []),
        ({"annotated": {"by": 10**5000}}, []),
        ({"exported": {"reviewed_by": "Ada", "decision": 10**5000}}, ["Ada decided on it"]),
        ({"exported": {"reviewed_by": "Ada", "decision": nested(9000)}}, ["Ada decided on it"]),
        ({"annotated": {"by": "\u202eeve\x00\x07"}}, ["eve annotated it"]),
    ],
    ids=["deep text", "long number", "long decision", "deep decision", "marks that show nothing"],
)
def test_what_is_made_to_break_a_page_breaks_none(meta: dict[str, Any], said: list[str]) -> None:
    assert told_by_file(meta) == said


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=30)
        | st.dictionaries(st.sampled_from(["by", "at", "annotations", "origin"]), inner)
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["exported", "annotated", "other_annotations"]), ODD))
def test_no_metadata_are_too_odd_to_be_read(meta: dict[str, Any]) -> None:
    said = told_by_file(meta)
    assert len(said) <= MOST_TOLD
    assert all(0 < len(one) < 140 and "\n" not in one for one in said)
