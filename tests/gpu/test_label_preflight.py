"""The pre-flight of a classification: labels, what is read, and what there is to beat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from core.gpu import preflight
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder, read_json
from core.tuning.preflight import CLASSIFICATION_TITLES, Preflight
from core.wording import percent
from tests.label_builders import leads, make_tiny_encoder
from tests.tiny_model import a_run, make_tiny_model, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "decoder")
    make_tiny_encoder(workspace / "models" / "encoder")
    return workspace


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def found(
    home: Path,
    name: str,
    base: str,
    train: Sequence[Mapping[str, Any]],
    validation: Sequence[Mapping[str, Any]],
    **changes: Any,
) -> dict[str, Any]:
    settings = {"head": "classification", "template": "{instruction} {input}", **changes}
    spec = a_run(f"models/{base}", **settings)
    folder = JobFolder.create(home / "jobs" / name, {**spec.job_spec(), "kind": "preflight"})
    for split, rows in (("train", train), ("validation", validation), ("test", leads(8, seed=2))):
        write_rows(folder.data / f"{split}.parquet", rows)
    preflight.run(JobContext(folder))
    known = Preflight.from_json(read_json(folder.final / "preflight.json") or {})
    assert [line.name for line in known.lines] == list(CLASSIFICATION_TITLES)
    assert [line.title for line in known.lines] == list(CLASSIFICATION_TITLES.values())
    return {line.name: line for line in known.lines} | {"ok": known.ok, "micro": known.micro_batch}


@pytest.mark.parametrize("base", ["decoder", "encoder"])
def test_it_tells_label_counts_and_what_there_is_to_beat(home: Path, base: str) -> None:
    lines = found(home, base, base, leads(40), leads(12, seed=1))
    assert lines["ok"]
    assert lines["micro"] == 4
    count = sum(row["output"] == "hot" for row in leads(40))
    assert f"3 labels: hot {count}, " in lines["labels"].text
    where = {"decoder": "at its last token", "encoder": "over the whole text"}[base]
    assert where in lines["lengths"].text
    share = sum(row["output"] == "hot" for row in leads(8, seed=2)) / 8
    assert f"{percent(share, 1)} of the 8 test examples" in lines["majority"].text
    assert "Always “hot”" in lines["majority"].text


def test_labels_that_training_lacks_are_noted_and_one_label_alone_is_refused(home: Path) -> None:
    strange = [{**row, "output": "lost"} for row in leads(2, seed=3)]
    lines = found(home, "strange", "decoder", leads(40), [*leads(6, seed=1), *strange])
    assert lines["labels"].verdict == "noted"
    assert "“lost” of the validation split" in lines["labels"].text
    assert "2 validation examples have a label that training lacks" in lines["lengths"].text
    only = [{**row, "output": "hot"} for row in leads(8)]
    lines = found(home, "only", "decoder", only, leads(6, seed=1))
    assert lines["labels"].verdict == "refused"
    assert not lines["ok"]
    assert "nothing to choose between" in lines["labels"].text


def test_a_label_that_only_over_long_examples_have_is_told_and_so_is_an_empty_split(
    home: Path,
) -> None:
    rows = [
        {**row, "input": "on and on " * 60} if row["output"] == "hot" else row for row in leads(40)
    ]
    lines = found(home, "lost", "decoder", rows, leads(6, seed=1), overlong="drop")
    assert lines["lengths"].verdict == "noted"
    assert "Of “hot” no training example is left" in lines["lengths"].text
    unlabelled = [{**row, "output": ""} for row in leads(6, seed=1)]
    lines = found(home, "unlabelled", "decoder", leads(40), unlabelled)
    assert lines["lengths"].verdict == "noted"
    assert "No validation example is left to measure the loss on" in lines["lengths"].text
