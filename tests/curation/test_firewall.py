"""The firewall between training and evaluation, on a real store with a real worker."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed, TouchstoneError
from core.versions.version import DatasetVersion
from core.workflows.curation import freezing, protecting
from core.workflows.evaluation import studies
from core.workflows.jobs.supervisor import wait_for
from storage.store import Store
from tests.builders import Triple, a_project, accepted_examples, an_actor
from tests.examples.test_particular import LONG, edited, reviews
from tests.job_builders import run_here
from tests.serving import touchstone_here
from tests.study_builders import a_study, a_system, answers_of
from tests.version_builders import freeze_here, splits_of


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def of_texts(inputs: Sequence[str], instruction: str = LONG) -> list[Triple]:
    return [(instruction, text, f"Answer {k}.") for k, text in enumerate(inputs)]


def a_file(store: Store, records: Sequence[dict[str, Any]], name: str = "b.jsonl") -> Path:
    path = store.workspace / "inbox" / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def protect(store: Store, project_id: str, texts: Sequence[str], name: str = "Benchmark") -> str:
    """Protect questions that have no answer; the file's id."""
    path = a_file(store, [{"question": text} for text in texts])
    file_id = protecting.start_protect(store, an_actor(project_id), project_id, path, name)
    run_here(store, file_id)
    return file_id


def reasons_of(store: Store, project_id: str, version: DatasetVersion) -> dict[str, str]:
    left = freezing.left_out(store, an_actor(project_id), version.version_id)
    return {one.example_id: one.reason for one in left}


def test_a_worker_reads_a_protected_file_of_any_shape_and_freezes_around_it(
    store: Store, project_id: str
) -> None:
    rng = random.Random(1)
    texts = reviews(60, 20, rng)
    ids = accepted_examples(store, project_id, of_texts(texts))
    path = store.workspace / "inbox" / "bench.csv"
    path.write_text("question\n" + f"{texts[3].upper()}\n" + f"{edited(texts[4], rng)}\n")
    lead = an_actor(project_id)
    file_id = protecting.start_protect(store, lead, project_id, path, "Reading test")
    job = store.jobs.of_subject(file_id)
    assert job
    wait_for(store, job.job_id)
    (file,) = protecting.protected_files(store, lead, project_id)
    assert (file.name, file.texts, file.rejected) == ("Reading test", 2, 0)
    version_id = freezing.start_freeze(store, lead, project_id)
    frozen = store.jobs.of_subject(version_id)
    assert frozen
    wait_for(store, frozen.job_id)
    version = freezing.get_version(store, lead, version_id)
    assert {ids[3], ids[4]}.isdisjoint(splits_of(store, version))
    assert version.total == 58
    left = freezing.left_out(store, lead, version_id)
    assert {one.example_id for one in left} == {ids[3], ids[4]}
    assert all("protected" in one.reason for one in left)
    assert {one.near[:24] for one in left} == {"Reading test, line 2: " + texts[3].upper()[:2]} | {
        "Reading test, line 3: " + texts[4][:2]
    }
    assert any("2 examples are left out: near a text" in one for one in version.warnings)
    ((heeded, count),) = store.firewall.of_version(version_id)
    assert (heeded.file_id, count) == (file_id, 2)


@pytest.mark.parametrize("seed", range(4))
def test_no_training_example_is_near_anything_protected_whatever_it_is(
    store: Store, project_id: str, seed: int
) -> None:
    from core.examples.duplicates import near_duplicates

    rng = random.Random(seed)
    texts = reviews(120, 16, rng)
    texts += [edited(text, rng) for text in rng.sample(texts, 30)]
    shared = rng.random() < 0.5
    accepted_examples(store, project_id, of_texts(texts[:90], LONG if shared else "Read it."))
    freeze_here(store, project_id)
    accepted_examples(store, project_id, of_texts(texts[90:], LONG))
    guarded = [
        rng.choice((str, str.upper, lambda t: edited(t, rng), lambda t: f" {t}\n"))(text)
        for text in [*rng.sample(texts, 20), *reviews(10, 16, rng)]
    ]
    for k in range(0, 30, 15):
        protect(store, project_id, guarded[k : k + 15], f"File {k}")
    version = freeze_here(store, project_id)
    rows = store.versions.examples(version.version_id).to_pylist()
    every = store.examples.accepted(project_id).to_pylist()
    trained = {row["example_id"] for row in rows if row["split"] != "test"}
    near = near_duplicates(
        [*(row["instruction"] for row in every), *guarded],
        [*(row["input"] for row in every), *[""] * len(guarded)],
    )
    first = near.same_as
    pairs = {*zip(near.left.tolist(), near.right.tolist(), strict=True)}
    pairs |= {(b, a) for a, b in pairs}
    held = {first[k] for k in range(len(every), len(every) + len(guarded))}
    reach = held | {a for a, b in pairs if b in held}
    touched = {every[k]["example_id"] for k in range(len(every)) if first[k] in reach}
    assert len(touched) > 15
    assert not touched & trained
    reasons = reasons_of(store, project_id, version)
    in_test = {row["example_id"] for row in rows if row["split"] == "test"}
    assert touched == touched & (set(reasons) | in_test)


def test_what_is_in_test_stays_there_although_it_is_protected(
    store: Store, project_id: str
) -> None:
    texts = reviews(120, 20, random.Random(2))
    ids = accepted_examples(store, project_id, of_texts(texts))
    first = splits_of(store, freeze_here(store, project_id))
    protect(store, project_id, texts)
    second = splits_of(store, freeze_here(store, project_id, evaluation_only=True))
    assert second == {one: "test" for one in ids if first[one] == "test"}


def test_a_file_that_was_removed_protects_nothing_and_its_reason_is_in_the_audit(
    store: Store, project_id: str
) -> None:
    texts = reviews(40, 20, random.Random(3))
    accepted_examples(store, project_id, of_texts(texts))
    lead = an_actor(project_id)
    file_id = protect(store, project_id, texts[:5])
    before = freeze_here(store, project_id)
    assert (before.total, before.left_out) == (35, 5)
    with pytest.raises(InvalidInput, match="Say why"):
        protecting.remove_protected(store, lead, project_id, file_id, " ")
    protecting.remove_protected(store, lead, project_id, file_id, "It was published for training.")
    with pytest.raises(Conflict, match="removed already"):
        protecting.remove_protected(store, lead, project_id, file_id, "Once more.")
    assert protecting.protected_files(store, lead, project_id) == []
    assert store.firewall.texts(file_id, 10) == []
    assert freeze_here(store, project_id).total == 40
    added, removed = store.audit.of_subject("protected_file", file_id)
    assert (added.action, removed.action) == ("protected", "protection_removed")
    assert removed.detail["reason"] == "It was published for training."
    # The version that heeded it still says what it left out, and near what.
    left = freezing.left_out(store, lead, before.version_id)
    assert {one.near.split(":")[0] for one in left} == {f"Benchmark, line {k}" for k in range(1, 6)}


def test_only_a_lead_protects_files(store: Store, project_id: str) -> None:
    worker = an_actor(project_id, "annotator", "reviewer")
    path = a_file(store, [{"question": "Why?"}])
    with pytest.raises(NotAllowed):
        protecting.start_protect(store, worker, project_id, path, "Mine")
    file_id = protect(store, project_id, ["What is it?"])
    with pytest.raises(NotAllowed):
        protecting.remove_protected(store, worker, project_id, file_id, "I want to.")
    assert len(protecting.protected_files(store, worker, project_id)) == 1


def test_a_file_without_a_question_is_refused_with_a_sentence(
    store: Store, project_id: str
) -> None:
    path = a_file(store, [{"question": ""}, {"question": " "}])
    lead = an_actor(project_id)
    file_id = protecting.start_protect(store, lead, project_id, path, "Empty")
    job = store.jobs.of_subject(file_id)
    assert job
    with pytest.raises(TouchstoneError, match="no text that could be protected"):
        wait_for(store, job.job_id)
    assert protecting.protected_files(store, lead, project_id) == []


def test_a_file_that_is_protected_while_a_version_is_frozen_is_not_overlooked(
    store: Store, project_id: str
) -> None:
    texts = reviews(40, 20, random.Random(4))
    accepted_examples(store, project_id, of_texts(texts))
    version_id = freezing.start_freeze(store, an_actor(project_id), project_id)
    protect(store, project_id, texts[:3])
    with pytest.raises(Conflict, match="Freeze again"):
        run_here(store, version_id)
    assert store.versions.of_project(project_id) == []


def a_rated_version(
    store: Store, project_id: str, texts: Sequence[str], **plan: Any
) -> DatasetVersion:
    """A version whose training examples, ten of them, are rated in a study."""
    accepted_examples(store, project_id, of_texts(texts))
    version = freeze_here(store, project_id)
    systems = [
        a_system(store, project_id, version.version_id, name,
                 answers_of(store, version.version_id, shift))
        for name, shift in (("One", 0), ("Two", 5))
    ]  # fmt: skip
    a_study(store, an_actor(project_id), project_id, *systems, split="train", size=10, **plan)
    return version


def test_examples_that_are_rated_leave_train_and_the_lead_sees_how_many_before(
    store: Store, project_id: str
) -> None:
    rng = random.Random(5)
    texts = reviews(60, 20, rng)
    first = a_rated_version(store, project_id, texts)
    rated = {r["example_id"] for r in store.database.rows("SELECT DISTINCT example_id FROM pairs")}
    assert len(rated) == 10
    ready = freezing.freezable(store, an_actor(project_id), project_id)
    assert ready.firewall.studied == 10
    assert "10 examples are rated in a study" in ready.firewall.sentences[0]
    by_id = {row["example_id"]: row["input"] for row in store.versions.examples(
        first.version_id).to_pylist()}  # fmt: skip
    copies = accepted_examples(
        store, project_id, of_texts([edited(by_id[one], rng) for one in sorted(rated)[:4]])
    )
    second = freeze_here(store, project_id)
    after, reasons = splits_of(store, second), reasons_of(store, project_id, second)
    assert set(reasons) == rated | set(copies)
    assert set(reasons).isdisjoint(after)
    assert all("rated in a study" in reason for reason in reasons.values())
    # The version that trained on them stays as it is.
    assert rated <= set(splits_of(store, first))


def test_a_study_for_preference_tuning_takes_nothing_out_of_train(
    store: Store, project_id: str
) -> None:
    texts = reviews(60, 20, random.Random(8))
    first = a_rated_version(store, project_id, texts, for_tuning=True)
    assert freezing.freezable(store, an_actor(project_id), project_id).firewall.studied == 0
    assert splits_of(store, freeze_here(store, project_id)) == splits_of(store, first)


def test_rated_test_examples_stay_in_test(store: Store, project_id: str) -> None:
    texts = reviews(60, 20, random.Random(6))
    accepted_examples(store, project_id, of_texts(texts))
    first = freeze_here(store, project_id)
    lead = an_actor(project_id)
    systems = [
        a_system(store, project_id, first.version_id, name,
                 answers_of(store, first.version_id, shift))
        for name, shift in (("One", 0), ("Two", 5))
    ]  # fmt: skip
    a_study(store, lead, project_id, *systems, split="test", size=6)
    assert len(studies.studies_of(store, lead, project_id)) == 1
    assert freezing.freezable(store, lead, project_id).firewall.studied == 0
    second = freeze_here(store, project_id)
    assert splits_of(store, second) == splits_of(store, first)


def test_all_that_was_left_out_can_be_downloaded_without_formulas(
    store: Store, project_id: str
) -> None:
    texts = reviews(40, 20, random.Random(7))
    accepted_examples(store, project_id, [("=SUM(A1)", text, "-1") for text in texts])
    protect(store, project_id, texts[:2], "+Bench")
    version = freeze_here(store, project_id)
    content = freezing.left_out_csv(store, an_actor(project_id), version.version_id).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == 2
    assert {row["instruction"] for row in rows} == {"'=SUM(A1)"}
    assert {row["output"] for row in rows} == {"'-1"}
    assert all(row["near_text"].startswith("'+Bench, line ") for row in rows)


def test_the_terminal_protects_a_file_and_prints_a_card(tmp_path: Path) -> None:
    rows = [{"instruction": f"Say number {k}.", "output": f"It is {k * 7919}."} for k in range(40)]
    path = tmp_path / "numbers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    bench = tmp_path / "bench.jsonl"
    bench.write_text('{"question": "say number 7."}\n')
    home = tmp_path / "home"
    touchstone_here(home, "import", str(path), "--project", "Numbers", "--accept")
    done = touchstone_here(home, "protect", str(bench), "--project", "Numbers", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["texts"] == 1
    assert bench.exists()
    done = touchstone_here(home, "freeze", "--project", "Numbers", "--json")
    version = json.loads(done.stdout)
    assert version["left_out"] == 1
    done = touchstone_here(home, "card", version["version"])
    assert "| bench.jsonl | 1 | 1 |" in done.stdout
    assert version["content_hash"] in done.stdout
    done = touchstone_here(home, "card", version["version"], "--json")
    assert json.loads(done.stdout)["content_hash"] == version["content_hash"]
