"""What masking personal data in examples does to what else holds them: negatives and gold marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.store import Store


def also_mask(
    store: Store, project_id: str, batch_id: str, kinds: Collection[str], actor_id: str
) -> Mapping[str, int]:
    """After a batch of masks or mends of these kinds, in its transaction; nothing where none is of
    personal data. What was done, for the audit log.

    Negatives of the same examples that wait are deleted, as another revision may be asked about
    anew; those that were decided on are masked. Gold examples among them are gold no more, as they
    are shown to annotators as they were imported.
    """
    from core.findings.personal import MASKS, masked

    kinds = MASKS.keys() & kinds
    if not kinds:
        return {}
    # Of this and proposals that are taken in at once the second starts again, and sees the first.
    store.intake.reserve(project_id, 0)
    dropped = store.negatives.drop_waiting(project_id, batch_id)
    texts = store.negatives.texts_of_batch(project_id, batch_id)
    changed = {one: after for one, text in texts.items() if (after := masked(text, kinds)) != text}
    if changed:
        store.negatives.mask(changed)
    unmarked = store.gold_examples.unmark_revised(project_id, batch_id, actor_id)
    told = {
        "negatives_dropped": dropped,
        "negatives_masked": len(changed),
        "gold_unmarked": unmarked,
    }
    return {name: n for name, n in told.items() if n}
