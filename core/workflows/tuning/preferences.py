"""Preference pairs of a project: what a run by DPO would learn from, frozen with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import Conflict
from core.tuning.judged_pairs import preference_sets
from core.tuning.preferences import PairSources, PreferencePair, PreferenceSet, held_out
from core.tuning.run_spec import RunSpec
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation.studies import counts_because

if TYPE_CHECKING:
    from storage.store import Store


class PairsChanged(Conflict):
    """A study was closed, reopened or judged, or a negative decided on, while the run was being
    started."""

    title = "The preferences have just changed"


def preferences_of(
    store: Store, actor: Actor, version_id: str, sources: PairSources = "both"
) -> PreferenceSet:
    """What the project's closed studies and its confirmed negatives say of the version's training
    and validation examples, of the chosen sources, and what was left out and why; leads only."""
    return preferences_by_choice(store, actor, version_id)[sources]


def preferences_by_choice(
    store: Store, actor: Actor, version_id: str
) -> Mapping[PairSources, PreferenceSet]:
    """The same for each choice of sources, read once."""
    project_id = get_version(store, actor, version_id).project_id
    actor.require(project_id, "lead")
    studies = {one: store.studies.by_id(one) for one in store.preferences.studies(project_id)}
    withheld = {
        study_id
        for study_id, study in studies.items()
        if study and not study.blind and counts_because(study) is None
    }
    pairs = {
        pair.pair_id: replace(pair, study_withheld=pair.study_id in withheld)
        for pair in store.preferences.judged_pairs(project_id, version_id)
    }
    said = [one for study_id in studies for one in store.judgements.of_study(study_id)]
    return preference_sets(pairs, said, store.preferences.negatives(project_id, version_id))


def frozen_pairs(
    store: Store, actor: Actor, spec: RunSpec
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables train.parquet and validation.parquet of the spec's pairs, and what is told of
    where they come from. Raises PairsChanged when they are not those that the spec names."""
    found = preferences_of(store, actor, spec.data.version_id, spec.objective.pair_sources)
    if found.hash != spec.objective.pairs_hash:
        raise PairsChanged(
            "A study was judged, closed or reopened, or a negative decided on, while the run was "
            "being started. Start it again."
        )
    train, validation = held_out(found.pairs, spec.seed)
    tables = {
        f"{name}.parquet": _table(pairs)
        for name, pairs in (("train", train), ("validation", validation))
    }
    by_study = Counter(pair.study_id for pair in found.pairs)
    studies = {
        study_id: {"name": study.name, "pairs": by_study[study_id]}
        for study_id in sorted(by_study)
        if (study := store.studies.by_id(study_id))
    }
    told = {
        "pairs": len(found.pairs),
        "train": len(train),
        "validation": len(validation),
        "sources": dict(Counter(pair.source for pair in found.pairs)),
        "studies": studies,
        "left_out": dict(found.left_out),
        "hash": found.hash,
    }
    return tables, told


def _table(pairs: list[PreferencePair]) -> Any:
    import pyarrow as pa

    kinds = [
        (name, pa.bool_() if kind == "bool" else pa.string())
        for name, kind in PreferencePair.__annotations__.items()
    ]
    return pa.Table.from_pylist([asdict(pair) for pair in pairs], schema=pa.schema(kinds))
