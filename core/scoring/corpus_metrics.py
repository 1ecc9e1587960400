"""BLEU and chrF by sacrebleu: of a line, and of all lines of a system together, 0 to 100.

A corpus value is made of the n-grams of all lines together. It is not the mean of the lines'
values, and it is the one that papers report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Counts = Sequence[int]


@dataclass(frozen=True)
class CorpusMetric:
    """`title` is what people call it. `counts` of (reference, answer) add up over lines; `line` and
    `corpus` are the value in 0..100 of the counts of one line, and of many together. `settings`
    names them, as sacrebleu's signature does."""

    title: str
    counts: Callable[[str, str], Counts]
    line: Callable[[Counts], float]
    corpus: Callable[[Counts], float]
    settings: Callable[[], str]
    note: str

    def of_line(self, reference: str, text: str) -> float:
        """The value of one line, 0..100."""
        return self.line(self.counts(reference, text))


@cache
def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU  # not when a command of the terminal starts

    return BLEU(effective_order=True)


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _bleu_counts(reference: str, text: str) -> Counts:
    found = _bleu().sentence_score(text, [reference])
    return [found.sys_len, found.ref_len, *found.counts, *found.totals]


def _bleu_of(counts: Counts, *, effective_order: bool) -> float:
    length, wanted, *rest = map(int, counts)
    half = len(rest) // 2
    found = _bleu().compute_bleu(
        rest[:half],
        rest[half:],
        length,
        wanted,
        smooth_method="exp",
        effective_order=effective_order,
    )
    return float(found.score)


def _chrf_counts(reference: str, text: str) -> Counts:
    # sacrebleu has no public name for the counts of a line; test_corpus compares the values.
    [counts] = _chrf()._extract_corpus_statistics([text], [[reference]])
    return [int(count) for count in counts]


def _chrf_of(counts: Counts) -> float:
    return float(_chrf()._compute_f_score(counts))


def _settings(prefix: str) -> str:
    import sacrebleu

    return f"{prefix}|version:{sacrebleu.__version__}"


CORPUS_METRICS = {
    "bleu": CorpusMetric(
        "BLEU",
        _bleu_counts,
        lambda counts: _bleu_of(counts, effective_order=True),
        lambda counts: _bleu_of(counts, effective_order=False),
        lambda: _settings("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp"),
        "All lines together, which is not the mean of the lines: that one uses exponential "
        "smoothing and the effective order (eff:yes) for each line.",
    ),
    "chrf": CorpusMetric(
        "chrF",
        _chrf_counts,
        _chrf_of,
        _chrf_of,
        lambda: _settings("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no"),
        "All lines together, which is not the mean of the lines.",
    ),
}
