"""A workspace of an earlier schema keeps every study, judgement, rating, flag and note."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from core.workspace import Workspace
from storage.database import migration_files
from storage.store import Store
from tests.study_builders import progress_of

BEFORE = [name for name in sorted(migration_files()) if name < "0009"]
STUDY = """
INSERT INTO people VALUES
    ('person_bea', 'Bea', 'bea', 'x', false, false, TIMESTAMP '2026-11-01 10:00:00');
INSERT INTO projects VALUES
    ('prj', 'Notes', '{"name": "Notes"}', false, 'person_ada', TIMESTAMP '2026-11-01 10:00:00',
     NULL);
INSERT INTO revisions
    (revision_id, example_id, number, instruction, input, output, labels, origin, author_id,
     created_at)
SELECT 'rev_' || k, 'ex_' || k, 1, 'Say ' || k, '', 'It is ' || k, '{}', 'import', 'p',
       TIMESTAMP '2026-11-01 10:00:00'
FROM range(4) t(k);
INSERT INTO version_examples
SELECT 'ver', 'ex_' || k, 'rev_' || k, 'test', 'g' || k, k FROM range(4) t(k);
INSERT INTO dataset_versions
    (version_id, project_id, number, name, content_hash, seed, ratios, counts, warnings, actor_id,
     created_at)
VALUES ('ver', 'prj', 1, 'v1', 'h', 1, '[0, 0, 1]',
        '{"total": 4, "groups": 4, "train": 0, "validation": 0, "test": 4}', '[]', 'p',
       TIMESTAMP '2026-11-01 10:00:00');
INSERT INTO runs VALUES
    ('run', 'prj', 'ver', 'job', 'Run', '{"template_hash": "abc"}', NULL, 'p',
       TIMESTAMP '2026-11-01 10:00:00');
INSERT INTO systems
    (system_id, project_id, version_id, split, kind, name, run_id, job_id, config, summary,
     actor_id, created_at)
SELECT id, 'prj', 'ver', 'test', kind, name, 'run', 'job',
       '{"temperature": 0.0, "seed": 42, "max_new_tokens": 64, "shots": 3}',
       '{"n": 4, "metrics": {"rougeL": 0.5}}', 'p',
       TIMESTAMP '2026-11-01 10:00:00'
FROM (VALUES ('sys_a', 'base', 'The base'), ('sys_b', 'tuned', 'The run')) v(id, kind, name);
INSERT INTO generations
SELECT id, 'ex_' || k, ' answer ' || id || k || chr(10), 5, 6, 0.5, 'stop'
FROM range(4) t(k), (VALUES ('sys_a'), ('sys_b')) v(id);
INSERT INTO scores
SELECT id, 'ex_' || k, 'rougeL', 0.5 FROM range(4) t(k), (VALUES ('sys_a'), ('sys_b')) v(id);
INSERT INTO studies VALUES
    ('stu', 'prj', 'ver', 'Old study', 'sys_a', 'sys_b',
     '[{"name": "relevance", "question": "?", "anchors": ["1","2","3","4","5"]}]',
     '{"outputs": 4, "pairs": 4, "least": 1, "fraction": 0.1, "overlap": 0.25,
       "show_reference": false, "seed": 42}',
     'hash', '{"findings": ["Length tells."], "length_auc": 0.9, "format_auc": 0.6,
       "blind": false}', false, 'p',
       TIMESTAMP '2026-11-01 10:00:00', NULL);
INSERT INTO study_notes VALUES
    ('note', 'stu', 'counts_although_not_blind', 'Because.', 'p',
     TIMESTAMP '2026-11-01 10:00:00');
INSERT INTO blind_pairs SELECT 'pair_' || k, 'stu', 'ex_' || k, k + 1, 'short', 0.5
FROM range(4) t(k);
INSERT INTO pair_sides SELECT 'stu', slot, 'pair_' || k, k, (k + slot) % 2 = 0
FROM range(4) t(k), range(24) s(slot);
INSERT INTO study_raters VALUES ('stu', 'person_bea', 0, TIMESTAMP '2026-11-01 10:00:00');
INSERT INTO pair_places
SELECT 'pair_' || k, 0, 'stu', CASE WHEN k < 3 THEN 'person_bea' END,
       TIMESTAMP '2026-11-01 12:00:00', k < 2
FROM range(4) t(k);
INSERT INTO pair_places VALUES ('pair_0', 1, 'stu', NULL, TIMESTAMP '1970-01-01', false);
INSERT INTO judgements VALUES
    ('jdg_0', 'stu', 'pair_0', 0, 'person_bea', 'left', 'base', true,
     '{"base": [], "tuned": ["unsafe"]}', 'hm', 'better so', 12.5, TIMESTAMP '2026-11-01 10:00:00'),
    ('jdg_1', 'stu', 'pair_1', 0, 'person_bea', 'tie_good', 'tie_good', false,
     '{"base": [], "tuned": []}', '', '', 7, TIMESTAMP '2026-11-01 10:00:00');
INSERT INTO ratings VALUES
    ('jdg_0', 'base', 'relevance', 5, ''), ('jdg_0', 'tuned', 'relevance', 2, 'line one');
"""
WITHDRAWN = """
INSERT INTO withdrawn_judgements VALUES
    ('jdg_w', 'stu', 'pair_2', 'person_bea',
     '{"choice": "right", "verdict": "tuned", "baseline_left": true, "place": 0,
       "flags": {"base": [], "tuned": ["off-topic"]}, "comment": "oh", "correction": "",
       "seconds": 3.0}',
     '[{"judgement_id": "jdg_w", "system": "tuned", "criterion": "relevance", "value": 4,
        "remark": ""}]', TIMESTAMP '2026-11-01 10:00:00');
"""


def an_earlier_workspace(home: Path, last: str) -> None:
    """A workspace as the program left it that knew the migrations up to `last`."""
    from storage.database import _checksum

    Workspace(home).prepare()
    file = duckdb.connect(str(home / "touchstone.duckdb"))
    file.execute(
        "CREATE TABLE migrations "
        "(name VARCHAR PRIMARY KEY, checksum VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)"
    )
    filled = False
    for name, sql in sorted(migration_files().items()):
        if name > last:
            break
        if name >= "0007" and not filled:  # tables of other subjects change from here on
            _fill(file, withdrawn=True)
            filled = True
        file.execute(sql)
        file.execute(
            "INSERT INTO migrations VALUES (?, ?, TIMESTAMP '2026-11-01')", [name, _checksum(sql)]
        )
    if not filled:
        _fill(file, withdrawn=last >= "0003")
    file.close()


def _fill(file: duckdb.DuckDBPyConnection, withdrawn: bool) -> None:
    file.execute(STUDY)
    if withdrawn:
        file.execute(WITHDRAWN)


@pytest.mark.parametrize("last", BEFORE)
def test_a_study_of_an_earlier_schema_is_found_again_whole(tmp_path: Path, last: str) -> None:
    an_earlier_workspace(tmp_path, last)
    store = Store(tmp_path)
    study = store.studies.by_id("stu")
    assert study is not None
    assert (study.name, study.blind, study.differences) == ("Old study", False, ())
    assert (study.baseline.system_id, study.candidate.name) == ("sys_a", "The run")
    assert (study.plan.outputs, study.leaks.measures[0].share) == (4, 0.9)
    assert [note.text for note in store.studies.notes("stu")] == ["Because."]
    first, second = store.judgements.of_study("stu")
    assert (first.outcome, first.preferred_system_id) == ("preferred", "sys_a")
    assert (second.outcome, second.preferred_system_id) == ("tie_good", None)
    assert first.flags == {"sys_a": (), "sys_b": ("unsafe",)}
    assert (first.comment, first.correction, first.seconds) == ("hm", "better so", 12.5)
    shown = store.presentations.by_id(first.presentation_id)
    assert shown is not None
    assert (shown.left_system_id, shown.right_system_id, shown.done) == ("sys_a", "sys_b", True)
    ratings = [(r.system_id, r.value, r.remark) for r in store.judgements.ratings("stu")]
    assert sorted(ratings) == [("sys_a", 5, ""), ("sys_b", 2, "line one")]
    progress = progress_of(store, "stu", "person_bea")
    assert (progress.pairs, progress.judged, progress.mine, progress.open) == (4, 2, 2, 2)
    assert (progress.reviewed, progress.least) == (2, 1)
    assert store.answers.texts("sys_b", "ver")["ex_3"] == " answer sys_b3\n"
    generation = store.systems.newest_generation("sys_a")
    assert generation is not None
    assert (generation.conditions.prompt_hash, generation.conditions.cap) == ("abc", 64)
    store.transact(lambda: store.systems.cover("ver"))
    (system, _) = store.systems.of_version("ver")
    assert (system.name, system.answers, system.scored) == ("The base", 4, True)
    assert system.scoring is not None
    assert system.scoring.summary["metrics"] == {"rougeL": 0.5}
    if last >= "0003":
        (back,) = store.database.rows("SELECT * FROM withdrawn_judgements")
        said = json.loads(back["judgement"])
        assert (said["outcome"], said["preferred_system_id"]) == ("preferred", "sys_b")
        assert said["flags"] == {"sys_a": [], "sys_b": ["off-topic"]}
        assert json.loads(back["ratings"])[0]["system_id"] == "sys_b"
    store.close()


def test_what_a_rater_held_stays_theirs_on_the_same_side(tmp_path: Path) -> None:
    an_earlier_workspace(tmp_path, BEFORE[-1])
    store = Store(tmp_path)
    (held,) = store.database.rows(
        "SELECT * FROM presentations WHERE rater_id IS NOT NULL AND NOT done AND NOT lapsed"
    )
    # In slot 0 the baseline of pair 2 stood on the left.
    assert (held["pair_id"], held["left_system_id"]) == ("pair_2", "sys_a")
    store.close()


def test_no_table_or_column_calls_a_role_base_or_tuned(tmp_path: Path) -> None:
    store = Store(tmp_path)
    columns = store.database.rows(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    )
    named = [(c["table_name"], c["column_name"]) for c in columns]
    assert [c for c in named if {"base", "tuned"} & set(c[1].split("_"))] == []
    checks = store.database.rows(
        "SELECT table_name, constraint_text FROM duckdb_constraints() "
        "WHERE constraint_text LIKE '%''tuned''%'"
    )
    assert {c["table_name"] for c in checks} == {"systems"}
    store.close()
