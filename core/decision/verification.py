"""Checks a report without a server: its hash, its seal, and its numbers, counted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.decision.report import BrokenReport, read_report
from core.statistics.estimates import Estimate
from core.study.sealing import check_opened
from core.study.verdicts import Verdict, net_preference

NEARLY = 1e-9


def verify_report(text: str, published: str = "", seal: str = "") -> dict[str, Any]:
    """What was checked, as plain values. `published`: the report's hash as it was signed; `seal`:
    the study's seal as it showed it while it was open. Raises BrokenReport, BrokenSeal."""
    content = read_report(text, published)
    for one in content["candidates"]:
        _count_again(one)
    opened = content["opened_seal"]
    pairs = 0
    if opened is not None:
        if opened["seal"] != content["study"]["seal"]:
            raise BrokenReport("The opened seal is not that of the study.")
        pairs = _within(check_opened(opened, seal), content["candidates"])
    elif seal and not content["study"]["seal"].startswith(seal.strip().rstrip("…").lower()):
        raise BrokenReport(f"The study was sealed otherwise than {seal.strip()}.")
    return {
        "ok": True,
        "candidates": len(content["candidates"]),
        "judgements": sum(len(one["judgements"]) for one in content["candidates"]),
        "sealed_pairs": pairs,
        "seal_opened": opened is not None,
    }


def _count_again(candidate: Mapping[str, Any]) -> None:
    """Raise BrokenReport where the judgements in the report do not give its counts and interval."""
    judgements: Sequence[Mapping[str, Any]] = candidate["judgements"]
    first: dict[str, Mapping[str, Any]] = {}
    for one in judgements:
        if not one["apart"]:
            first.setdefault(one["pair"], one)
    if [one for one in judgements if one["counts"]] != list(first.values()):
        raise BrokenReport("The judgements that count are not the first of each pair.")
    verdicts: list[Verdict] = [one["verdict"] for one in first.values()]
    stated = candidate["verdicts"]
    if any(verdicts.count(v) != stated.get(v, 0) for v in {*verdicts, *stated}):
        raise BrokenReport("The judgements in the report do not give its counts.")
    if not _same(net_preference(verdicts, candidate["net"]["level"]), candidate["net"]):
        raise BrokenReport("The judgements in the report do not give its net preference.")


def _same(found: Estimate, stated: Mapping[str, Any]) -> bool:
    pairs = [(getattr(found, name), stated[name]) for name in ("value", "low", "high")]
    return found.n == stated["n"] and all(
        (a is None) == (b is None) and (a is None or abs(a - b) < NEARLY) for a, b in pairs
    )


def _within(sealed: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> int:
    """Raise BrokenReport when a pair was judged that the seal does not hold; the sealed pairs."""
    drawn = {(one["pair_id"], one["system_b"]) for one in sealed["pairs"]}
    judged = {(one["pair"], c["candidate_id"]) for c in candidates for one in c["judgements"]}
    if judged - drawn:
        raise BrokenReport("A pair was judged that was not drawn when the study opened.")
    return len(drawn)
