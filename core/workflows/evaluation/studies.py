"""Studies: plan a blind comparison, fix sample and sides, scan for leaks, open, close."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotFound
from core.projects import rubric_to_json
from core.study.leaks import scan
from core.study.order import order, sides
from core.study.sampling import draw, length_strata, sample_size

if TYPE_CHECKING:
    from storage.store import Store

FRACTION = 0.10
OVERLAP = 0.20
SLOTS = 24
COUNTS = "counts_although_not_blind"


def plan_size(outputs: int, margin: float | None = None, at_least: int = 0) -> int:
    """How many pairs: the largest of 10 % of the outputs, the margin's size, and `at_least`."""
    return min(outputs, max(sample_size(outputs, FRACTION, margin), at_least))


def shared_outputs(
    store: Store, actor: Actor, project_id: str, baseline_id: str, candidate_id: str
) -> list[str]:
    """The examples that both systems answered, in the version's order, so that one seed always
    draws the same. Refuses systems that differ in version."""
    actor.require(project_id, "lead")
    baseline, candidate = (_system(store, project_id, i) for i in (baseline_id, candidate_id))
    if baseline_id == candidate_id:
        raise InvalidInput("Choose two different systems to compare.")
    if baseline["version_id"] != candidate["version_id"]:
        raise InvalidInput(
            "The two systems answered different dataset versions. Choose two of one version."
        )
    both = store.systems.texts(baseline_id).keys() & store.systems.texts(candidate_id).keys()
    in_order = store.versions.examples(baseline["version_id"]).column("example_id").to_pylist()
    return [example_id for example_id in in_order if example_id in both]


def scan_leaks(
    store: Store, actor: Actor, project_id: str, baseline_id: str, candidate_id: str
) -> dict[str, Any]:
    """What could tell raters which system is which: findings, AUCs, `blind`."""
    examples = shared_outputs(store, actor, project_id, baseline_id, candidate_id)
    first, second = store.systems.texts(baseline_id), store.systems.texts(candidate_id)
    systems = [_system(store, project_id, i) for i in (baseline_id, candidate_id)]
    project = store.projects.by_id(project_id)
    assert project is not None
    report = scan(
        [first[e] for e in examples],
        [second[e] for e in examples],
        names=[name for s in systems if len(name := s["name"].strip()) > 3],
        template=project.settings.template,
    )
    return asdict(report)


def open_study(
    store: Store,
    actor: Actor,
    project_id: str,
    *,
    name: str,
    baseline_id: str,
    candidate_id: str,
    size: int | None = None,
    overlap: float = OVERLAP,
    show_reference: bool = False,
    seed: int = 42,
    study_id: str | None = None,
) -> str:
    """Draw the sample, fix every rater's order and sides, scan for leaks, open; the study's id.

    `study_id` was made when the form was opened: a second submission of it opens nothing. `size`
    may be above the plan's, never below 10 % of the outputs. `overlap` is the share of pairs that
    two people rate.
    """
    outputs = shared_outputs(store, actor, project_id, baseline_id, candidate_id)
    if not outputs:
        raise InvalidInput("The two systems share no answered example. Generate for one split.")
    if study_id and store.studies.by_id(study_id):
        return study_id
    if not 0 <= overlap <= 1:
        raise InvalidInput("The overlap is a share between 0 and 1.")
    least = plan_size(len(outputs))
    size = plan_size(len(outputs), at_least=size or 0)
    project = store.projects.by_id(project_id)
    assert project is not None
    system = _system(store, project_id, baseline_id)
    pairs = _draw(store, system["version_id"], outputs, size, seed)
    tables, order_hash = _tables(pairs, overlap, seed)
    leaks = scan_leaks(store, actor, project_id, baseline_id, candidate_id)
    study_id = study_id or new_id("stu")
    row = {
        "study_id": study_id,
        "project_id": project_id,
        "version_id": system["version_id"],
        "name": name.strip()[:80] or f"Study of {size} pairs",
        "baseline_id": baseline_id,
        "candidate_id": candidate_id,
        "rubric": rubric_to_json(project.settings.rubric),
        "plan": {
            "outputs": len(outputs),
            "pairs": size,
            "least": least,
            "fraction": FRACTION,
            "overlap": overlap,
            "show_reference": show_reference,
            "seed": seed,
        },
        "order_hash": order_hash,
        "leaks": leaks,
        "blind": leaks["blind"],
        "actor_id": actor.person_id,
    }
    store.transact(lambda: store.studies.add(row, **tables))
    return study_id


def _draw(
    store: Store, version_id: str, outputs: list[str], size: int, seed: int
) -> list[dict[str, Any]]:
    """The sample, stratified by the length of the reference, in a seeded order."""
    rows = store.versions.examples(version_id).select(["example_id", "output"]).to_pylist()
    references = {row["example_id"]: row["output"] for row in rows}
    strata = length_strata([references[e] for e in outputs])
    drawn = draw(outputs, strata, size, np.random.default_rng(seed))
    pairs = [
        {
            "pair_id": new_id("pair"),
            "example_id": d.example_id,
            "stratum": d.stratum,
            "inclusion_probability": d.inclusion_probability,
        }
        for d in drawn
    ]
    random.Random(seed).shuffle(pairs)
    return [{**pair, "number": i + 1} for i, pair in enumerate(pairs)]


def _tables(pairs: list[dict[str, Any]], overlap: float, seed: int) -> tuple[dict[str, Any], str]:
    import pyarrow as pa

    strata = [pair["stratum"] for pair in pairs]
    placed: list[dict[str, Any]] = []
    for slot in range(SLOTS):
        placed_on = sides(strata, slot=slot, seed=seed)
        position = {index: place for place, index in enumerate(order(len(pairs), slot, seed))}
        placed += [
            {
                "slot": slot,
                "pair_id": pair["pair_id"],
                "position": position[index],
                "baseline_left": placed_on[index].baseline_left,
            }
            for index, pair in enumerate(pairs)
        ]
    twice = set(random.Random(seed + 1).sample(range(len(pairs)), round(overlap * len(pairs))))
    places = [
        {"pair_id": pair["pair_id"], "place": place}
        for index, pair in enumerate(pairs)
        for place in range(2 if index in twice else 1)
    ]
    fixed = [(p["slot"], p["position"], p["baseline_left"]) for p in placed]
    digest = hashlib.sha256(json.dumps([seed, fixed]).encode()).hexdigest()
    tables = {"pairs": pairs, "sides": placed, "places": places}
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}, digest


def let_count(store: Store, actor: Actor, study_id: str, reason: str) -> None:
    """A lead writes why a study that is not blind may count all the same."""
    study = get_study(store, actor, study_id)
    if len(reason.strip()) < 10:
        raise InvalidInput("Write in a sentence why the verdict may count although it can be told.")
    store.transact(
        lambda: store.studies.add_note(study["study_id"], COUNTS, reason.strip(), actor.person_id)
    )


def withhold_again(store: Store, actor: Actor, study_id: str) -> None:
    """Take `let_count` back; the reason that was given stays in the notes."""
    study = get_study(store, actor, study_id)
    if counts_because(study) is None:
        raise Conflict("The verdict of this study is withheld already.")
    store.transact(lambda: store.studies.add_note(study_id, "withheld_again", "", actor.person_id))


def counts_because(study: Mapping[str, Any]) -> dict[str, Any] | None:
    """The note by which a study that is not blind counts all the same, or None."""
    notes = [n for n in study["notes"] if n["kind"] in (COUNTS, "withheld_again")]
    return notes[-1] if notes and notes[-1]["kind"] == COUNTS else None


def set_closed(store: Store, actor: Actor, study_id: str, closed: bool, text: str = "") -> None:
    """Close a study to further ratings, or reopen it."""
    study = get_study(store, actor, study_id)
    if bool(study["closed_at"]) == closed:
        raise Conflict(f"The study is {'closed' if closed else 'open'} already.")
    store.transact(lambda: store.studies.set_closed(study_id, closed, text, actor.person_id))


def get_study(store: Store, actor: Actor, study_id: str) -> dict[str, Any]:
    """One study with its systems; leads only, since it tells which is which."""
    study = store.studies.by_id(study_id)
    if study is None:
        raise NotFound("This study does not exist. Choose one from the list.")
    actor.require(study["project_id"], "lead")
    return {**study, "notes": store.studies.notes(study_id)}


def studies_of(store: Store, actor: Actor, project_id: str) -> list[dict[str, Any]]:
    """A project's studies, newest first; leads only."""
    actor.require(project_id, "lead")
    return store.studies.of_project(project_id)


def _system(store: Store, project_id: str, system_id: str) -> dict[str, Any]:
    system = store.systems.by_id(system_id)
    if system is None or system["project_id"] != project_id:
        raise NotFound("This system does not exist in this project. Choose one from the list.")
    return system
