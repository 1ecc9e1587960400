"""Versions split by time, by a label's shares, and with examples that belong together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from core.errors import InvalidInput
from core.projects import LabelField
from core.versions.split_plan import SplitPlan
from core.versions.time_values import UnorderedTimes
from core.workflows.curation import describing, freezing
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, triples
from tests.version_builders import freeze_here, splits_of

TOPIC = LabelField("topic", ("sums", "cats"))


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store, label_schema=(TOPIC,)).project_id


def with_metadata(
    store: Store, project_id: str, metadata: Sequence[Mapping[str, Any]], start: int = 0
) -> list[str]:
    """Accepted examples, each with its metadata."""
    ids = accepted_examples(store, project_id, triples(start + len(metadata))[start:])
    for example_id, one in zip(ids, metadata, strict=True):
        store.database.execute(
            "UPDATE examples SET meta = $meta WHERE example_id = $id",
            {"meta": json.dumps(one), "id": example_id},
        )
    return ids


def test_the_newest_are_test_and_later_versions_keep_that(store: Store, project_id: str) -> None:
    days = [{"written": f"2026-{1 + k % 12:02}-{1 + k // 12:02}"} for k in range(50)]
    ids = with_metadata(store, project_id, days)
    version = freeze_here(store, project_id, plan=SplitPlan("time", time="written"))
    splits, written = splits_of(store, version), dict(zip(ids, days, strict=True))
    dates: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for example_id, split in splits.items():
        dates[split].append(written[example_id]["written"])
    assert max(dates["train"]) < min(dates["validation"])
    assert max(dates["validation"]) < min(dates["test"])
    assert version.counts == {"train": 40, "validation": 5, "test": 5}
    lead = an_actor(project_id)
    said = "Train has the oldest, test the newest, by “written”."
    assert freezing.how_split(store, lead, version.version_id) == said
    assert describing.data_card(store, lead, version.version_id).split == said
    with_metadata(store, project_id, [{"written": "2027-01-01"}, {"written": "?"}] * 5, start=50)
    later = freeze_here(store, project_id, plan=SplitPlan("time", time="written"))
    assert splits.items() <= splits_of(store, later).items()
    assert any("5 examples have no usable “written”" in one for one in later.warnings)


def test_examples_of_one_document_are_in_one_split_in_later_versions_too(
    store: Store, project_id: str
) -> None:
    documents = [{"document": f"d{k % 20}", "page": k} for k in range(100)]
    ids = with_metadata(store, project_id, documents)
    plan = SplitPlan(together="document")
    splits = splits_of(store, freeze_here(store, project_id, plan=plan))
    place = {documents[k]["document"]: splits[one] for k, one in enumerate(ids)}
    assert all(place[documents[k]["document"]] == splits[one] for k, one in enumerate(ids))
    assert Counter(place.values()) == {"train": 16, "validation": 2, "test": 2}
    more = with_metadata(store, project_id, documents[:20], start=100)
    later = splits_of(store, freeze_here(store, project_id, plan=plan))
    assert [later[one] for one in more] == [place[f"d{k}"] for k in range(20)]


def test_what_belongs_to_documents_in_several_splits_is_left_out_and_said(
    store: Store, project_id: str
) -> None:
    with_metadata(store, project_id, [{"document": "all"}] * 40)
    freeze_here(store, project_id)
    with_metadata(store, project_id, [{"document": "all"}, {"document": "own"}], start=40)
    version = freeze_here(store, project_id, plan=SplitPlan(together="document"))
    assert version.left_out == 1
    (left,) = freezing.left_out(store, an_actor(project_id), version.version_id)
    assert "in several splits" in left.reason


def test_each_split_has_the_options_of_a_label_in_the_same_shares(
    store: Store, project_id: str
) -> None:
    ids = accepted_examples(store, project_id, 100)
    for example_id in ids[:80]:
        store.database.execute(
            "UPDATE example_current SET labels = $labels WHERE example_id = $id",
            {"labels": json.dumps({"topic": "sums"}), "id": example_id},
        )
    version = freeze_here(store, project_id, plan=SplitPlan("stratified", label="topic"))
    splits = splits_of(store, version)
    assert Counter(splits[one] for one in ids[:80]) == {"train": 64, "validation": 8, "test": 8}
    assert Counter(splits[one] for one in ids[80:]) == {"train": 16, "validation": 2, "test": 2}
    assert any("20 examples have no usable “topic”" in one for one in version.warnings)


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (SplitPlan("stratified", label="mood"), "no label “mood”"),
        (SplitPlan("time", time="day"), "the metadata “day”"),
        (SplitPlan(together="author"), "the metadata “author”"),
    ],
)
def test_a_plan_names_what_the_project_has(
    store: Store, project_id: str, plan: SplitPlan, sentence: str
) -> None:
    with_metadata(store, project_id, [{"document": "a"}] * 12)
    with pytest.raises(InvalidInput, match=sentence):
        freezing.start_freeze(store, an_actor(project_id), project_id, plan=plan)


def test_parts_of_a_plan_belong_together() -> None:
    for parts in ({"by": "stratified"}, {"label": "x"}, {"time": "x"}, {"by": "dice"}):
        with pytest.raises(InvalidInput):
            SplitPlan(**parts)  # type: ignore[arg-type]
    plan = SplitPlan("time", time="day", together="author")
    assert SplitPlan.from_json(plan.to_json()) == plan


def test_a_document_near_examples_of_two_splits_is_left_out_whole(
    store: Store, project_id: str
) -> None:
    ids = with_metadata(store, project_id, [{"document": f"d{k}"} for k in range(60)])
    plan = SplitPlan(together="document")
    splits = splits_of(store, freeze_here(store, project_id, plan=plan))
    places = [splits[one] for one in ids]
    near = [triples(60)[places.index(name)] for name in ("train", "test")]
    new = accepted_examples(store, project_id, [(a, f"{b} extra", c) for a, b, c in near])
    for example_id in new:
        store.database.execute(
            "UPDATE examples SET meta = $meta WHERE example_id = $id",
            {"meta": json.dumps({"document": "new"}), "id": example_id},
        )
    later = freeze_here(store, project_id, plan=plan)
    assert not splits_of(store, later).keys() & set(new)
    assert later.left_out == 2


def test_empty_metadata_binds_nothing_and_no_number_is_no_moment(
    store: Store, project_id: str
) -> None:
    values = [{"document": " ", "day": "NaN" if k % 4 == 0 else str(k)} for k in range(60)]
    ids = with_metadata(store, project_id, values)
    plan = SplitPlan("time", time="day", together="document")
    version = freeze_here(store, project_id, plan=plan)
    splits = splits_of(store, version)
    assert {splits[one] for one in ids[::4]} == {"train"}
    assert version.counts == {"train": 48, "validation": 6, "test": 6}
    assert any("15 examples have no usable “day”" in one for one in version.warnings)


def test_times_with_an_offset_are_sorted_by_the_moment_that_they_mean(
    store: Store, project_id: str
) -> None:
    hours = [f"2026-03-01T{k:02}:30:00{'+09:00' if k % 2 else 'Z'}" for k in range(24)]
    hours += [f"2026-03-02T{k:02}:30:00Z" for k in range(16)]
    ids = with_metadata(store, project_id, [{"written": one} for one in hours])
    splits = splits_of(
        store, freeze_here(store, project_id, plan=SplitPlan("time", time="written"))
    )
    moments: dict[str, list[datetime]] = {"train": [], "validation": [], "test": []}
    for example_id, hour in zip(ids, hours, strict=True):
        moments[splits[example_id]].append(datetime.fromisoformat(hour))
    assert max(moments["train"]) <= min(moments["validation"])
    assert max(moments["validation"]) <= min(moments["test"])
    assert splits[ids[23]] == "train"  # written at 23:30 in Tokyo, which is 14:30 UTC


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            ["2024-05-01", 2024, 1714521600],
            "“written” has 4 dates, such as “2024-05-01” (example 1); 4 years, such as “2024” "
            "(example 2); and 4 numbers of seconds since 1970, such as “1714521600” (example 3).",
        ),
        (["2024-05-01T10:00:00Z", 17, "2024-05-02"], "8 dates, such as “2024-05-01T10:00:00Z” "),
        (["20240501", "2024", "?"], "4 days as numbers, such as “20240501” (example 1); and 4 "),
        (
            [2024, 2024, 1714521600, 2023, 1714521601, 3000],
            "has 6 years, such as “2024” (example 1)",
        ),
        ([1714521600, 1714521600000], "and 6 numbers of milliseconds since 1970, such as “171452"),
        (["01.05.2024", None], "No example that is to be split has a “written” that can be read"),
        (["01.05.2024", None], " Example 1 has “01.05.2024”; a date is read as 2024-05-31. "),
    ],
)
def test_times_without_a_common_order_are_refused_with_one_of_each_kind(
    store: Store, project_id: str, values: Sequence[Any], sentence: str
) -> None:
    with_metadata(store, project_id, [{"written": values[k % len(values)]} for k in range(12)])
    lead, plan = an_actor(project_id), SplitPlan("time", time="written")
    with pytest.raises(UnorderedTimes) as refused:
        freezing.start_freeze(store, lead, project_id, plan=plan)
    assert sentence in refused.value.message
    assert store.jobs.unsettled() == []


@pytest.mark.parametrize(
    ("first", "step"),
    [
        *((first, 211) for first in (1995, 0, 1714521600, 20240501)),
        (1990, 1_000_003),  # passes what could be years, and days
        (19_990_000, 4_000_000),  # days, and seconds
        (4_000_000_000, 5_000_000_000),  # seconds, and milliseconds
    ],
)
def test_numbers_of_one_count_are_a_time_even_where_they_pass_what_could_be_times(
    store: Store, project_id: str, first: int, step: int
) -> None:
    ids = with_metadata(store, project_id, [{"n": first + step * k} for k in range(30)])
    splits = splits_of(store, freeze_here(store, project_id, plan=SplitPlan("time", time="n")))
    assert [splits[one] for one in ids] == ["train"] * 24 + ["validation"] * 3 + ["test"] * 3


def test_what_has_a_split_already_may_have_had_other_times(store: Store, project_id: str) -> None:
    with_metadata(store, project_id, [{"n": k} for k in range(12)])
    plan = SplitPlan("time", time="n")
    freeze_here(store, project_id, plan=plan)
    days = [{"n": f"2024-05-{k + 1:02}"} for k in range(12)]
    with_metadata(store, project_id, days, start=12)
    assert sum(freeze_here(store, project_id, plan=plan).counts.values()) == 24


def test_new_examples_without_the_time_are_the_oldest_where_earlier_ones_have_it(
    store: Store, project_id: str
) -> None:
    plan = SplitPlan("time", time="n")
    with_metadata(store, project_id, [{"n": f"2024-05-{k + 1:02}"} for k in range(12)])
    freeze_here(store, project_id, plan=plan)
    # Synthetic examples have none, and a CSV file has empty cells.
    with_metadata(store, project_id, [{}, {"n": ""}, {"n": " "}], start=12)
    version = freeze_here(store, project_id, plan=plan)
    assert version.total == 15
    assert any("3 examples have no usable “n”" in one for one in version.warnings)


def test_options_named_in_another_order_are_the_same_for_equal_shares(store: Store) -> None:
    marks = LabelField("marks", ("odd", "long"), "multiple")
    project_id = a_project(store, "Several", label_schema=(marks,)).project_id
    ids = accepted_examples(store, project_id, 100)
    for k, example_id in enumerate(ids):
        both = ["odd", "long"] if k % 2 else ["long", "odd"]
        labels = {"marks": both if k % 5 else ["odd"]}
        store.database.execute(
            "UPDATE example_current SET labels = $labels WHERE example_id = $id",
            {"labels": json.dumps(labels), "id": example_id},
        )
    splits = splits_of(
        store, freeze_here(store, project_id, plan=SplitPlan("stratified", label="marks"))
    )
    alone = Counter(splits[one] for one in ids[::5])
    assert alone == {"train": 16, "validation": 2, "test": 2}
    query = store.freezing.to_freeze(project_id, SplitPlan("stratified", label="marks"))
    rows = store.database.rows(query.sql, query.params)
    assert Counter(row["stratum"] for row in rows) == {'["long","odd"]': 80, '["odd"]': 20}
