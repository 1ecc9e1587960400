"""The job kind "extend": draws further pairs for an open study.

Run by `python -m core.worker JOB_DIR`. Reads data/answers.parquet as `core.study.draw_job` does,
and data/there.parquet (example_id, pair_id, stratum: the study's pairs as they are now),
and where the study has gold data/gold.parquet (GoldCandidate's fields).
Writes final/pairs.parquet and final/presentations.parquet, and final/extension.json (examples,
gold_pairs, moved, probabilities). spec: ExtendSpec's fields.

The draw follows from the study's sealed seed and the number of the extension, so that nobody can
draw until they like it. Of a study with a risk stratum one of the riskiest may be drawn that is in
the study already: its pair moves into the sample, as it would have stood there had it been drawn at
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.jobs.context import JobContext
from core.jobs.folder import write_json
from core.study.draw_job import (
    numbered,
    pairs_of,
    read_candidates,
)
from core.study.drawn_files import write_drawn
from core.study.gold import GOLD, Gold, choose_gold, gold_rows, gold_wanted, mixed_in
from core.study.order import pair_order, seed_of_extension
from core.study.pairing import meetings
from core.study.risk import RISK
from core.study.sampling import Drawn, draw_more, length_strata

CHANGED = (
    "The outputs that this study was drawn from are not those that there are now, so that further "
    "pairs would not be drawn from the same ones. Open a second study."
)


@dataclass(frozen=True)
class ExtendSpec:
    """What to draw: `size` further examples for extension `number` (from 1), a pair of each for
    every candidate, and with `among` for every two of them; `systems` are ids, the baseline first;
    `first` is the first free pair number; `overlap` the share that two people rate; `outputs` how
    many outputs the study was drawn from; `seed`, `gold` and `kept_out` are those of the plan."""

    study_id: str
    number: int
    systems: tuple[str, ...]
    size: int
    first: int
    overlap: float
    outputs: int
    seed: int
    gold: float = 0.0
    kept_out: tuple[str, ...] = ()
    among: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ExtendSpec:
        """The spec of a job; other names, such as its kind, are passed over."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        texts: dict[str, Any] = {n: tuple(known[n]) for n in ("systems", "kept_out") if n in known}
        return cls(**{**known, **texts})


def run(job: JobContext) -> None:
    """Draws and writes final/. Raises InvalidInput where the outputs have changed or too few are
    left."""
    import pyarrow.parquet as pq

    spec = ExtendSpec.from_json(job.spec)
    table = pq.read_table(job.data("answers.parquet")).sort_by("position")
    there = pq.read_table(job.data("there.parquet")).to_pylist()
    job.note(f"{table.num_rows} shared outputs, {spec.size} further examples to draw.")
    chosen: list[Gold] = []
    if spec.gold:
        used = {one["example_id"] for one in there}
        free = read_candidates(job.data("gold.parquet"))
        free = [one for one in free if not one.in_frame and one.example_id not in used]
        wanted = gold_wanted(spec.gold, spec.size * len(meetings(len(spec.systems), spec.among)))
        chosen = choose_gold(free, wanted, 0)
    pairs, found = extension(table, there, spec, chosen)
    with job.final() as folder:
        write_drawn(folder, pairs, spec.study_id, spec.overlap, _seed(spec))
        write_json(folder / "extension.json", {**found, "gold_pairs": len(chosen)})
    job.progress(table.num_rows, table.num_rows)


def extension(
    table: Any,
    there: Sequence[Mapping[str, Any]],
    spec: ExtendSpec,
    gold: Sequence[Gold] = (),
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The further pairs in their order; and what is said of them: `examples` drawn, `moved` (pair
    ids) of them in the study already, `probabilities` of each stratum."""
    ids = table.column("example_id").to_pylist()
    strata = length_strata(table.column("reference").to_pylist())
    stratum_of = dict(zip(ids, strata, strict=True))
    apart = (RISK, GOLD)
    sample = {one["example_id"]: one["stratum"] for one in there if one["stratum"] not in apart}
    beside = {one["example_id"] for one in there if one["stratum"] == RISK}
    if len(ids) != spec.outputs or any(stratum_of.get(i) != s for i, s in sample.items()):
        raise InvalidInput(CHANGED)
    ids = [example_id for example_id in ids if example_id not in spec.kept_out]
    strata = [stratum_of[example_id] for example_id in ids]
    rng = np.random.default_rng(_seed(spec))
    drawn, probabilities = draw_more(ids, strata, sample.keys(), spec.size, rng)
    new = [one for one in drawn if one.example_id not in beside]
    found = pairs_of(new, table, spec, among=spec.among)
    if spec.among:  # what was beside the sample has pairs with the baseline alone
        found += _among_candidates([one for one in drawn if one not in new], table, spec)
    ordered = [found[k] for k in pair_order(len(found), _seed(spec))]
    mixed = mixed_in(ordered, gold_rows(gold, spec.study_id), _seed(spec))
    return numbered(mixed, spec.study_id, spec.first), {
        "examples": len(drawn),
        "moved": _moved(drawn, there),
        "probabilities": probabilities,
    }


def _among_candidates(drawn: Sequence[Drawn], table: Any, spec: ExtendSpec) -> list[dict[str, Any]]:
    baseline = spec.systems[0]
    return [
        one
        for one in pairs_of(drawn, table, spec, among=True)
        if baseline not in (one["system_a"], one["system_b"])
    ]


def _moved(drawn: Sequence[Drawn], there: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Of the pairs beside the sample that were drawn into it: pair id → stratum."""
    stratum_of = {one.example_id: one.stratum for one in drawn}
    return {
        one["pair_id"]: stratum_of[one["example_id"]]
        for one in there
        if one["example_id"] in stratum_of
    }


def _seed(spec: ExtendSpec) -> int:
    return seed_of_extension(spec.seed, spec.number)
