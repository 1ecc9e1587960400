"""`touchstone analyse`: judgements from a file, against counts by hand and against scipy."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from cli import app
from core.errors import InvalidInput
from core.statistics.estimates import weighted_mean
from core.statistics.p_values import sign_test
from core.study.analysis import analyse, analysis_json
from core.study.judgement_file import UnreadableJudgements, read_judgements

Row = dict[str, Any]
BOUNDS = ("", "_low", "_high")


def a_row(comparison: str, winner: str, rater: str = "ada", **more: Any) -> Row:
    """The candidate stands left; `winner` is base, tuned, tie_good, tie_bad or cannot_judge."""
    choice = {"tuned": "left", "base": "right"}.get(winner, winner)
    sides = {"left": "tuned", "right": "base"}
    return {"comparison": comparison, "rater": rater, **sides, "choice": choice, **more}


def written(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path = folder / "judgements.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def analysed(folder: Path, rows: Sequence[Mapping[str, Any]], complete: bool = True) -> Row:
    read = read_judgements(written(folder, rows), "base", "tuned")
    return analysis_json(analyse(read, "base", "tuned", complete=complete))


def test_the_first_judgement_of_each_comparison_counts_in_the_order_of_time(
    tmp_path: Path,
) -> None:
    rows = [
        a_row("a", "base", "bo", time="2026-11-02T10:00:00+01:00"),
        a_row("a", "tuned", "ada", time="2026-11-02T08:00:00Z"),
        a_row("b", "tie_good", time="2026-11-02T08:00:00"),
        a_row("c", "base", time="2026-11-01T08:00:00"),
        a_row("d", "cannot_judge", time="2026-11-01T09:00:00"),
    ]
    found = analysed(tmp_path, rows)
    counts = {name: found[name] for name in ("wins", "losses", "ties", "cannot_judge", "splits")}
    assert counts == {"wins": 1, "losses": 1, "ties": 1, "cannot_judge": 1, "splits": 1}
    assert (found["comparisons"], found["judgements"], found["raters"]) == (4, 5, 2)
    assert found["net_preference"] == 0
    assert found["win_rate"] == 0.5
    assert found["left_share"] == pytest.approx(1 / 3)
    # Ada chose left, Bo right, on the one comparison that both judged.
    assert found["raw_agreement"] == 0


def test_a_clear_preference_is_called_better_and_says_what_would_undo_it(tmp_path: Path) -> None:
    draw = random.Random(5)
    rows = [
        a_row(str(k), "tuned" if draw.random() < 0.75 else "base", draw.choice(["ada", "bo", "cy"]))
        for k in range(200)
    ]
    found = analysed(tmp_path, rows)
    assert found["verdict"] == "better"
    assert found["net_preference_low"] > 0
    assert found["win_rate_low"] > 0.5
    assert found["e_value_candidate"] >= 40
    assert found["e_value"] == (found["e_value_candidate"] + found["e_value_baseline"]) / 2
    assert found["sign_test_p"] == pytest.approx(binomtest(found["wins"], 200).pvalue)
    assert found["sign_survives_each_rater"] is True
    assert found["without_one_rater"]["low"] <= found["without_one_rater"]["high"]
    undone = found["reversals_to_undo"]
    assert 1 <= undone < found["wins"] - 100
    swapped = [{**row, "left": "base", "right": "tuned"} for row in rows]
    other = analysed(tmp_path, swapped)
    assert other["verdict"] == "worse"
    assert other["net_preference_high"] == pytest.approx(-found["net_preference_low"])
    assert other["reversals_to_undo"] == undone


def test_criteria_are_compared_on_the_judgement_that_counts(tmp_path: Path) -> None:
    def marks(base: int, tuned: int) -> Row:
        return {"left": {"fluency": tuned}, "right": {"fluency": base}}

    rows = [a_row(str(k), "tuned", ratings=marks(3, 4 + k % 2)) for k in range(30)]
    rows += [a_row("0", "base", "bo", ratings=marks(5, 1))]
    [(name, one)] = analysed(tmp_path, rows)["criteria"].items()
    assert (name, one["n"]) == ("fluency", 30)
    assert one["difference"] == pytest.approx(1.5)
    assert one["low"] < 1.5 < one["high"]
    assert (one["verdict"], one["p"] < 1e-6) == ("better", True)
    timed = [{**row, "time": k} for k, row in enumerate(rows)]
    running = analysed(tmp_path, timed, complete=False)["criteria"]["fluency"]
    assert running["p"] is None
    assert running["high"] - running["low"] > one["high"] - one["low"]


def test_a_risk_stratum_stays_out_of_the_verdict_and_enters_weighted(tmp_path: Path) -> None:
    drawn = [a_row(f"u{k}", "tuned", stratum="uniform", probability=0.1) for k in range(20)]
    risky = [a_row(f"r{k}", "base", stratum="risk", probability=1.0) for k in range(100)]
    found = analysed(tmp_path, drawn + risky)
    assert (found["wins"], found["losses"], found["left_out"]) == (20, 0, 100)
    assert found["weighted_net_preference"] == pytest.approx((20 * 10 - 100) / 300)
    unknown = [{**row, "stratum": "x" + row["comparison"][0]} for row in drawn + risky]
    nothing = analysed(tmp_path, unknown)
    assert (nothing["verdict"], nothing["net_preference"]) == ("not shown", None)


def test_the_weighted_mean_covers_the_mean_of_a_population_drawn_unequally() -> None:
    draw = random.Random(9)
    population = [(draw.choice([-1, 0, 1, 1]), draw.choice([0.1, 0.5])) for _ in range(2000)]
    truth = sum(value for value, _ in population) / len(population)
    covered = 0
    for _ in range(300):
        sample = [(v, 1 / p) for v, p in population if draw.random() < p]
        one = weighted_mean([v for v, _ in sample], [w for _, w in sample])
        assert one.low is not None
        assert one.high is not None
        covered += one.low <= truth <= one.high
    assert covered >= 0.93 * 300


def test_a_file_that_is_sorted_by_what_was_said_claims_nothing(tmp_path: Path) -> None:
    rows = [a_row(str(k), "tuned" if k < 20 else "base") for k in range(44)]
    found = analysed(tmp_path, rows)
    assert (found["verdict"], found["wins"], found["losses"]) == ("not shown", 20, 24)
    timed = [{**row, "time": k} for k, row in enumerate(rows)]
    # Judged in this order, what was said turned over: no claim may contradict what was seen.
    assert analysed(tmp_path, timed)["verdict"] == "not shown"
    with pytest.raises(InvalidInput, match="needs a “time”"):
        analysed(tmp_path, rows, complete=False)


def test_a_rater_who_carries_everything_leaves_nothing_behind(tmp_path: Path) -> None:
    rows = [a_row(str(k), "tuned", "ada") for k in range(20)]
    rows += [a_row(f"x{k}", "cannot_judge", "bo") for k in range(3)]
    assert analysed(tmp_path, rows)["sign_survives_each_rater"] is False


def test_one_person_who_judges_twice_is_no_disagreement(tmp_path: Path) -> None:
    rows = [a_row("a", "tuned"), a_row("a", "base"), a_row("b", "tuned"), a_row("b", "base", "bo")]
    assert analysed(tmp_path, rows)["splits"] == 1


def test_agreement_is_of_the_first_look_of_each_rater(tmp_path: Path) -> None:
    def marks(left: int, right: int) -> Row:
        return {"left": {"relevance": left}, "right": {"relevance": right}}

    looks = [
        a_row("a", "tuned", "ada", time="2026-11-02T08:00:00Z", ratings=marks(5, 3)),
        a_row("a", "base", "ada", time="2026-11-02T09:00:00Z", ratings=marks(2, 4)),
        a_row("a", "tuned", "bo", time="2026-11-02T10:00:00Z", ratings=marks(5, 3)),
    ]
    for rows in (looks, looks[::-1]):
        found = analysed(tmp_path, rows)
        assert (found["splits"], found["raw_agreement"]) == (0, 1.0)
        assert found["agreement"]["relevance"]["raw"] == 1.0


def test_the_systems_in_each_others_role_mirror_the_sides_and_change_no_agreement(
    tmp_path: Path,
) -> None:
    draw = random.Random(7)
    said = ("tuned", "tuned", "base", "tie_good", "tie_bad")
    rows = [a_row(f"c{k}", draw.choice(said), f"r{j}") for k in range(30) for j in range(1 + k % 4)]
    read = written(tmp_path, rows)
    one, other = (
        analysis_json(analyse(read_judgements(read, *names), *names, complete=True))
        for names in (("base", "tuned"), ("tuned", "base"))
    )
    assert one["alpha_low"] is not None
    names = [f"{what}{end}" for what in ("raw_agreement", "alpha", "ac1") for end in BOUNDS]
    assert [one[name] for name in names] == [other[name] for name in names]
    assert one["net_preference_low"] == pytest.approx(-other["net_preference_high"])


def test_many_judgements_of_many_raters_are_analysed(tmp_path: Path) -> None:
    draw = random.Random(2)
    rows = [
        a_row(str(k), "tuned" if draw.random() < 0.6 else "base", f"r{k % 10}") for k in range(1500)
    ]
    assert analysed(tmp_path, rows)["verdict"] == "better"


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (0, 5), (7, 3), (20, 20), (83, 60)])
def test_the_sign_test_is_scipys(won: int, lost: int) -> None:
    expected = binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert sign_test(won, lost) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"comparison": "x"}, "“rater” is missing"),
        (a_row("x", "left", right="other"), "--baseline and --candidate name the systems"),
        (a_row("x", "perhaps"), "“choice” is “perhaps”"),
        (a_row("x", "base", ratings={"left": {"bias": 6}}), "the rating of bias is 6"),
        (a_row("x", "base", ratings=[5]), "“ratings” is not"),
        (a_row("x", "base", probability=0.5), "“probability” stands in some lines only"),
        (a_row("\ud83d", "base"), "“comparison” has a damaged character"),
        (["x"], "is no JSON object"),
    ],
)
def test_a_line_that_is_no_judgement_is_named_and_nothing_is_computed(
    tmp_path: Path, row: Any, sentence: str
) -> None:
    path = written(tmp_path, [a_row("a", "base"), row])
    with pytest.raises(UnreadableJudgements, match=r"^Line 2") as refused:
        read_judgements(path, "base", "tuned")
    assert sentence in refused.value.message


def test_times_in_some_lines_only_are_refused(tmp_path: Path) -> None:
    for field, value, sentence in (
        ("time", "soon", "“time” is 'soon'"),
        ("time", "0001-01-01T00:00:00+05:00", "“time” is '0001"),
        ("probability", 0, "“probability” is 0"),
    ):
        path = written(tmp_path, [a_row("a", "base") | {field: value}])
        with pytest.raises(UnreadableJudgements, match=sentence):
            read_judgements(path, "base", "tuned")
    path = written(tmp_path, [a_row("a", "base", time=0), a_row("b", "base")])
    with pytest.raises(UnreadableJudgements, match=r"Line 2: “time” stands in some lines only"):
        read_judgements(path, "base", "tuned")


def test_the_terminal_says_it_in_sentences_and_as_json(tmp_path: Path) -> None:
    rows = [a_row(str(k), "tuned", ("ada", "bo")[k % 2]) for k in range(40)]
    renamed = [{**row, "left": "new", "right": "old"} for row in rows]
    names = ("--baseline", "old", "--candidate", "new")
    path = str(written(tmp_path, renamed))
    told = CliRunner().invoke(app, ["analyse", path, *names]).stdout
    assert told.startswith("new is preferred to old by these raters: net +100 points")
    assert "keeps its sign" in told
    assert "Won of those decided: 100% (" in told
    answer = json.loads(CliRunner().invoke(app, ["analyse", path, *names, "--json"]).stdout)
    assert (answer["wins"], answer["win_rate"]) == (40, 1)
    refused = CliRunner().invoke(app, ["analyse", path])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "The judgements cannot be read. Line 1" in refused.stderr
