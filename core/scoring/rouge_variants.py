"""Every ROUGE by name: rouge1, rouge2, rougeL, rougeLsum; of each the words and the measure.

rougeL               F-measure over the classic words (a-z and 0-9)
rougeL_stemmed       words cut to their stem, as `RougeScorer(use_stemmer=True)`
rougeL_unicode       words of any script
rougeL_precision, rougeL_stemmed_precision, rougeL_unicode_recall, …
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from core.scoring import rouge
from core.scoring.rouge import Counts, Tokenize
from core.scoring.words import words

_STEMMED_FROM = 4  # letters: rouge_score leaves shorter words as they are


@lru_cache(maxsize=4096)
def stemmed_tokens(text: str) -> tuple[str, ...]:
    """The classic words, those of more than three letters cut to their stem (Porter 1980, with the
    extensions of nltk, as rouge_score does)."""
    return tuple(_stem(word) if len(word) >= _STEMMED_FROM else word for word in rouge.tokens(text))


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@cache
def _stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer  # takes a second: only when somebody asks for it

    return PorterStemmer()


_COUNTS = {
    "rouge1": ("ROUGE-1", rouge.unigram_counts),
    "rouge2": ("ROUGE-2", rouge.bigram_counts),
    "rougeL": ("ROUGE-L", rouge.lcs_counts),
    "rougeLsum": ("ROUGE-Lsum", rouge.lcs_union_counts),
}
_WORDS: dict[str, tuple[str, Tokenize]] = {
    "": ("", rouge.tokens),
    "_stemmed": (", stemmed", stemmed_tokens),
    "_unicode": (", words of any script", words),
}
_MEASURES = {
    "": ("", rouge.f_measure),
    "_precision": (", precision", rouge.precision),
    "_recall": (", recall", rouge.recall),
}
SUFFIXES_TOLD = (
    "of each ROUGE also with _stemmed or _unicode words, and of each of these the _precision and "
    "the _recall (rouge1_recall, rougeLsum_stemmed_precision)"
)
CLASSIC = tuple(
    f"{kind}{words}{measure}"
    for kind in _COUNTS
    for words in ("", "_stemmed")
    for measure in _MEASURES
)
"""Names of those whose tokenizer knows a-z and 0-9 only."""


# precision, recall and F-measure of a line are asked for one after the other
@lru_cache(maxsize=32)
def _counts(kind: str, words_name: str, reference: str, text: str) -> Counts:
    return _COUNTS[kind][1](reference, text, _WORDS[words_name][1])


def rouge_variants() -> dict[str, tuple[str, Callable[[str, str], float]]]:
    """Name → label and function of (reference, answer), values in 0..1."""
    return {
        f"{kind}{words_name}{measure}": (
            f"{label}{words_label}{measure_label}",
            _function(kind, words_name, score),
        )
        for kind, (label, _) in _COUNTS.items()
        for words_name, (words_label, _) in _WORDS.items()
        for measure, (measure_label, score) in _MEASURES.items()
    }


def _function(
    kind: str, words_name: str, score: Callable[[Counts], float]
) -> Callable[[str, str], float]:
    return lambda reference, text: score(_counts(kind, words_name, reference, text))
