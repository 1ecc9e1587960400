"""Checks a report without a server: its hash, its seal, and its numbers, counted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.decision.report import BrokenReport, baseline_in, names_in, read_report
from core.statistics.estimates import Estimate
from core.study.register import level_of
from core.study.sealing import ADDED, check_opened
from core.study.verdicts import Verdict, headline, net_preference, seen

NEARLY = 1e-9


def verify_report(text: str, published: str = "", seal: str = "") -> dict[str, Any]:
    """What was checked, as plain values. `published`: the report's hash as it was signed; `seal`:
    the study's seal as it showed it while it was open. Raises BrokenReport, BrokenSeal."""
    content = read_report(text, published)
    try:
        return _checked(content, seal)
    except (KeyError, TypeError, AttributeError, IndexError, StopIteration):
        raise BrokenReport("A part of the report is missing, or is of another kind.") from None


def _checked(content: Mapping[str, Any], seal: str) -> dict[str, Any]:
    if not content["candidates"]:
        raise BrokenReport("The report compares nothing.")
    for one in content["candidates"]:
        _count_again(one)
        _said_again(one, content)
    opened = content["opened_seal"]
    pairs = 0
    if opened is not None:
        if opened["seal"] != content["study"]["seal"]:
            raise BrokenReport("The opened seal is not that of the study.")
        sealed = check_opened(opened, seal)
        _as_sealed(sealed, content)
        pairs = _within(sealed, content["candidates"])
    elif content["study"]["closed_at"] is not None:
        raise BrokenReport(
            "The study is closed, and its seal does not open: an earlier version sealed it, or its "
            "data were changed since."
        )
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
    if [one["at"] for one in judgements] != sorted(one["at"] for one in judgements):
        raise BrokenReport("The judgements are not in the order of their times.")
    if abs(candidate["net"]["level"] - level_of(len(candidate["register"]))) > NEARLY:
        raise BrokenReport("The level is not that of so many studies of the two systems.")
    verdicts: list[Verdict] = [one["verdict"] for one in first.values()]
    stated = candidate["verdicts"]
    if any(verdicts.count(v) != stated.get(v, 0) for v in {*verdicts, *stated}):
        raise BrokenReport("The judgements in the report do not give its counts.")
    if not _same(net_preference(verdicts, candidate["net"]["level"]), candidate["net"]):
        raise BrokenReport("The judgements in the report do not give its net preference.")


def _said_again(candidate: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Raise BrokenReport where the sentence, or the gate's first verdict, is not what the counts
    and the interval say."""
    names = names_in(content)
    baseline = baseline_in(content)["name"]
    name, counts = names[candidate["candidate_id"]], candidate["verdicts"]
    withheld = content["withheld"]
    numbers = {
        "wins": counts.get("candidate", 0),
        "losses": counts.get("baseline", 0),
        "cannot_judge": counts.get("cannot_judge", 0),
    }
    net = Estimate(**candidate["net"])
    said = (
        seen(name, net.n, **numbers)
        if withheld
        else headline(net, candidate=name, baseline=baseline, **numbers).removesuffix(".")
    )
    if not candidate["sentence"].startswith(said):
        raise BrokenReport("The sentence is not what the judgements say.")
    preferred = next(check for check in candidate["gate"] if check["name"] == "preferred")
    if (preferred["state"] == "passed") != (not withheld and (net.low or 0.0) > 0):
        raise BrokenReport("The gate says another preference than the judgements.")


def _as_sealed(sealed: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Raise BrokenReport where systems, plan or rubric are not those that were sealed."""
    systems = [one["system_id"] for one in content["systems"]]
    roles = [one["role"] for one in content["systems"]]
    if systems != sealed["systems"] or roles[0] != "baseline" or "baseline" in roles[1:]:
        raise BrokenReport("The systems, or their roles, are not those that were sealed.")
    if content["study"]["study_id"] != sealed["study"]:
        raise BrokenReport("The seal is that of another study.")
    if content["study"]["rubric"] != sealed["rubric"]:
        raise BrokenReport("The rubric is not the one that was sealed.")
    if _planned(content["study"]["plan"]) != _planned(sealed["plan"]):
        raise BrokenReport("The plan is not the one that was sealed.")


def _planned(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan without what the draw adds to it."""
    return {name: value for name, value in plan.items() if name not in ADDED}


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
