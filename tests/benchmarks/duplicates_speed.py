"""Near-duplicates: seconds beside datasketch, recall and precision by corpus, length and edit.

    python -m tests.benchmarks.duplicates_speed [texts] [GSM8K.jsonl …]

A tenth of the texts are copies of another one with words replaced. datasketch (MinHashLSH, 128
permutations, word bigrams) meets the same texts in the same run, at most 100,000 of them.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from core.checks.check_file import peak_mb
from core.checks.duplicates import Duplicates, find_duplicates
from core.checks.records import Records

SHORTEST, LONGEST = 15, 30
BESIDE_DATASKETCH = 100_000
Copies = list[tuple[int, str]]


def main(texts: int, files: list[Path]) -> None:
    """Prints what the module's text says."""
    originals, copies, edits = edited_texts(texts, random.Random(2))
    everything = originals + [copy for _, copy in copies]
    _timed(everything, f"{texts:,} texts of {SHORTEST}-{LONGEST} random words")
    some = random.Random(3).sample(everything, min(texts, BESIDE_DATASKETCH))
    ours = _timed(some, f"{len(some):,} of them")
    theirs = _datasketch(some)
    print(f"datasketch: {theirs:.1f} s, {theirs / ours:.1f} times as long")
    originals, copies, edits = edited_texts(min(texts, 100_000), random.Random(2))
    for low, high in ((15, 17), (18, 22), (23, 30)):
        for edit in (1, 2):
            chosen = [
                pair
                for pair, done in zip(copies, edits, strict=True)
                if done == edit and low <= len(originals[pair[0]].split()) <= high
            ]
            _quality(f"random words, {low}-{high}, {edit} changed", originals, chosen)
    for path in files:
        _on_real_texts(path)
    for name, alphabet in (("Russian", "абвгдежзиклмнопрст"), ("Hindi", "कखगघचछजझटठडढणतथ")):
        _on_letters(name, alphabet)
    notes = templated_notes(20_000, random.Random(3))
    found = find_duplicates(records_of(notes))
    merged = sum(len(cluster) - 1 for cluster in found.near)
    print(
        f"20,000 independent notes of one template: {merged} merged, {found.capped_buckets} "
        f"buckets capped, templates of {[len(one) for one in found.siblings][:5]}"
    )
    print(f"peak memory {peak_mb():,.0f} MB")


def _timed(texts: list[str], label: str) -> float:
    records = records_of(texts)
    started, cpu = time.perf_counter(), time.process_time()
    found = find_duplicates(records)
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"{label}: {seconds:.1f} s ({used:.1f} s of CPU), {len(found.near):,} clusters, "
        f"{found.capped_buckets:,} buckets capped, peak memory {peak_mb():,.0f} MB"
    )
    return seconds


def _datasketch(texts: list[str]) -> float:
    from datasketch import MinHash, MinHashLSH

    started = time.perf_counter()
    index = MinHashLSH(threshold=0.7, num_perm=128)
    shingles = [[" ".join(pair).encode() for pair in pairwise(text.split())] for text in texts]
    hashes = list(MinHash.generator(shingles, num_perm=128))
    with index.insertion_session() as session:
        for number, one in enumerate(hashes):
            session.insert(number, one)
    for one in hashes:
        index.query(one)
    return time.perf_counter() - started


def _on_real_texts(path: Path) -> None:
    """Questions of GSM8K with 5, 15 and 30 % of their words replaced, or sentences in disorder."""
    lines = path.read_text(encoding="utf-8").splitlines()[:4000]
    questions = list(dict.fromkeys(json.loads(line)["question"] for line in lines))
    rng = random.Random(4)
    vocabulary = [word for text in questions for word in text.split() if word.islower()]
    for share in (0.05, 0.15, 0.3):
        _quality(
            f"{path.name}, {share:.0%} of the words replaced",
            questions,
            _copies(questions, rng, lambda text, s=share: _replaced(text, s, vocabulary, rng)),  # type: ignore[misc]
        )
    several = [text for text in questions if text.count(". ") > 1]
    _quality(
        f"{path.name}, sentences reordered",
        several,
        _copies(several, rng, lambda text: _reordered(text, rng)),
    )


def _on_letters(name: str, alphabet: str) -> None:
    rng = random.Random(5)
    vocabulary = ["".join(rng.choices(alphabet, k=rng.randint(2, 9))) for _ in range(5000)]
    texts = [" ".join(rng.choices(vocabulary, k=rng.randint(15, 30))) for _ in range(5000)]
    _quality(
        f"{name} letters, two words in 15-30 replaced",
        texts,
        _copies(texts, rng, lambda text: _replaced(text, 2 / len(text.split()), vocabulary, rng)),
    )


def _copies(texts: list[str], rng: random.Random, edit: Callable[[str], str]) -> Copies:
    return [(k, edit(texts[k])) for k in rng.sample(range(len(texts)), len(texts) // 4)]


def _replaced(text: str, share: float, vocabulary: list[str], rng: random.Random) -> str:
    words = text.split(" ")
    for place in rng.sample(range(len(words)), max(1, round(share * len(words)))):
        words[place] = rng.choice(vocabulary)
    return " ".join(words)


def _reordered(text: str, rng: random.Random) -> str:
    sentences = text.split(". ")
    return ". ".join(rng.sample(sentences, len(sentences)))


def _quality(label: str, originals: list[str], copies: Copies) -> None:
    """Recall: copies in one cluster with their source. Precision: merged texts that were copies."""
    found = find_duplicates(records_of(originals + [copy for _, copy in copies]))
    recall, precision = quality(found, len(originals), copies)
    print(f"{label}: recall {recall:.4f}, precision {precision:.4f} ({len(copies):,} copies)")


def quality(found: Duplicates, originals: int, copies: Copies) -> tuple[float, float]:
    """(recall, precision) of the clusters, copy k being text `originals + k`."""
    cluster = {index: number for number, one in enumerate(found.near) for index in one}
    cluster |= {index: -1 - number for number, one in enumerate(found.exact) for index in one}
    source = {originals + k: of for k, (of, _) in enumerate(copies)}
    hits = sum(
        index in cluster and cluster[index] == cluster.get(of) for index, of in source.items()
    )
    right = wrong = 0
    for one in [*found.near, *found.exact]:
        for index in one[1:]:
            same = source.get(index, index) == source.get(one[0], one[0])
            right, wrong = right + same, wrong + (not same)
    return hits / len(copies), right / max(1, right + wrong)


def records_of(texts: list[str]) -> Records:
    """Examples with these instructions and nothing else."""
    blank = [""] * len(texts)
    return Records(list(range(len(texts))), texts, blank, blank, [None] * len(texts))


def edited_texts(n: int, rng: random.Random) -> tuple[list[str], list[tuple[int, str]], list[int]]:
    """0.9 n originals, 0.1 n copies (index of the original, text), and the edits of each copy."""
    vocabulary = [f"{rng.choice('bcdfgl')}{rng.choice('aeiou')}{k:x}x" for k in range(20_000)]
    vocabulary = [word.translate(str.maketrans("0123456789", "ghijklmnop")) for word in vocabulary]
    weights = [1 / rank for rank in range(1, 20_001)]
    flat = rng.choices(vocabulary, weights, k=n * LONGEST)
    originals = [
        " ".join(flat[k * LONGEST : k * LONGEST + rng.randint(SHORTEST, LONGEST)])
        for k in range(n - n // 10)
    ]
    copies, edits = [], []
    for source in rng.sample(range(len(originals)), n // 10):
        words, edit = originals[source].split(), rng.choice((1, 2))
        for place in rng.sample(range(len(words)), edit):
            words[place] = rng.choice(vocabulary) + "q"
        copies.append((source, " ".join(words)))
        edits.append(edit)
    return originals, copies, edits


def templated_notes(n: int, rng: random.Random) -> list[str]:
    """Independent notes from one template: they differ in names and numbers only."""
    heads, tails = (
        ("Nor", "Vel", "Tra", "Quo", "Bri", "Sol"),
        ("dex", "mont", "vik", "lanta", "rum"),
    )
    notes = []
    for _note in range(n):
        name = rng.choice(heads) + rng.choice(tails) + rng.choice(tails)
        person = rng.choice(tails).title() + rng.choice(tails)
        notes.append(
            f"Spoke with {person} from {name} today. They have {rng.randint(5, 9000)} people and a "
            f"budget of {rng.randint(1, 900) * 100} euros a year. They need a new tool for billing."
        )
    return notes


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, [Path(name) for name in sys.argv[2:]])
