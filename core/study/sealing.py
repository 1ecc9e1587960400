"""A study's seal: a hash, published when it opens, of all that must not change until it closes.

content = seal_content(study_id, seed, systems, pairs, rubric, plan)
seal_of(content)                         # 64 hex digits
check_opened({"seal": …, "content": …})  # raises BrokenSeal

Pairs that are added later have a seal of their own, published then (extension_content). It holds
the seal before it, so that the last seal binds all.

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
ADDED = ("pairs", "risk_pairs", "risk_signals", "gold_pairs", "kept_out", "seed", "changed")
DRAWN_AS = ("stratum", "inclusion_probability")


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
    Where there is a risk stratum or gold, a pair's stratum and probability too."""
    drawn_as = DRAWN_AS if plan.get("risk") or plan.get("gold") else ()
    return {
        "format": FORMAT,
        "study": study_id,
        "seed": str(seed),  # as text: JSON readers round integers of this size
        "systems": list(systems),
        "pairs": _sealed(pairs, drawn_as),
        "rubric": rubric,
        "plan": {name: value for name, value in plan.items() if name not in ADDED},
    }


def extension_content(
    study_id: str,
    seed: int,
    number: int,
    before: str,
    pairs: Iterable[Mapping[str, Any]],
    *,
    moved: Iterable[str],
    probabilities: Mapping[str, float],
    judgements: int,
) -> dict[str, Any]:
    """What the seal of added pairs stands for. `number`: the first time is 1; `before`: the seal
    published before; `moved`: ids of pairs that were beside the sample and are in it now;
    `probabilities`: of each stratum since then; `judgements`: how many there were."""
    return {
        "format": FORMAT,
        "study": study_id,
        "seed": str(seed),  # secret until the study closes, so that the seal tells nothing
        "extension": number,
        "before": before,
        "judgements": judgements,
        "moved": sorted(moved),
        "probabilities": dict(probabilities),
        "pairs": _sealed(pairs, DRAWN_AS),
    }


def _sealed(pairs: Iterable[Mapping[str, Any]], drawn_as: Sequence[str]) -> list[dict[str, Any]]:
    names = ("pair_id", "example_id", "revision_id", "number", "system_a", "system_b", "places")
    return [
        {
            **{name: pair[name] for name in (*names, *drawn_as)},
            "answer_a": _hash(pair["answer_a"]),
            "answer_b": _hash(pair["answer_b"]),
        }
        for pair in sorted(pairs, key=lambda one: int(one["number"]))
    ]


def seal_of(content: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of the content as JSON with sorted names and no spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _hash(text)


def check_opened(opened: Any, published: str = "") -> dict[str, Any]:
    """The content of an opened seal, when it and those of pairs added later are what was sealed.

    `published`: a seal of the study, or its beginning, as it was shown while the study was open;
    the last one binds all before it. Raises BrokenSeal.
    """
    content, seal = _check_one(opened)
    seals = [seal]
    for number, (added, own) in enumerate(map(_check_one, added_in(opened)), 1):
        place = (added.get("study"), added.get("extension"), added.get("before"))
        if place != (content.get("study"), number, seals[-1]):
            raise BrokenSeal(
                "The seal of pairs that were added is not the one that follows on the seal before."
            )
        seals.append(own)
    published = published.strip().rstrip("…").lower()
    if not any(one.startswith(published) for one in seals):
        raise BrokenSeal(f"This is another seal than the one published, {published}.")
    return content


def added_in(opened: Any) -> list[Any]:
    """The opened seals of pairs that were added, in their order. Raises BrokenSeal."""
    found = opened.get("extensions", []) if isinstance(opened, dict) else None
    if not isinstance(found, list):
        raise BrokenSeal("This file holds no opened seal. Download it from a closed study.")
    return found


def _check_one(opened: Any) -> tuple[dict[str, Any], str]:
    if not isinstance(opened, dict) or not isinstance(opened.get("content"), dict):
        raise BrokenSeal("This file holds no opened seal. Download it from a closed study.")
    seal, content = str(opened.get("seal", "")), opened["content"]
    if seal_of(content) != seal:
        raise BrokenSeal("What the file holds was changed after it was sealed, or the seal was.")
    return dict(content), seal


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
