"""Which languages a version's examples are written in, from a sample of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

SAMPLED = 300
UNKNOWN = "unknown"


def sampled_languages(instructions: Sequence[str], texts: Sequence[str]) -> dict[str, int]:
    """ISO 639-1 code (or "unknown") to how many examples, commonest first, of 300 evenly drawn.

    An example's language is that of its text (input and output), with the instruction where that
    is too short to tell: instructions are often in another one.
    """
    from core.findings.languages import language_of

    step = max(1, len(texts) / SAMPLED)
    places = [int(k * step) for k in range(min(len(texts), SAMPLED))]
    found = Counter(
        language_of(texts[k]) or language_of(f"{instructions[k]}\n{texts[k]}") or UNKNOWN
        for k in places
    )
    return dict(found.most_common())
