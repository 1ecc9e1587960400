"""A study's seal: a hash, published when it opens, of all that must not change until it closes.

content = seal_content(study_id, seed, systems, pairs, rubric, plan)
seal_of(content)                         # 64 hex digits
check_opened({"seal": …, "content": …})  # raises BrokenSeal

The seed is random and stays on the server until the study is closed, so the seal tells nothing of
the sides, and binds them: `core.study.order` draws every order and side from it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from core.errors import InvalidInput

SEED_BITS = 62
FORMAT = 1
ADDED = ("pairs", "risk_pairs", "seed", "changed")


class BrokenSeal(InvalidInput):
    """What a seal stands for is not what was sealed."""

    title = "The seal is broken"


def secret_seed() -> int:
    """A seed that nobody can guess, as large as the database's integers allow."""
    return secrets.randbits(SEED_BITS)


def seal_content(
    study_id: str,
    seed: int,
    systems: Sequence[str],
    pairs: Iterable[Mapping[str, Any]],
    rubric: Any,
    plan: Mapping[str, Any],
) -> dict[str, Any]:
    """What is sealed, as plain values: systems in their roles (the baseline first), pairs in their
    order with hashes of both answers, the rubric, and the plan without what the draw adds to it.
    Where there is a risk stratum, a pair's stratum and probability too."""
    drawn_as = ("stratum", "inclusion_probability") if plan.get("risk") else ()
    return {
        "format": FORMAT,
        "study": study_id,
        "seed": str(seed),  # as text: JSON readers round integers of this size
        "systems": list(systems),
        "pairs": [
            {
                **{name: pair[name] for name in ("pair_id", "example_id", "revision_id")},
                **{name: pair[name] for name in ("number", "system_a", "system_b", "places")},
                **{name: pair[name] for name in drawn_as},
                "answer_a": _hash(pair["answer_a"]),
                "answer_b": _hash(pair["answer_b"]),
            }
            for pair in sorted(pairs, key=lambda one: int(one["number"]))
        ],
        "rubric": rubric,
        "plan": {name: value for name, value in plan.items() if name not in ADDED},
    }


def seal_of(content: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of the content as JSON with sorted names and no spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _hash(text)


def check_opened(opened: Any, published: str = "") -> dict[str, Any]:
    """The content of an opened seal, when it is what was sealed.

    `published`: the seal, or its beginning, as it was shown while the study was open. Raises
    BrokenSeal.
    """
    if not isinstance(opened, dict) or not isinstance(opened.get("content"), dict):
        raise BrokenSeal("This file holds no opened seal. Download it from a closed study.")
    seal, content = str(opened.get("seal", "")), opened["content"]
    if seal_of(content) != seal:
        raise BrokenSeal("What the file holds was changed after the study opened, or the seal was.")
    published = published.strip().rstrip("…").lower()
    if not seal.startswith(published):
        raise BrokenSeal(f"This is another seal than the one published, {published}.")
    return dict(content)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
