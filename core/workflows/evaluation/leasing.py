"""Leasing presentations to raters: nobody waits for anybody, and nobody gets a pair twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from core.clock import new_id, now
from core.study.order import first_is_left
from core.study.pairs import Presentation
from core.study.study import RatedStudy

if TYPE_CHECKING:
    from storage.store import Store

LEASE = timedelta(minutes=20)
# Raters who come at once begin at different places of a window of free pairs.
WINDOW = 64
ROUNDS = 6


def lease(
    store: Store, study: RatedStudy, rater_id: str, count: int, but: Sequence[str], first: str
) -> list[str]:
    """Lease up to `count` presentations, what the rater holds already first. Each is taken in a
    transaction of its own: whoever loses one goes on to the next."""
    held = store.presentations.held(study.study_id, rater_id)
    held.sort(key=lambda p: p.presentation_id != first)
    taken = [p.presentation_id for p in held if p.presentation_id not in but][:count]
    if renewed := [*taken, *but]:
        store.transact(lambda: store.presentations.renew(renewed, rater_id, lease_end()))
    for _ in range(ROUNDS):
        if len(taken) >= count:
            break
        free = store.presentations.free(study.study_id, rater_id, WINDOW)
        if not free:
            break
        for found in _from_own_place(free, rater_id):
            if len(taken) < count and (own := _lease_one(store, study, found, rater_id)):
                taken.append(own)
    return taken


def lease_repeat(store: Store, study: RatedStudy, rater_id: str, again: int) -> str:
    """Bring back the pair that a rater judged as the `again`-th, with its sides swapped, unless it
    has come back before; its id, or ""."""

    def add() -> str:
        before = store.presentations.judged_as(study.study_id, rater_id, again)
        if before is None or store.presentations.came_back(before.pair_id, rater_id):
            return ""
        own = replace(
            before, presentation_id=_repeat_id(before), occasion=2, phase="repeat", weight=0.0,
            left_system_id=before.right_system_id, right_system_id=before.left_system_id,
            lease_until=lease_end(), done=False, lapsed=False,
        )  # fmt: skip
        store.presentations.add(own)
        return own.presentation_id

    return store.transact(add)


def _repeat_id(before: Presentation) -> str:
    """An id that a second request gives again, and that looks like any other."""
    digest = sha256(f"repeat of {before.pair_id} for {before.rater_id}".encode()).hexdigest()
    return f"pre_{digest[:12]}_{digest[12:24]}_{before.place}"


def _from_own_place(free: Sequence[Presentation], rater_id: str) -> list[Presentation]:
    """The window in an order of this rater's own; first views before second ones."""

    def place(p: Presentation) -> tuple[int, str]:
        return p.place, sha256(f"{rater_id} {p.position}".encode()).hexdigest()

    return sorted(free, key=place)


def _lease_one(store: Store, study: RatedStudy, found: Presentation, rater_id: str) -> str:
    """Take a free presentation, its sides from this rater's permuted blocks; its id, or ""."""

    def take() -> str:
        first, second, stratum = store.presentations.pair_systems(found.pair_id)
        known = store.presentations.shown(study.study_id, rater_id)
        shown = known or {}
        before = shown.get(stratum, 0)
        if first_is_left(study.seed, rater_id, stratum, before):
            left, right = first, second
        else:
            left, right = second, first
        own = _occupy(store, found, rater_id, left, right)
        if own:
            counted = {**shown, stratum: before + 1}
            store.presentations.set_shown(study.study_id, rater_id, counted, is_first=known is None)
        return own

    return store.transact(take)


def _occupy(store: Store, found: Presentation, rater_id: str, left: str, right: str) -> str:
    if found.rater_id is None:
        taken = store.presentations.take(found.presentation_id, rater_id, left, right, lease_end())
        return found.presentation_id if taken else ""
    # Somebody's lease ran out. Their showing stays as it was, should they still answer.
    if not store.presentations.lapse(found.presentation_id):
        return ""
    own = replace(
        found, presentation_id=new_id("pre"), rater_id=rater_id, left_system_id=left,
        right_system_id=right, lease_until=lease_end(),
    )  # fmt: skip
    store.presentations.add(own)
    return own.presentation_id


def lease_end() -> datetime:
    """When a lease that begins now runs out."""
    return now() + LEASE
