"""ROUGE-1, -2 and -L here beside the package rouge_score, on the same pairs, in one run.

    python -m tests.benchmarks.rouge_speed [pairs]

Prints seconds for both, the ratio, and the largest difference of any F-measure.
"""

from __future__ import annotations

import random
import sys
import time

from rouge_score.rouge_scorer import RougeScorer

from core.scoring.rouge import rouge

NAMES = ["rouge1", "rouge2", "rougeL"]
WORDS_PER_TEXT = (80, 120)
CHANGED = 0.4


def main(pairs: int) -> None:
    """Scores `pairs` made-up pairs of about 100 words both ways."""
    texts = _pairs(pairs, random.Random(1))
    started = time.perf_counter()
    ours = [rouge(reference, text) for reference, text in texts]
    seconds = time.perf_counter() - started
    scorer = RougeScorer(NAMES, use_stemmer=False)
    started = time.perf_counter()
    theirs = [scorer.score(reference, text) for reference, text in texts]
    package_seconds = time.perf_counter() - started
    apart = max(
        abs(value - scores[name].fmeasure)
        for found, scores in zip(ours, theirs, strict=True)
        for name, value in found._asdict().items()
    )
    print(f"{pairs} pairs: touchstone {seconds:.2f} s, rouge_score {package_seconds:.2f} s")
    print(f"{package_seconds / seconds:.1f} times as fast, largest difference {apart:.1e}")


def _pairs(pairs: int, rng: random.Random) -> list[tuple[str, str]]:
    vocabulary = [f"w{rng.randrange(10**6)}" for _ in range(5000)]
    weights = [1 / rank for rank in range(1, 5001)]
    texts = []
    for _pair in range(pairs):
        words = rng.choices(vocabulary, weights, k=rng.randint(*WORDS_PER_TEXT))
        other = [w if rng.random() > CHANGED else rng.choice(vocabulary) for w in words]
        texts.append((" ".join(words), " ".join(other)))
    return texts


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
