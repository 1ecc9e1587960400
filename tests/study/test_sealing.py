"""A study's seal: whatever was fixed changes it, and an opened one shows that nothing was."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from core.study.sealing import BrokenSeal, check_opened, seal_content, seal_of, secret_seed

PAIRS: list[dict[str, Any]] = [
    {
        "pair_id": f"pair_{k}", "example_id": f"ex_{k}", "revision_id": f"rev_{k}", "number": k,
        "system_a": "sys_a", "system_b": "sys_b", "places": 1, "answer_a": f"A {k}",
        "answer_b": f"B {k}",
    }
    for k in (1, 2, 3)
]  # fmt: skip
RUBRIC = [{"name": "relevance"}]
PLAN = {"outputs": 30, "least": 3, "pairs": 3, "seed": 1}


def content(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "study_id": "stu", "seed": 7, "systems": ["sys_a", "sys_b"], "pairs": PAIRS,
        "rubric": RUBRIC, "plan": PLAN,
    } | changes  # fmt: skip
    return seal_content(**given)


def changed(number: int, **values: Any) -> list[dict[str, Any]]:
    pairs = copy.deepcopy(PAIRS)
    pairs[number] |= values
    return pairs


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 8},
        {"study_id": "other"},
        {"systems": ["sys_b", "sys_a"]},
        {"rubric": [{"name": "fluency"}]},
        {"plan": {**PLAN, "least": 4}},
        {"pairs": changed(0, answer_a="A 1.")},
        {"pairs": changed(1, example_id="ex_9")},
        {"pairs": changed(1, system_a="sys_b", system_b="sys_a")},
        {"pairs": changed(2, places=2)},
        {"pairs": PAIRS[:2]},
        {"pairs": [{**pair, "number": 4 - pair["number"]} for pair in PAIRS]},
    ],
)
def test_the_seal_changes_with_whatever_was_fixed(changes: dict[str, Any]) -> None:
    known = seal_of(content())
    assert len(known) == 64
    assert seal_of(content(pairs=PAIRS[::-1])) == known  # the order of rows says nothing
    assert seal_of(content(**changes)) != known


def test_a_seed_is_secret_and_fits_the_database() -> None:
    seeds = {secret_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_an_opened_seal_is_checked_without_a_server(tmp_path: Path) -> None:
    sealed = content()
    seal = seal_of(sealed)
    opened = {"seal": seal, "content": sealed}
    path = tmp_path / "seal.json"
    path.write_text(json.dumps(opened, indent=1), encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", str(path), "--seal", f"{seal[:12]}…"])
    assert done.stdout.startswith("The seal holds: 3 pairs, ")
    assert json.loads(CliRunner().invoke(app, ["verify", str(path), "--json"]).stdout)["ok"] is True
    other = CliRunner().invoke(app, ["verify", str(path), "--seal", "abcabcabcabc"])
    assert (other.exit_code, "another seal" in other.stderr) == (1, True)
    path.write_text(path.read_text().replace('"least": 3', '"least": 2'), encoding="utf-8")
    broken = CliRunner().invoke(app, ["verify", str(path)])
    assert broken.exit_code == 1
    assert "The seal is broken. What the file holds was changed" in broken.stderr


@pytest.mark.parametrize("opened", [None, [], {}, {"seal": "x"}, {"content": 3}])
def test_what_is_no_opened_seal_is_refused(opened: Any) -> None:
    with pytest.raises(BrokenSeal, match="no opened seal"):
        check_opened(opened)
