"""The job kind "study": draws the sample, fixes order and places, scans for leaks.

Run by `python -m core.worker JOB_DIR`. Reads data/answers.parquet (example_id, revision_id,
position, reference, texts: every system's answer, the baseline's first), in any order; for a copy
of a study data/drawn.parquet (example_id, stratum, inclusion_probability) in place of a draw.
Writes final/pairs.parquet and final/presentations.parquet, whose columns are the tables', and
final/study.json (leaks, seal, pairs, risk_pairs, outputs, changed). spec: DrawSpec's fields.

The pairs of the sample come first; those of the riskiest outputs that it has not drawn wait behind
them, in a stratum of their own (`core.study.risk`). Where the plan changes what raters see
(`core.study.transforming`), pairs, seal and scan have the answers as they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.jobs.context import JobContext
from core.jobs.folder import write_json
from core.study.leaks import scan, worst
from core.study.order import pair_order
from core.study.phrases import telling_openings
from core.study.risk import RISK, risk_scores, riskiest
from core.study.sampling import Drawn, draw, length_strata
from core.study.sealing import seal_content, seal_of
from core.study.transforming import Changed, Changes

PLACE_STEP = 1_000_000
"""First views of all pairs wait before second ones."""


@dataclass(frozen=True)
class DrawSpec:
    """What to draw: `systems` are ids, the baseline first; `size` examples, each a pair for every
    candidate; so many of the riskiest outputs beside them (`risk`); `overlap` the share of the
    sample's pairs that two people rate; `names` and `template` are what
    must not show in an answer; `changes` are made to what is shown; `rubric` and `plan` are sealed
    with what is drawn."""

    study_id: str
    systems: tuple[str, ...]
    size: int
    overlap: float
    seed: int
    names: tuple[str, ...]
    template: str
    rubric: Any = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    risk: int = 0
    changes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DrawSpec:
        """The spec of a job; other names, such as its kind, are passed over."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        lists = ("systems", "names", "changes")
        return cls(**{**known, **{n: tuple(known[n]) for n in lists if n in known}})


def run(job: JobContext) -> None:
    """Draws and writes final/. Raises InvalidInput when the systems share no answered example."""
    import pyarrow.parquet as pq

    spec = DrawSpec.from_json(job.spec)
    table = pq.read_table(job.data("answers.parquet")).sort_by("position")
    job.note(f"{table.num_rows} shared outputs, {spec.size} examples to draw.")
    drawn = None
    if job.data("drawn.parquet").exists():
        rows = pq.read_table(job.data("drawn.parquet")).to_pylist()
        drawn = {row["example_id"]: Drawn(**row) for row in rows}
    with job.final() as folder:
        write_json(folder / "study.json", draw_study(table, spec, folder, drawn))
    job.progress(table.num_rows, table.num_rows)


def draw_study(
    table: Any, spec: DrawSpec, folder: Path, drawn: Mapping[str, Drawn] | None = None
) -> dict[str, Any]:
    """Writes pairs and presentations into `folder`; what study.json says. `drawn`: the examples of
    the study that this is a copy of."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not table.num_rows:
        raise InvalidInput("The systems share no answered example. Generate for one split.")
    changed = None
    if spec.changes:
        table, changed = as_shown(table, spec, drawn)
        if not table.num_rows:
            raise InvalidInput("The changes leave no example out of which a pair could be made.")
    pairs = drawn_pairs(table, spec, drawn)
    sampled = sum(pair["stratum"] != RISK for pair in pairs)
    twice = _rated_twice(sampled, spec)
    for index, pair in enumerate(pairs):
        pair["places"] = 2 if index in twice else 1
    pq.write_table(pa.Table.from_pylist(pairs, _schema(PAIR_COLUMNS)), folder / "pairs.parquet")
    waiting = [
        {
            "presentation_id": f"pre_{pair['pair_id'].removeprefix('pair_')}_{place}",
            "study_id": spec.study_id,
            "pair_id": pair["pair_id"],
            "position": PLACE_STEP * place + pair["number"],
            "place": place,
        }
        for place in range(2)
        for pair in pairs
        if place < pair["places"]
    ]
    showings = pa.Table.from_pylist(waiting, _schema(PRESENTATION_COLUMNS))
    pq.write_table(showings, folder / "presentations.parquet")
    content = seal_content(spec.study_id, spec.seed, spec.systems, pairs, spec.rubric, spec.plan)
    return {
        "leaks": _leaks(table, spec),
        "seal": seal_of(content),
        "pairs": len(pairs),
        "risk_pairs": len(pairs) - sampled,
        "outputs": table.num_rows,
        "changed": asdict(changed) if changed else None,
    }


def as_shown(
    table: Any, spec: DrawSpec, drawn: Mapping[str, Drawn] | None = None
) -> tuple[Any, Changed]:
    """The table with the answers as they are shown, examples that are left out taken away, and what
    was changed, counted over the `drawn` examples where they are known."""
    import pyarrow as pa

    references = table.column("reference").to_pylist()
    texts = table.column("texts").to_pylist()
    openings: tuple[str, ...] = ()
    if "openings" in spec.changes:
        stripped = [[text.strip() for text in side] for side in zip(*texts, strict=True)]
        found = (telling_openings(stripped[0], other, references) for other in stripped[1:])
        openings = tuple(dict.fromkeys(one for some in found for one in some))
    changes = Changes(spec.changes, openings, spec.names, spec.template)
    shown = [changes.apply(*one) for one in zip(texts, references, strict=True)]
    ids = table.column("example_id").to_pylist()
    counted_in = [k for k, one in enumerate(ids) if drawn is None or one in drawn]
    kept = [k for k, one in enumerate(shown) if one is not None]
    now = [list(shown[k] or ()) for k in kept]
    table = table.take(pa.array(kept, pa.int64()))
    place = table.schema.get_field_index("texts")
    table = table.set_column(place, "texts", pa.array(now, pa.list_(pa.string())))
    changed = [
        a.strip() != b
        for k in counted_in
        if (one := shown[k]) is not None
        for a, b in zip(texts[k], one, strict=True)
    ]
    left_out = sum(shown[k] is None for k in counted_in)
    return table, Changed(sum(changed), len(changed), left_out, openings)


def drawn_pairs(
    table: Any, spec: DrawSpec, given: Mapping[str, Drawn] | None = None
) -> list[dict[str, Any]]:
    """The sample, stratified by the length of the reference, in the seeded order, then the riskiest
    beside it; one pair for every candidate. `given`: examples that were drawn before."""
    drawn, beside = _given(table, given) if given is not None else _draw(table, spec)
    ordered = [
        found[k]
        for part, found in enumerate((_of(drawn, table, spec), _of(beside, table, spec)))
        for k in pair_order(len(found), spec.seed + 2 * part)
    ]
    return [
        {"pair_id": _pair_id(spec.study_id, number), "number": number, **pair}
        for number, pair in enumerate(ordered, 1)
    ]


def _given(table: Any, given: Mapping[str, Drawn]) -> tuple[list[Drawn], list[Drawn]]:
    there = [given[i] for i in table.column("example_id").to_pylist() if i in given]
    sample = [one for one in there if one.stratum != RISK]
    return sample, [one for one in there if one.stratum == RISK]


def _draw(table: Any, spec: DrawSpec) -> tuple[list[Drawn], list[Drawn]]:
    ids = table.column("example_id").to_pylist()
    references = table.column("reference").to_pylist()
    texts = table.column("texts").to_pylist()
    drawn = draw(
        ids, length_strata(references), min(spec.size, len(ids)), np.random.default_rng(spec.seed)
    )
    beside: list[Drawn] = []
    if spec.risk:
        certain = [ids[k] for k in riskiest(risk_scores(references, texts), spec.risk)]
        drawn, beside = _with_certain(drawn, certain)
    return drawn, beside


def _with_certain(
    drawn: Sequence[Drawn], certain: Sequence[str]
) -> tuple[list[Drawn], list[Drawn]]:
    """The sample, which says what is reviewed with certainty, and the rest of that, beside it."""
    there, sure = {d.example_id for d in drawn}, set(certain)
    sample = [replace(d, inclusion_probability=1.0) if d.example_id in sure else d for d in drawn]
    return sample, [Drawn(one, RISK, 1.0) for one in certain if one not in there]


def _of(drawn: Sequence[Drawn], table: Any, spec: DrawSpec) -> list[dict[str, Any]]:
    """The pairs of drawn examples, one for every candidate."""
    if not drawn:
        return []
    row_of = {example_id: k for k, example_id in enumerate(table.column("example_id").to_pylist())}
    chosen = table.take([row_of[d.example_id] for d in drawn])
    revisions = chosen.column("revision_id").to_pylist()
    texts = chosen.column("texts").to_pylist()
    return [
        {
            "study_id": spec.study_id,
            "example_id": d.example_id,
            "revision_id": revisions[k],
            "stratum": d.stratum,
            "inclusion_probability": d.inclusion_probability,
            "system_a": spec.systems[0],
            "system_b": spec.systems[c],
            "answer_a": texts[k][0].strip(),
            "answer_b": texts[k][c].strip(),
        }
        for k, d in enumerate(drawn)
        for c in range(1, len(spec.systems))
    ]


def _pair_id(study_id: str, number: int) -> str:
    """An id that a second draw of the study gives again, and that says nothing."""
    digest = sha256(f"{study_id} {number}".encode()).hexdigest()
    return f"pair_{digest[:12]}_{digest[12:24]}"


def _rated_twice(pairs: int, spec: DrawSpec) -> set[int]:
    order = pair_order(pairs, spec.seed + 1)
    return set(order[: round(spec.overlap * pairs)])


def _leaks(table: Any, spec: DrawSpec) -> dict[str, Any]:
    texts = list(zip(*table.column("texts").to_pylist(), strict=True))
    about = {
        "names": spec.names,
        "template": spec.template,
        "references": table.column("reference").to_pylist(),
    }
    reports = [scan(texts[0], candidate, **about) for candidate in texts[1:]]
    return worst(reports).to_json()


PAIR_COLUMNS = {
    "pair_id": "string", "study_id": "string", "example_id": "string", "revision_id": "string",
    "number": "int32", "stratum": "string", "inclusion_probability": "float64",
    "system_a": "string", "system_b": "string", "answer_a": "string", "answer_b": "string",
    "places": "int32",
}  # fmt: skip
PRESENTATION_COLUMNS = {
    "presentation_id": "string", "study_id": "string", "pair_id": "string", "position": "int32",
    "place": "int32",
}  # fmt: skip


def _schema(columns: Mapping[str, str]) -> Any:
    import pyarrow as pa

    kinds: dict[str, Sequence[Any]] = {
        "string": pa.string(), "int32": pa.int32(), "float64": pa.float64(),
    }  # fmt: skip
    return pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
