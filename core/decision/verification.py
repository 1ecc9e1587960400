"""Checks a report without a server: its hash, its seal, and its numbers, counted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.decision.report import BrokenReport, baseline_in, names_in, read_report
from core.statistics.estimates import Estimate
from core.study.gold import GOLD
from core.study.register import level_of
from core.study.sealing import ADDED, added_in, check_opened
from core.study.verdicts import TOGETHER, Verdict, headline, net_preference, seen
from core.wording import counted

NEARLY = 1e-9
OLDER_WORDS = "studies of the two together"
"""What reports of before 2026-11-27 say in the place of TOGETHER."""


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
        _is_registered(one, content)
        _said_again(one, content)
    opened = content["opened_seal"]
    pairs = 0
    if opened is not None:
        if opened["seal"] != content["study"]["seal"]:
            raise BrokenReport("The opened seal is not that of the study.")
        sealed = check_opened(opened, seal)
        added = [one["content"] for one in added_in(opened)]
        _as_sealed(sealed, content)
        _as_added(added, content["study"].get("extensions", []), opened)
        drawn = [pair for part in (sealed, *added) for pair in part["pairs"]]
        pairs = _within(drawn, content["candidates"], sealed["systems"][0])
    elif content["study"]["closed_at"] is not None:
        raise BrokenReport(
            "The study is closed, and its seal does not open: an earlier version sealed it, or its "
            "data were changed since."
        )
    elif seal and not _published(content["study"], seal):
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
    claims = sum(one.get("claims", 1) for one in candidate["register"])
    if abs(candidate["net"]["level"] - level_of(claims)) > NEARLY:
        raise BrokenReport("The level is not that of so many studies and candidates.")
    verdicts: list[Verdict] = [one["verdict"] for one in first.values()]
    stated = candidate["verdicts"]
    if any(verdicts.count(v) != stated.get(v, 0) for v in {*verdicts, *stated}):
        raise BrokenReport("The judgements in the report do not give its counts.")
    if not _same(net_preference(verdicts, candidate["net"]["level"]), candidate["net"]):
        raise BrokenReport("The judgements in the report do not give its net preference.")


def _is_registered(candidate: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Raise BrokenReport where the register lacks this study, or gives it another number of
    candidates, on which the level rests; reports of before 2026-11-27 give none."""
    study_id = content["study"]["study_id"]
    candidates = sum(one["role"] == "candidate" for one in content["systems"])
    own = [one for one in candidate["register"] if one["study_id"] == study_id]
    if [one.get("claims", candidates) for one in own] != [candidates]:
        raise BrokenReport("The register does not hold this study with all its candidates.")


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
    if not candidate["sentence"].replace(OLDER_WORDS, TOGETHER).startswith(said):
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
    plan, fixed = content["study"]["plan"], sealed["plan"]
    if [{k: v for k, v in one.items() if k not in ADDED} for one in (plan, fixed)] != [fixed] * 2:
        raise BrokenReport("The plan is not the one that was sealed.")


def _as_added(
    added: Sequence[Mapping[str, Any]], stated: Sequence[Mapping[str, Any]], opened: Any
) -> None:
    """Raise BrokenReport where what is said of pairs that were added is not what was sealed."""
    seals = [one["seal"] for one in added_in(opened)]
    if seals != [one["seal"] for one in stated]:
        raise BrokenReport("The pairs that were added are not those that were sealed then.")
    for sealed, one in zip(added, stated, strict=True):
        pairs = sum(p["stratum"] != GOLD for p in sealed["pairs"]) + len(sealed["moved"])
        words = f"{counted(pairs, 'pair')} {'was' if pairs == 1 else 'were'} added on"
        if one["judgements"] != sealed["judgements"] or not one["sentence"].startswith(words):
            raise BrokenReport("What is said of the pairs that were added is not what was sealed.")


def _published(study: Mapping[str, Any], seal: str) -> bool:
    """Whether the study has published a seal that begins so."""
    given = seal.strip().rstrip("…").lower()
    seals = [study["seal"], *(one["seal"] for one in study.get("extensions", []))]
    return any(one.startswith(given) for one in seals)


def _same(found: Estimate, stated: Mapping[str, Any]) -> bool:
    pairs = [(getattr(found, name), stated[name]) for name in ("value", "low", "high")]
    return found.n == stated["n"] and all(
        (a is None) == (b is None) and (a is None or abs(a - b) < NEARLY) for a, b in pairs
    )


def _within(
    pairs: Sequence[Mapping[str, Any]], candidates: Sequence[Mapping[str, Any]], baseline: str
) -> int:
    """Raise BrokenReport when a pair was judged of a candidate that no seal holds as one of it and
    the baseline, or a pair is held twice; how many they hold."""
    drawn = {(one["pair_id"], one["system_b"]) for one in pairs}
    both = [(one["pair_id"], {one["system_a"], one["system_b"]}) for one in pairs]
    against = {(pair, system) for pair, two in both if baseline in two for system in two}
    if len(drawn) < len(pairs) or len({one["pair_id"] for one in pairs}) < len(pairs):
        raise BrokenReport("A pair was drawn twice.")
    judged = {(one["pair"], c["candidate_id"]) for c in candidates for one in c["judgements"]}
    if judged - against:
        raise BrokenReport(
            "A pair was judged that was not drawn when the study opened, or added since."
        )
    return len(drawn)
