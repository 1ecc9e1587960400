"""The command `contamination`: has a model seen these examples? Without a workspace."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import InvalidInput
from terminal.common import AsJson, refusals_told, tell, written_to

if TYPE_CHECKING:
    from core.jobs.folder import JobFolder
    from core.scoring.contamination import Probe
    from core.scoring.contamination_file import ProbedExample

LOOK_EVERY = 0.2  # seconds


class ProbeFailed(InvalidInput):
    """The worker gave no result."""

    title = "The model could not be probed"


def contamination(
    file: Path,
    model: Annotated[Path, typer.Option(help="The base model's folder (safetensors).")],
    per_example: Annotated[
        Path | None, typer.Option(help="Write each example's values as a JSON line.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Probe whether a base model has seen the examples in FILE, by completion and likelihood.

    JSONL, an example a line: instruction, input, output, if there is one an id, and "control":
    true on examples that the model cannot have seen, with which the others are compared.
    """
    from core.scoring.contamination import contamination as judged
    from core.scoring.contamination_file import read_examples

    with refusals_told():
        if not model.is_dir():
            raise InvalidInput(f"{model} is no folder. Name the folder of a model.")
        probes = _probed(read_examples(file), model.resolve())
        found = judged(probes)
        if per_example is not None:
            with written_to(per_example) as part, part.open("w", encoding="utf-8") as lines:
                lines.writelines(
                    json.dumps(probe._asdict(), ensure_ascii=False) + "\n" for probe in probes
                )
        answer = {**asdict(found), "sentences": found.sentences}
        suspects = [f"Completed: {', '.join(found.suspects)}"] if found.suspects else []
        tell(answer, "\n".join([*found.sentences, *suspects]), as_json)


def _probed(examples: Sequence[ProbedExample], model: Path) -> list[Probe]:
    """The probes of a worker, which alone imports torch, in a folder that is thrown away."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.jobs.folder import JobFolder
    from core.scoring.contamination import Probe

    with tempfile.TemporaryDirectory() as home:
        spec = {"kind": "contamination", "base_model": str(model)}
        folder = JobFolder.create(Path(home) / "jobs" / "contamination", spec)
        table = pa.Table.from_pylist([one.to_json() for one in examples])
        pq.write_table(table, folder.data / "examples.parquet")
        _run(folder)
        rows = pq.read_table(folder.final / "probes.parquet").to_pylist()
        return [Probe(**row) for row in rows]


def _run(folder: JobFolder) -> None:
    """Start the worker and wait for its end; Ctrl-C ends it, too. Raises ProbeFailed."""
    from core.jobs.local import kill, launch, status_of
    from core.jobs.state import ACTIVE

    launch(folder)
    try:
        while (state := status_of(folder)).status in ACTIVE:
            time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        kill(folder)
        raise
    if state.status != "completed":
        ended = f"The worker ended as {state.status}. Try again."
        raise ProbeFailed(state.error.sentence if state.error else ended)
