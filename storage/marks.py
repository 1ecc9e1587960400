"""Marked words of examples whose texts change many at once: moved, or taken off and said so."""

from __future__ import annotations

import json

from core.examples.example import FIELDS
from core.labels.spans import carried, taken_off
from storage.database import Database


def carry_marks(db: Database) -> None:
    """Bring the labels of chosen_examples, which has the new texts, in line with them.

    The temporary table gets a column `remark`: what the history says where marks were taken off.
    """
    add_remarks(db)
    rows = db.rows(
        """
        SELECT n.example_id, CAST(n.labels AS VARCHAR) AS labels, c.instruction AS old_instruction,
               c.input AS old_input, c.output AS old_output, n.instruction, n.input, n.output
        FROM chosen_examples n JOIN example_current c USING (example_id)
        WHERE contains(CAST(n.labels AS VARCHAR), '"option"')
        """
    )
    changed = []
    for row in rows:
        labels = json.loads(row["labels"])
        before = {name: row[f"old_{name}"] for name in FIELDS}
        made, gone = carried(labels, before, {name: row[name] for name in FIELDS})
        if made != labels:
            changed.append((row["example_id"], json.dumps(made), taken_off(gone)))
    if changed:
        ids, labels, remarks = zip(*changed, strict=True)
        db.execute(
            """
            UPDATE chosen_examples SET labels = m.labels::JSON, remark = m.remark
            FROM (SELECT unnest($ids) AS example_id, unnest($labels) AS labels,
                         unnest($remarks) AS remark) m
            WHERE m.example_id = chosen_examples.example_id
            """,
            {"ids": list(ids), "labels": list(labels), "remarks": list(remarks)},
        )


def add_remarks(db: Database) -> None:
    """Give chosen_examples the column `remark`, "" everywhere, if it has none."""
    db.execute("ALTER TABLE chosen_examples ADD COLUMN IF NOT EXISTS remark VARCHAR DEFAULT ''")
