"""Describe: a version's data card, what leads know of its sources, and an example's lineage."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.errors import NotFound
from core.versions.data_card import CheckSummary, DataCard, Heeded, SourceFacts
from core.versions.lineage import Lineage
from core.workflows.curation import gold_views
from core.workflows.curation.browsing import example_of
from core.workflows.curation.freezing import get_version

if TYPE_CHECKING:
    from storage.store import Store


def data_card(store: Store, actor: Actor, version_id: str) -> DataCard:
    """Everything that is known of a version. Raises NotFound, NotAllowed."""
    version = get_version(store, actor, version_id)
    project = store.projects.by_id(version.project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    written, facts = store.cards.written(version_id), store.cards.facts(version_id)
    return DataCard(
        version_id=version_id,
        project=project.settings.name,
        name=version.name,
        number=version.number,
        content_hash=version.content_hash,
        notes=version.notes,
        frozen_at=version.created_at,
        frozen_by=version.person,
        seed=version.seed,
        evaluation_only=version.evaluation_only,
        counts={str(split): count for split, count in version.counts.items()},
        groups=version.groups,
        written_from=written["first"],
        written_until=written["last"],
        sources=store.cards.sources(version_id),
        people=store.cards.people(version_id),
        unreviewed=store.cards.unreviewed(version_id),
        twice=store.cards.accepted_by_several(version_id),
        lengths=store.cards.lengths(version_id),
        labels=store.cards.labels(
            version_id, [f.name for f in project.settings.label_schema if f.kind == "text"]
        ),
        languages=facts.get("languages") or None,
        split=str(facts.get("split", "")),
        left_out=store.versions.left_out_reasons(version_id),
        protected=tuple(
            Heeded(file.name, file.texts, left_out)
            for file, left_out in store.firewall.of_version(version_id)
        ),
        check=_check_of(store, version.project_id, version_id),
        synthetic=store.synthetic.in_version(version_id),
    )


def _check_of(store: Store, project_id: str, version_id: str) -> CheckSummary | None:
    """What the newest check found in the revisions that a version holds."""
    from core.findings.kinds import KINDS

    newest, checked = store.checks.newest(project_id), store.cards.checked(version_id)
    if newest is None or not checked:
        return None
    found = {
        KINDS[kind].label if kind in KINDS else kind: count
        for kind, count in store.cards.findings(version_id).items()
    }
    return CheckSummary(newest.created_at, checked, found)


def describe_source(
    store: Store, actor: Actor, project_id: str, import_id: str, facts: SourceFacts
) -> None:
    """Keep what a lead knows of an import's file: licence, legal basis, a note. It holds for all
    versions. Raises NotFound."""
    actor.require(project_id, "lead")

    def save() -> None:
        found = store.imports.by_id(import_id)
        if found is None or found.project_id != project_id:
            raise NotFound("This import does not exist in this project. Choose one from the list.")
        store.cards.describe(import_id, facts, actor.person_id)
        store.audit.record(
            "source_described", "import", import_id, actor.person_id,
            project_id=project_id, file_name=found.file_name, **asdict(facts),
        )  # fmt: skip

    store.transact(save)


def lineage(store: Store, actor: Actor, project_id: str, example_id: str) -> Lineage:
    """The versions that hold an example, the runs that trained on it, and, for those who read
    results, the studies that rate it. Raises NotFound."""
    if gold_views.view_of(store, actor, example_of(store, actor, project_id, example_id)):
        return Lineage((), (), None)
    reads = actor.has(project_id, *READS_RESULTS)
    return Lineage(
        store.lineage.versions(example_id),
        store.lineage.runs(example_id),
        store.lineage.studies(example_id) if reads else None,
    )
