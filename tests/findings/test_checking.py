"""Many examples: in chunks, in processes, again after edits, and as a Parquet table."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.errors import InvalidInput
from core.findings import checking
from core.findings.checking import Rows, check_all, recheck
from core.findings.examples import check_example
from core.findings.facts import SetFacts
from core.findings.finding import Checked, Finding, InvalidFinding
from core.findings.kinds import KINDS, kinds_on
from core.findings.settings import FindingSettings, InvalidFindingSettings
from core.findings.table import COLUMNS, findings_written, read_findings
from core.projects import LabelField
from tests.findings.carriers import made_up
from tests.findings.flawed_sets import with_contradictions

SETTINGS = FindingSettings()


def flawed(count: int = 1_200) -> list[Checked]:
    """Examples of which every tenth has an address in the output and markup in the input."""
    return [
        Checked(f"e{number}", f"Say {number}.", "<p>x</p>", "To ann@quandt-mail.de.")
        if number % 10 == 0
        else Checked(f"e{number}", f"Say {number}.", "", "It is said.")
        for number in range(count)
    ]


def test_a_report_has_every_kind_with_severity_count_and_ids() -> None:
    report = check_all(flawed(), SETTINGS)
    assert list(report.kinds) == list(KINDS)
    assert report.checked == 1_200
    assert report.kinds["email"].ids == [f"e{number}" for number in range(0, 1_200, 10)]
    told = report.to_json(most_ids=2)["findings"]["email"]
    assert told == {
        "label": "E-mail address", "severity": "high", "count": 120, "ids": ["e0", "e10"],
    }  # fmt: skip
    assert report.to_json()["findings"]["markup"]["count"] == 120


def test_two_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ONE_PROCESS_UP_TO", 100)
    one: list[tuple[str, Finding]] = []
    two: list[tuple[str, Finding]] = []
    first = check_all(flawed(), SETTINGS, found=one.extend)
    second = check_all(flawed(), SETTINGS, processes=2, found=two.extend)
    assert one == two
    assert first.to_json() == second.to_json()


def test_progress_is_told_per_chunk_and_may_stop_the_check() -> None:
    done: list[int] = []
    check_all(flawed(), SETTINGS, progress=done.append)
    assert done == [500, 1_000, 1_200]

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_all(flawed(), SETTINGS, progress=stop)


def test_findings_come_in_order_and_examples_are_read_once() -> None:
    rows: list[tuple[str, Finding]] = []
    check_all(iter(made_up()), SETTINGS, found=rows.extend)
    order = [one.id for one in made_up()]
    places = [order.index(one) for one, found in rows if KINDS[found.kind].scope == "example"]
    assert places == sorted(places)


def test_an_example_with_several_findings_of_a_kind_counts_once() -> None:
    address = "Write to ann@quandt-mail.de."
    report = check_all([Checked("1", address, address, address)], SETTINGS)
    assert report.kinds["email"].ids == ["1"]


def test_examples_with_one_id_are_refused() -> None:
    with pytest.raises(InvalidInput, match="same id"):
        check_all([Checked("1", "a", "", "b"), Checked("1", "c", "", "d")], SETTINGS)
    with pytest.raises(InvalidInput, match="processes"):
        check_all([], SETTINGS, processes=0)


def test_no_examples_are_no_findings() -> None:
    report = check_all([], SETTINGS)
    assert report.checked == 0
    assert not any(one.count for one in report.kinds.values())


def test_kinds_that_are_off_are_not_checked() -> None:
    off = FindingSettings(off=frozenset({"email", "markup"}))
    assert "email" not in {kind.name for kind in kinds_on(off)}
    report = check_all(flawed(20), off)
    assert "email" not in report.kinds
    assert report.kinds["phone"].count == 0
    with pytest.raises(InvalidFindingSettings, match="no kind of finding"):
        check_all(flawed(20), FindingSettings(off=frozenset({"emails"})))


def test_after_edits_the_set_is_judged_as_if_all_were_checked_again() -> None:
    examples, wrong = with_contradictions()
    report = check_all(examples, SETTINGS)
    assert set(report.kinds["contradictory_answers"].ids) == wrong
    edited = [
        one.with_texts({"output": f"{one.output}{number}", "instruction": f"{one.instruction} <b>"})
        for number, one in enumerate(examples[:5] + examples[-5:])
    ]
    added = [Checked("new", examples[7].instruction, "", "#### 1"), Checked("x", "Say.", "", "")]
    after = recheck(report.facts, [*edited, *added], SETTINGS)
    now = {one.id: one for one in [*examples, *edited, *added]}
    rows: list[tuple[str, Finding]] = []
    check_all(now.values(), SETTINGS, found=rows.extend)
    of_the_set = [row for row in rows if KINDS[row[1].kind].scope == "set"]
    assert sorted(after.of_the_set, key=str) == sorted(of_the_set, key=str)
    assert after.examples["x"] == check_example(now["x"], SETTINGS)
    assert set(after.examples) == {one.id for one in (*edited, *added)}


def test_removed_examples_contradict_nobody() -> None:
    examples, wrong = with_contradictions()
    report = check_all(examples, SETTINGS)
    report.facts.remove(["not there", *(one for one in wrong if one.startswith("again"))])
    assert len(report.facts) == len(examples) - len(wrong) // 2
    assert recheck(report.facts, [], SETTINGS).of_the_set == []


def test_facts_survive_as_columns() -> None:
    examples, _ = with_contradictions()
    facts = check_all(examples, SETTINGS).facts
    again = SetFacts.from_columns(facts.to_columns())
    assert recheck(again, [], SETTINGS) == recheck(facts, [], SETTINGS)
    with pytest.raises(InvalidInput, match="lack question"):
        SetFacts.from_columns({"id": [], "label": [], "length": [], "answer": [], "gender": []})


def test_findings_survive_as_a_parquet_table(tmp_path: Path) -> None:
    rows: list[tuple[str, Finding]] = []
    with findings_written(tmp_path / "findings.parquet") as writer:

        def keep(some: Rows) -> None:
            rows.extend(some)
            writer.add(some)

        check_all(flawed(), SETTINGS, found=keep)
    assert list(read_findings(tmp_path / "findings.parquet")) == rows
    assert tuple(pq.read_schema(tmp_path / "findings.parquet").names) == COLUMNS


def test_no_findings_are_an_empty_table(tmp_path: Path) -> None:
    with findings_written(tmp_path / "findings.parquet") as writer:
        writer.add([])
    assert list(read_findings(tmp_path / "findings.parquet")) == []


def test_findings_and_settings_survive_as_json() -> None:
    for _, found in [(one, found) for one in flawed(20) for found in check_example(one, SETTINGS)]:
        assert Finding.from_json(found.to_json()) == found
    settings = FindingSettings(
        True,
        (LabelField("tone", ("kind", "rude")),),
        ("a", "b"),
        "label",
        "de",
        frozenset({"email"}),
    )
    assert FindingSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    "parts",
    [
        {"severity": "fatal"}, {"field": "answer"}, {"start": 3}, {"start": 3, "end": 3},
        {"start": -1, "end": 2}, {"colour": "red"},
    ],
)  # fmt: skip
def test_a_finding_that_cannot_be_is_refused(parts: dict[str, object]) -> None:
    good = Finding("email", "high", "output", None, None, "An e-mail address.").to_json()
    with pytest.raises(InvalidFinding):
        Finding.from_json({**good, **parts})


def test_a_language_is_two_letters() -> None:
    with pytest.raises(InvalidFindingSettings, match="two letters"):
        FindingSettings(language="english")


def test_labels_of_annotators_must_be_options() -> None:
    settings = FindingSettings(label_schema=(LabelField("tags", ("a", "b"), "multiple"),))
    good, bad = (
        Checked("1", "Tag it.", "", "Fine.", {"tags": tags, "other": "x"})
        for tags in (("a", "b"), ("a", "c"))
    )
    assert check_example(good, settings) == []
    [found] = check_example(bad, settings)
    assert (found.kind, found.field, found.mend) == ("label_not_in_schema", "labels", None)


def test_a_label_in_a_record_is_read_from_its_field() -> None:
    settings = FindingSettings(output_labels=("good", "bad"), label_field="Label")
    for output, kinds in (("Label: good\nWhy: it is", []), ("Label: odd", ["label_not_in_schema"])):
        found = check_example(Checked("1", "Rate it.", "x", output), settings)
        assert [one.kind for one in found] == kinds
