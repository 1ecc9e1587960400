"""Topics: texts clustered by the words that they share, each cluster named by its telling words.

found = topics(["Where is my parcel?", …])
found.names[found.of[0]]      # "parcel, order, delivery"

TF-IDF and spherical k-means (Dhillon and Modha 2001) with a fixed seed: the same texts in the same
order always give the same topics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.scoring.words import words

SEED = 17
MOST_TOPICS = 8
TEXTS_PER_TOPIC = 20
"""So many texts make one topic more, up to the most."""
MOST_WORDS = 4000
"""The vocabulary: the most frequent words that are neither in one text alone nor in most."""
TOO_COMMON = 0.5
MOST_FITTED = 20_000
"""Texts that clusters are fitted to; the others join the nearest."""
WORDS_OF_A_NAME = 3
STARTS, ROUNDS = 4, 25
OTHER = "(other)"
_FUNCTION_WORDS = """
    about above after again all also am an and any anybody are as at be because been before being
    below both but by came can come could did do does doing done down during each else ever every
    few for from further get give go got had has have having he her here hers him his how if in into
    is it its itself just know let like made make many may me might more most much must my need no
    nor not now of off on once one only or other our out over own per please same say says she
    should so some still such take than that the their them then there these they think this those
    through to too top two under until up us use used very was way we well were what when where
    whether which while who whom why will with without would you your
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""English words that stand in texts of any topic; other languages rely on their frequency."""

Table = Any  # scipy.sparse.csr_array, texts × words, each row of length 1 or 0
Centres = NDArray[np.float64]


@dataclass(frozen=True)
class Topics:
    """`names` of the topics, the largest first; `of`: the topic of each text."""

    names: tuple[str, ...]
    of: tuple[int, ...]

    @property
    def name_of(self) -> list[str]:
        """The name of each text's topic."""
        return [self.names[one] for one in self.of]


def topics(texts: Sequence[str], most: int = MOST_TOPICS) -> Topics:
    """The topics of texts. Those that share no word with another are "(other)"."""
    return topics_of(*tf_idf(texts), most)


def topics_of(vocabulary: list[str], table: Table, most: int = MOST_TOPICS) -> Topics:
    """The topics of texts of which `tf_idf` gave the vocabulary and the table."""
    count_of_texts = table.shape[0]
    if not count_of_texts:
        return Topics((), ())
    empty = table.sum(axis=1) == 0
    count = min(most, max(1, int((~empty).sum()) // TEXTS_PER_TOPIC))
    member = np.full(count_of_texts, -1)
    names: list[str] = []
    if not empty.all():
        rows = np.flatnonzero(~empty)
        centres = _fitted(table[rows], count)
        member[rows] = np.argmax(table[rows] @ centres.T, axis=1)
        names = _names(vocabulary, table, member, len(centres))
    return _largest_first(names, member)


def tf_idf(texts: Sequence[str]) -> tuple[list[str], Table]:
    """The vocabulary, and each text's log-scaled TF-IDF over it as a vector of length 1."""
    from scipy.sparse import csr_array

    counts = [Counter(word for word in words(text) if _tells(word)) for text in texts]
    df = Counter(word for one in counts for word in one)
    common = max(2.0, TOO_COMMON * len(texts))
    known = [(-n, word) for word, n in df.items() if 2 <= n <= common]
    vocabulary = sorted(word for _, word in sorted(known)[:MOST_WORDS])
    place = {word: k for k, word in enumerate(vocabulary)}
    values, columns, ends = [], [], [0]
    for one in counts:
        own = {
            place[word]: (1 + np.log(n)) * np.log(len(texts) / df[word])
            for word, n in one.items()
            if word in place
        }
        length = float(np.sqrt(sum(value**2 for value in own.values())))
        for column in sorted(own if length else ()):
            columns.append(column)
            values.append(own[column] / length)
        ends.append(len(values))
    shape = (len(texts), max(1, len(vocabulary)))
    return vocabulary, csr_array((np.array(values, dtype=np.float64), columns, ends), shape=shape)


def _tells(word: str) -> bool:
    """Numbers, function words and single letters of an alphabet name no topic; a Chinese sign is a
    word."""
    is_word = len(word) > 1 or not word.isascii()
    return is_word and not word.isdigit() and word not in FUNCTION_WORDS


def _fitted(table: Table, count: int) -> Centres:
    """The centres, topics × words, of the best of some starts."""
    rng = np.random.default_rng(SEED)
    if table.shape[0] > MOST_FITTED:
        table = table[np.sort(rng.choice(table.shape[0], MOST_FITTED, replace=False))]
    found = [_k_means(table, _start(table, count, rng)) for _ in range(STARTS if count > 1 else 1)]
    return max(found, key=lambda one: one[1])[0]


def _start(table: Table, count: int, rng: np.random.Generator) -> Centres:
    """Texts far from each other (k-means++, by cosine)."""
    chosen = [int(rng.integers(table.shape[0]))]
    far = np.ones(table.shape[0])
    while len(chosen) < count:
        near = (table @ table[[chosen[-1]]].T).toarray()[:, 0]
        far = np.minimum(far, np.clip(1 - near, 0, None))
        if far.sum() < 1e-9:  # all texts stand on a centre: there are no more topics
            break
        chosen.append(int(rng.choice(table.shape[0], p=far / far.sum())))
    centres: Centres = table[chosen].toarray()
    return centres


def _k_means(table: Table, centres: Centres) -> tuple[Centres, float]:
    """The centres when no text moves any more, and the mean cosine of texts to theirs."""
    from scipy.sparse import csr_array

    before = None
    for _ in range(ROUNDS):
        near = table @ centres.T
        member = np.argmax(near, axis=1)
        if before is not None and (member == before).all():
            break
        before = member
        rows = len(member)
        joined = csr_array((np.ones(rows), (member, np.arange(rows))), (len(centres), rows))
        sums = (joined @ table).toarray()
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 0, sums / np.where(length > 0, length, 1), centres)
    return centres, float((table @ centres.T).max(axis=1).mean())


def _names(vocabulary: list[str], table: Table, member: NDArray[np.intp], count: int) -> list[str]:
    """The words of each topic that stand out most from the other texts."""
    found: list[str] = []
    overall = np.asarray(table.mean(axis=0)).ravel()
    for k in range(count):
        own = member == k
        mean = np.asarray(table[own].mean(axis=0)).ravel() if own.any() else overall
        telling = mean - overall if count > 1 else mean
        best = sorted(range(len(vocabulary)), key=lambda w: (-telling[w], vocabulary[w]))
        name = ", ".join(vocabulary[w] for w in best[:WORDS_OF_A_NAME] if mean[w] > 0)
        found.append(name if name not in found else f"{name} ({k + 1})")
    return found


def _largest_first(names: list[str], member: NDArray[np.intp]) -> Topics:
    sizes = Counter(member.tolist())
    order = sorted(sizes, key=lambda k: (k < 0, -sizes[k], k))
    place = {k: new for new, k in enumerate(order)}
    return Topics(
        tuple(names[k] if k >= 0 else OTHER for k in order),
        tuple(place[k] for k in member.tolist()),
    )
