"""BLEU and chrF of a line and of a corpus, against sacrebleu called directly."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from core.scoring.corpus import corpus_difference, corpus_value, counts_table
from core.scoring.corpus_metrics import CORPUS_METRICS
from core.scoring.prediction_file import read_predictions
from core.scoring.score_file import chosen_metrics, score_file
from core.scoring.score_json import scores_json
from terminal.scoring import _score_lines

VOCABULARY = [
    "the", "cat", "sat", "on", "a", "mat", ",", "dog's", "ran", ".", "42", "$3.50",
    "naïve", "кот", "猫",
]  # fmt: skip


def pairs_of(n: int, seed: int, longest: int = 14) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    found = []
    for _pair in range(n):
        said = rng.choices(VOCABULARY, k=rng.randint(0, longest))
        found.append(
            (" ".join(said), " ".join(w if rng.random() < 0.7 else "sat" for w in said)),
        )
    return found


def test_a_line_is_what_sacrebleu_says_of_a_sentence() -> None:
    bleu, chrf = BLEU(effective_order=True), CHRF()
    for reference, text in [*pairs_of(300, 1), ("a", ""), ("", "a"), ("", "")]:
        assert CORPUS_METRICS["bleu"].of_line(reference, text) == pytest.approx(
            bleu.sentence_score(text, [reference]).score, abs=1e-12
        )
        assert CORPUS_METRICS["chrf"].of_line(reference, text) == pytest.approx(
            chrf.sentence_score(text, [reference]).score, abs=1e-12
        )


@pytest.mark.parametrize(("name", "direct"), [("bleu", BLEU()), ("chrf", CHRF())])
def test_a_corpus_is_what_sacrebleu_says_of_it_with_the_same_settings(
    name: str, direct: Any
) -> None:
    for n, longest in ((1, 14), (40, 3), (200, 14)):
        pairs = pairs_of(n, n, longest)
        found = corpus_value(
            CORPUS_METRICS[name], counts_table(CORPUS_METRICS[name], pairs), range(n)
        )
        wanted = direct.corpus_score([text for _, text in pairs], [[ref for ref, _ in pairs]])
        assert found.value == pytest.approx(wanted.score, abs=1e-12)
    assert CORPUS_METRICS[name].settings() == str(direct.get_signature())


def test_an_interval_of_a_corpus_is_as_wide_as_that_of_sacrebleus_bootstrap() -> None:
    pairs = pairs_of(150, 4)
    direct = BLEU().corpus_score(
        [text for _, text in pairs], [[ref for ref, _ in pairs]], n_bootstrap=1000
    )
    metric = CORPUS_METRICS["bleu"]
    found = corpus_value(metric, counts_table(metric, pairs), range(150))
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(direct._ci, rel=0.1)


def test_copies_of_a_line_make_a_corpus_no_surer() -> None:
    metric = CORPUS_METRICS["chrf"]
    table = counts_table(metric, pairs_of(60, 5))
    once = corpus_value(metric, table, range(60))
    copied = corpus_value(metric, np.repeat(table, 4, axis=0), np.repeat(range(60), 4).tolist())
    assert copied.value == pytest.approx(once.value)
    assert (copied.n, copied.method) == (60, "clustered bootstrap")
    assert None not in (once.low, copied.low)
    assert copied.low == pytest.approx(once.low, abs=1)
    alone = corpus_value(metric, table[:1], ["g"])
    assert (alone.low, alone.reason) == (None, "One independent unit has no interval.")


def test_many_groups_are_resampled_in_blocks_with_an_interval_as_wide() -> None:
    metric = CORPUS_METRICS["bleu"]
    table = np.tile(counts_table(metric, pairs_of(500, 6)), (8, 1))
    found = corpus_value(metric, table, range(4000))
    fewer = corpus_value(metric, table[:1000], range(1000))
    assert found.n == 4000
    assert found.value == pytest.approx(fewer.value)
    widths = [one.high - one.low for one in (found, fewer)]  # type: ignore[operator]
    assert widths[0] == pytest.approx(widths[1] / 2, rel=0.15)


def test_a_paired_difference_of_corpora_is_narrower_than_the_corpora_are() -> None:
    metric = CORPUS_METRICS["bleu"]
    pairs = pairs_of(120, 7)
    worse = [(ref, text.replace("cat", "dog")) for ref, text in pairs]
    first, second = counts_table(metric, worse), counts_table(metric, pairs)
    apart = corpus_difference(metric, first, second, range(120))
    alone = corpus_value(metric, first, range(120))
    assert apart.value == pytest.approx(
        metric.corpus(second.sum(axis=0).tolist()) - metric.corpus(first.sum(axis=0).tolist())
    )
    assert apart.low is not None
    assert apart.high is not None
    assert alone.low is not None
    assert alone.high is not None
    assert 0 < apart.low < apart.high
    assert apart.high - apart.low < alone.high - alone.low


def test_the_score_command_shows_corpus_values_and_that_they_are_no_means(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    rows = [
        {"id": k, "system": system, "reference": ref, "prediction": text if k % 2 else ref[:cut]}
        for k, (ref, text) in enumerate(pairs_of(30, 8))
        for system, cut in (("base", 4), ("tuned", 99))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = scores_json(score_file(read_predictions(path), chosen_metrics(["bleu", "chrf"])))
    bleu = found["corpus"]["bleu"]
    own = [row for row in rows if row["system"] == "tuned"]
    direct = BLEU().corpus_score(
        [str(row["prediction"]) for row in own], [[str(row["reference"]) for row in own]]
    )
    assert bleu["systems"]["tuned"]["value"] == pytest.approx(direct.score)
    assert bleu["systems"]["tuned"]["n"] == 30
    assert bleu["systems"]["tuned"]["value"] != found["metrics"]["bleu"]["tuned"]["mean"]
    assert (bleu["differences"][0]["verdict"], bleu["differences"][0]["better"]) == ("better", None)
    said = "\n".join(_score_lines(found))
    assert "Corpus bleu of tuned: " in said
    assert "tok:13a|smooth:exp" in said
    assert "not the mean of the lines" in said
    assert any("Chinese or Japanese signs" in warning for warning in found["warnings"])
