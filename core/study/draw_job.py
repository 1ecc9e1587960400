"""The job kind "study": draws the sample, fixes order and places, scans for leaks.

Run by `python -m core.worker JOB_DIR`. Reads data/answers.parquet (example_id, revision_id,
position, reference, texts: every system's answer, the baseline's first; and perhaps confidences and
high_findings, for `core.study.risk`), in any order, and where there is to be gold data/gold.parquet
(GoldCandidate's fields); for a copy of a study data/drawn.parquet (Drawn's fields) in place of a
draw. Writes final/pairs.parquet and final/presentations.parquet, whose columns are the tables', and
final/study.json (leaks, seal, pairs, risk_pairs, risk_signals, gold_pairs, kept_out, outputs,
changed). spec: DrawSpec's fields.

The pairs of the sample come first; those of the riskiest outputs that it has not drawn wait behind
them, in a stratum of their own (`core.study.risk`). Where the plan changes what raters see
(`core.study.transforming`), pairs, seal and scan have the answers as they are shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.errors import InvalidInput
from core.jobs.context import JobContext
from core.jobs.folder import write_json
from core.study.drawn_files import write_drawn
from core.study.gold import (
    Gold,
    GoldCandidate,
    choose_gold,
    gold_rows,
    gold_wanted,
    mixed_in,
)
from core.study.leaks import scan, worst
from core.study.order import pair_order
from core.study.pairing import meetings
from core.study.risk import RISK, OutputRisk, known_signals, output_risk, riskiest
from core.study.sampling import Drawn, draw, length_strata
from core.study.sealing import seal_content, seal_of
from core.study.shown_answers import as_shown


@dataclass(frozen=True)
class DrawSpec:
    """What to draw: `systems` are ids, the baseline first; `size` examples, each a pair for every
    candidate, and with `among` one for every two of them; so many of the riskiest outputs beside
    them (`risk`); `overlap` the share of the sample's pairs that two people rate; `gold` that for
    which gold pairs are mixed in; `names` and `template` are what must not show in an answer;
    `changes` are made to what is shown; `rubric` and `plan` are sealed with what is drawn."""

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
    gold: float = 0.0
    changes: tuple[str, ...] = ()
    among: bool = False

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
    chosen: list[Gold] = []
    if spec.gold:
        wanted = gold_wanted(spec.gold, spec.size * len(meetings(len(spec.systems), spec.among)))
        spare = table.num_rows - spec.size
        chosen = choose_gold(read_candidates(job.data("gold.parquet")), wanted, spare)
        job.note(f"{len(chosen)} of {wanted} gold pairs.")
    drawn = None
    if job.data("drawn.parquet").exists():
        rows = pq.read_table(job.data("drawn.parquet")).to_pylist()
        drawn = {
            row["example_id"]: Drawn(
                **{**row, "risk_reasons": tuple(row.get("risk_reasons") or ())}
            )
            for row in rows
        }
    with job.final() as folder:
        write_json(folder / "study.json", draw_study(table, spec, folder, chosen, drawn))
    job.progress(table.num_rows, table.num_rows)


def read_candidates(path: Path) -> list[GoldCandidate]:
    """The examples that gold pairs could be made of, in their order."""
    import pyarrow.parquet as pq

    return [GoldCandidate(**row) for row in pq.read_table(path).to_pylist()]


def draw_study(
    table: Any,
    spec: DrawSpec,
    folder: Path,
    gold: Sequence[Gold] = (),
    drawn: Mapping[str, Drawn] | None = None,
) -> dict[str, Any]:
    """Writes pairs and presentations into `folder`; what study.json says. `drawn`: the examples of
    the study that this is a copy of."""
    if not table.num_rows:
        raise InvalidInput("The systems share no answered example. Generate for one split.")
    changed = None
    if spec.changes:
        table, changed = as_shown(table, spec.changes, spec.names, spec.template, drawn)
    pairs = drawn_pairs(table, spec, gold, drawn)
    sampled = write_drawn(folder, pairs, spec.study_id, spec.overlap, spec.seed)
    content = seal_content(spec.study_id, spec.seed, spec.systems, pairs, spec.rubric, spec.plan)
    return {
        "leaks": _leaks(table, spec),
        "seal": seal_of(content),
        "pairs": len(pairs) - len(gold),
        "risk_pairs": len(pairs) - len(gold) - sampled,
        "risk_signals": _signals(table) if spec.risk and drawn is None else [],
        "gold_pairs": len(gold),
        "kept_out": kept_out(gold),
        "outputs": table.num_rows,
        "changed": asdict(changed) if changed else None,
    }


def kept_out(gold: Sequence[Gold]) -> list[str]:
    """The outputs that gold pairs are made of: they are not drawn."""
    return sorted({one.example_id for pair in gold for one in pair if one.in_frame})


def drawn_pairs(
    table: Any,
    spec: DrawSpec,
    gold: Sequence[Gold] = (),
    given: Mapping[str, Drawn] | None = None,
) -> list[dict[str, Any]]:
    """The sample, stratified by the length of the reference, in the seeded order, then the riskiest
    beside it, one pair for every candidate, in the sample also for every two of them where the spec
    says so; and gold pairs among them. `given`: examples that were drawn before."""
    table = table.append_column("stratum", [length_strata(table.column("reference").to_pylist())])
    out = set(kept_out(gold))
    table = table.filter([one not in out for one in table.column("example_id").to_pylist()])
    drawn, beside = _given(table, given) if given is not None else _draw(table, spec)
    ordered = [
        found[k]
        for part, of in enumerate((drawn, beside))
        for found in [pairs_of(of, table, spec, among=spec.among and not part)]
        for k in pair_order(len(found), spec.seed + 2 * part)
    ]
    return numbered(mixed_in(ordered, gold_rows(gold, spec.study_id), spec.seed), spec.study_id)


def _given(table: Any, given: Mapping[str, Drawn]) -> tuple[list[Drawn], list[Drawn]]:
    there = [given[i] for i in table.column("example_id").to_pylist() if i in given]
    sample = [one for one in there if one.stratum != RISK]
    return sample, [one for one in there if one.stratum == RISK]


def _draw(table: Any, spec: DrawSpec) -> tuple[list[Drawn], list[Drawn]]:
    ids = table.column("example_id").to_pylist()
    strata = table.column("stratum").to_pylist()
    drawn = draw(ids, strata, min(spec.size, len(ids)), np.random.default_rng(spec.seed))
    beside: list[Drawn] = []
    if spec.risk:
        risk = _risk_of(table)
        certain = {ids[k]: risk.reasons(k) for k in riskiest(risk.scores, spec.risk)}
        drawn, beside = _with_certain(drawn, certain)
    return drawn, beside


def _risk_of(table: Any) -> OutputRisk:
    columns = ("reference", "texts", "confidences", "high_findings")
    return output_risk(*(_column(table, name) for name in columns))


def _signals(table: Any) -> list[str]:
    return list(known_signals(*(_column(table, name) for name in ("confidences", "high_findings"))))


def _column(table: Any, name: str) -> Sequence[Any]:
    return table.column(name).to_pylist() if name in table.column_names else ()


def _with_certain(
    drawn: Sequence[Drawn], certain: Mapping[str, tuple[str, ...]]
) -> tuple[list[Drawn], list[Drawn]]:
    """The sample, which says what is reviewed with certainty (example id → why), and the rest of
    that, beside it."""
    there = {d.example_id for d in drawn}
    sample = [
        replace(d, inclusion_probability=1.0, risk_reasons=certain[d.example_id])
        if d.example_id in certain
        else d
        for d in drawn
    ]
    beside = [Drawn(one, RISK, 1.0, why) for one, why in certain.items() if one not in there]
    return sample, beside


def numbered(
    pairs: Sequence[dict[str, Any]], study_id: str, first: int = 1
) -> list[dict[str, Any]]:
    """Pairs in their order with number and id, which a second draw gives again."""
    return [
        {"pair_id": _pair_id(study_id, number), "number": number, **pair}
        for number, pair in enumerate(pairs, first)
    ]


class _Compared(Protocol):
    """What both the draw and an extension say of a study."""

    @property
    def study_id(self) -> str: ...

    @property
    def systems(self) -> tuple[str, ...]: ...


def pairs_of(
    drawn: Sequence[Drawn], table: Any, spec: _Compared, *, among: bool
) -> list[dict[str, Any]]:
    """The pairs of drawn examples, as the systems meet."""
    if not drawn:
        return []
    systems = spec.systems
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
            "risk_reasons": json.dumps(d.risk_reasons) if d.risk_reasons else None,
            "system_a": systems[a],
            "system_b": systems[b],
            "answer_a": texts[k][a].strip(),
            "answer_b": texts[k][b].strip(),
        }
        for k, d in enumerate(drawn)
        for a, b in meetings(len(systems), among)
    ]


def _pair_id(study_id: str, number: int) -> str:
    """An id that a second draw of the study gives again, and that says nothing."""
    digest = sha256(f"{study_id} {number}".encode()).hexdigest()
    return f"pair_{digest[:12]}_{digest[12:24]}"


def _leaks(table: Any, spec: DrawSpec) -> dict[str, Any]:
    texts = list(zip(*table.column("texts").to_pylist(), strict=True))
    about = {
        "names": spec.names,
        "template": spec.template,
        "references": table.column("reference").to_pylist(),
    }
    both = meetings(len(texts), spec.among)
    reports = [scan(texts[a], texts[b], **about) for a, b in both]
    return worst(reports).to_json()
