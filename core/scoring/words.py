"""The words of a text: of any script, and as SQuAD's script normalises English."""

from __future__ import annotations

import re
import string
from functools import cache, lru_cache
from typing import Any

# A word is a run of letters, digits and the marks on them (vowel signs of Hindi, accents). Chinese
# and Japanese have no spaces: each sign is a word, as in MLQA's script (Lewis et al. 2020).
_SIGN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_WORD = rf"{_SIGN}\p{{M}}*|(?:(?!{_SIGN})[\w\p{{M}}])+"
_ASCII_WORD = re.compile(r"\w+")  # the same for ASCII, several times as fast
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ENGLISH = re.compile(r"[a-z0-9]")


# Each reference is compared by several metrics, and with the answers of several systems.
@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The lower-cased words of a text in any script."""
    pattern = _ASCII_WORD if text.isascii() else _any_script()
    return tuple(pattern.findall(text.lower()))


@cache
def _any_script() -> Any:
    import regex  # every command of the terminal reads the names of the metrics when it starts

    return regex.compile(_WORD)


def squad_normalised(text: str) -> str:
    """Lower case, no ASCII punctuation, no English articles, single spaces: `normalize_answer` of
    SQuAD 1.1's script (Rajpurkar et al. 2016)."""
    plain = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", plain).split())


def has_words_unseen_by_rouge(text: str) -> bool:
    """Whether ROUGE's classic tokenizer, which knows a-z and 0-9 only, drops a whole word."""
    return not text.isascii() and any(not _ENGLISH.search(word) for word in words(text))


def has_words_cut_by_rouge(text: str) -> bool:
    """Whether ROUGE's classic tokenizer cuts a word at letters that it does not know: "Größe" and
    "Grüße" are both "gr" and "e" to it."""
    return not text.isascii() and any(
        not word.isascii() and _ENGLISH.search(word) for word in words(text)
    )


def has_signs_for_words(text: str) -> bool:
    """Whether a text has Chinese or Japanese signs, which stand for words without spaces."""
    return not text.isascii() and _signs().search(text) is not None


@cache
def _signs() -> Any:
    import regex

    return regex.compile(_SIGN)
