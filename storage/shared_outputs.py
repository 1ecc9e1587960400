"""Outputs that several systems share, which a study is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from storage.database import Database


class SharedOutputs:
    """Questions about the examples that all of some systems answered."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def count(self, version_id: str, system_ids: Sequence[str], split: str) -> tuple[int, int]:
        """(examples of a split that all systems answered and none was trained on or shown, those
        that one was). Who was not asked, as the prompt fills the context, has not answered."""
        _, joins = joined_systems(system_ids)
        row = self._db.one(
            f"""
            SELECT count(*) FILTER (x.example_id IS NULL) AS fair,
                   count(*) FILTER (x.example_id IS NOT NULL) AS left_out
            FROM version_examples m
            {joins}
            LEFT JOIN (
                SELECT DISTINCT example_id FROM exposed_examples WHERE system_id IN $systems
            ) x ON x.example_id = m.example_id
            WHERE m.version_id = $version AND ($split IS NULL OR m.split = $split)
            """,  # noqa: S608 made of numbers
            shared_params(version_id, system_ids, split),
        )
        assert row is not None
        return int(row["fair"]), int(row["left_out"])

    def write(
        self,
        path: Path,
        version_id: str,
        system_ids: Sequence[str],
        split: str,
        *,
        exposed: bool = False,
    ) -> int:
        """Write the fair examples, in any order, with every system's answer; how many. `exposed`:
        those too that a system was trained on or shown.

        Columns: example_id, revision_id, position, reference, texts (a list, as `system_ids`), and
        what is known of their risk: confidences (as texts), and how many findings of high severity
        the newest check has on the revision, NULL where it did not look at it.
        """
        texts, joins = joined_systems(system_ids)
        return self._db.write_parquet(
            path,
            f"""
            SELECT m.example_id, m.revision_id, m.position, r.output AS reference,
                   list_value({texts}) AS texts,
                   list_value({texts.replace(".text", ".confidence")}) AS confidences,
                   k.high AS high_findings
            FROM version_examples m
            {joins}
            JOIN revisions r ON r.revision_id = m.revision_id
            LEFT JOIN ({_CHECKED}) k
                ON k.example_id = m.example_id AND k.revision_id = m.revision_id
            ANTI JOIN (
                SELECT example_id FROM exposed_examples WHERE system_id IN $systems AND NOT $exposed
            ) x ON x.example_id = m.example_id
            WHERE m.version_id = $version AND ($split IS NULL OR m.split = $split)
            """,  # noqa: S608 made of numbers
            {**shared_params(version_id, system_ids, split), "exposed": exposed},
        )


def joined_systems(system_ids: Sequence[str]) -> tuple[str, str]:
    """The systems' texts and a join for each: to group them by example takes twice the time."""
    numbers = [str(n + 1) for n in range(len(system_ids))]
    return ", ".join(f"a{n}.text" for n in numbers), "".join(
        _JOIN_SYSTEM.replace("%", n) for n in numbers
    )


def shared_params(version_id: str, system_ids: Sequence[str], split: str) -> dict[str, Any]:
    """The parameters of a query over what systems answered of a split."""
    return {
        "version": version_id,
        "systems": list(system_ids),
        "split": None if split == "all" else split,
    }


_JOIN_SYSTEM = """
    JOIN answers a% ON a%.system_id = $systems[%] AND a%.example_id = m.example_id
     AND a%.revision_id = m.revision_id AND a%.finish <> 'too_long'
"""
_CHECKED = """
    SELECT k.example_id, k.revision_id, count(f.kind) AS high
    FROM checked_examples k
    LEFT JOIN example_findings f ON f.project_id = k.project_id AND f.example_id = k.example_id
     AND f.revision_id = k.revision_id AND f.severity = 'high'
    WHERE k.project_id = (SELECT project_id FROM dataset_versions WHERE version_id = $version)
    GROUP BY ALL
"""
