"""The shared outputs of a study as raters see them: changed on all sides alike, and counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from core.errors import InvalidInput
from core.study.phrases import telling_openings
from core.study.transforming import Changed, Changes


def as_shown(
    table: Any,
    keys: Sequence[str],
    names: Sequence[str],
    template: str,
    drawn: Collection[str] | None = None,
) -> tuple[Any, Changed]:
    """The table (`core.study.draw_job`) with the answers as they are shown, without the examples
    that are left out; and what was changed, counted over the `drawn` examples where they are known.

    Raises InvalidInput when no example is left.
    """
    import pyarrow as pa

    references = table.column("reference").to_pylist()
    texts = table.column("texts").to_pylist()
    openings = _openings(texts, references) if "openings" in keys else ()
    changes = Changes(tuple(keys), openings, tuple(names), template)
    shown = [changes.apply(*one) for one in zip(texts, references, strict=True)]
    ids = table.column("example_id").to_pylist()
    looked_at = [k for k, one in enumerate(ids) if drawn is None or one in drawn]
    kept = [k for k, one in enumerate(shown) if one is not None]
    if not any(shown[k] for k in looked_at):
        raise InvalidInput("The changes leave no example of which a pair could be made.")
    table = table.take(pa.array(kept, pa.int64()))
    now = pa.array([list(shown[k] or ()) for k in kept], pa.list_(pa.string()))
    table = table.set_column(table.schema.get_field_index("texts"), "texts", now)
    changed = [
        before.strip() != after
        for k in looked_at
        if (one := shown[k]) is not None
        for before, after in zip(texts[k], one, strict=True)
    ]
    left_out = sum(shown[k] is None for k in looked_at)
    return table, Changed(sum(changed), len(changed), left_out, openings)


def _openings(texts: Sequence[Sequence[str]], references: Sequence[str]) -> tuple[str, ...]:
    """What one system alone begins with, of the baseline against each candidate."""
    baseline, *candidates = ([text.strip() for text in side] for side in zip(*texts, strict=True))
    found = (telling_openings(baseline, other, references) for other in candidates)
    return tuple(dict.fromkeys(one for some in found for one in some))
