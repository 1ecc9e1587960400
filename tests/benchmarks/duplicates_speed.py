"""Near-duplicates: seconds on many short texts, recall by length and edits, merged siblings.

    python -m tests.benchmarks.duplicates_speed [texts]

A tenth of the texts are copies of another one with one or two words replaced.
"""

from __future__ import annotations

import random
import sys
import time

from core.examples.duplicates import near_duplicate_groups

SHORTEST, LONGEST = 15, 30


def main(texts: int) -> None:
    """Groups `texts` made-up texts and prints what was found."""
    originals, copies, edits = edited_texts(texts, random.Random(2))
    started = time.perf_counter()
    groups = near_duplicate_groups(originals + [copy for _, copy in copies])
    seconds = time.perf_counter() - started
    print(f"{texts} texts: {seconds:.2f} s, {groups.count} groups, largest {groups.largest}")
    for low, high in ((15, 17), (18, 22), (23, 30)):
        for edit in (1, 2):
            hits = [
                groups.group[source] == groups.group[len(originals) + k]
                for k, (source, _) in enumerate(copies)
                if edits[k] == edit and low <= len(originals[source].split()) <= high
            ]
            print(f"{low}-{high} words, {edit} edits: {sum(hits) / len(hits):.4f} of {len(hits)}")
    started = time.perf_counter()
    templated = templated_notes(20_000, random.Random(3))
    notes = near_duplicate_groups(templated)
    seconds, merged = time.perf_counter() - started, len(templated) - notes.count
    print(f"20000 templated notes: {seconds:.2f} s, {merged} merged, capped {notes.capped_buckets}")


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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
