"""ROUGE in every variant: against the package, and over words of any script by hand."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from rouge_score.rouge_scorer import RougeScorer

from core.scoring.metrics import metric
from core.scoring.prediction_file import read_predictions
from core.scoring.score_file import chosen_metrics, score_file

KINDS = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
# Words that Porter's stemmer, as nltk extends it, treats one by one: irregular ones, -ies, -ied,
# -logi, -alli, doubled letters, and those of three letters, which stay as they are.
WORDS = re.findall(
    r"\S+",
    """
    the cat cats ties dies skies sky dying lying news innings howe proceed exceed succeed flies
    died agreed feed plastered motoring conflated troubled sized hopping falling hissing
    failing happy relational conditional rationally geology archeology valency digitizer
    radically differently analogously vietnamization predication operator feudalism
    decisiveness hopefulness callousness formality sensitivity triplicate formative formalize
    electricity electrical hopeful goodness revival allowance inference airliner gyroscopic
    adjustable defensible irritant replacement adjustment dependent adoption activate
    angularity homologous effective bowdlerize probate cease controll roll enjoy spy spies 42
    1990s don't naïve runs runner easily generalizations
    """,
)


def value(name: str, reference: str, text: str) -> float:
    function = metric(name).function
    assert function is not None
    return function(reference, text)


def random_text(rng: random.Random) -> str:
    lines = [rng.choices(WORDS, k=rng.randint(0, 12)) for _line in range(rng.randint(0, 3))]
    return "\n".join(" ".join(line) for line in lines)


@pytest.mark.parametrize("stemmed", [False, True])
def test_precision_recall_and_f_equal_the_package_with_and_without_stems(stemmed: bool) -> None:
    scorer, rng = RougeScorer(KINDS, use_stemmer=stemmed), random.Random(5)
    words = "_stemmed" if stemmed else ""
    for _pair in range(300):
        reference, text = random_text(rng), random_text(rng)
        for kind, expected in scorer.score(reference, text).items():
            for measure, other in (
                ("_precision", expected.precision),
                ("_recall", expected.recall),
                ("", expected.fmeasure),
            ):
                found = value(f"{kind}{words}{measure}", reference, text)
                assert found == pytest.approx(other, abs=1e-12), (kind, measure, reference, text)


def test_words_of_any_script_count_where_the_classic_words_do_not() -> None:
    assert value("rouge1", "цена 42", "ошибка 42") == 1
    assert value("rouge1_unicode", "цена 42", "ошибка 42") == 0.5
    assert value("rouge2_unicode", "मेरी लाल किताब", "मेरी लाल कलम") == 0.5
    assert value("rougeL_unicode_recall", "你好世界", "你好") == 0.5
    assert value("rougeLsum_unicode_precision", "eins\nzwei", "zwei\ndrei") == 0.5
    assert value("rouge1_unicode", "Größe", "Grüße") == 0


def test_words_that_the_classic_tokenizer_cuts_up_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    rows = [("Größe", "Grüße"), ("size", "seize")]
    path.write_text("".join(json.dumps({"reference": r, "prediction": p}) + "\n" for r, p in rows))
    classic = score_file(read_predictions(path), chosen_metrics(["rouge1", "rouge2_stemmed"]))
    assert classic.values["rouge1"][0] == 1
    [warning] = classic.warnings
    assert "ROUGE-1, ROUGE-2: cut up words in 1 of 2 lines" in warning
    assert not score_file(read_predictions(path), chosen_metrics(["rouge1_unicode"])).warnings
