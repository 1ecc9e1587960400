"""Where synthetic examples go at a freeze: beside their source, or nowhere."""

from __future__ import annotations

import numpy as np

from core.versions.assignment import (
    PROTECTED,
    STUDIED,
    TEST,
    UNDECIDED,
    WITHOUT_SOURCE,
    Assignment,
    Candidates,
)
from core.versions.neighbours import Ints, Neighbours
from core.versions.splitting import SPLITS


def place_synthetic(
    found: Assignment, candidates: Candidates, neighbours: Neighbours, *, evaluation_only: bool
) -> None:
    """Give each synthetic example the split and the group of its source, once all others have
    theirs; leave out the rest, with the reason.

    They are never kept at the cost of an example that people wrote, and of two synthetic ones that
    are near each other and would be in different splits neither is kept.
    """
    if candidates.source is None or not (made := np.flatnonzero(candidates.synthetic)).size:
        return
    # An earlier place was that of the source, which is asked again.
    found.split[made] = UNDECIDED
    for index in made.tolist():
        why = _why_not(found, candidates, index, evaluation_only=evaluation_only)
        if why:
            found.left_out[index] = why
        else:
            source = int(candidates.source[index])
            found.split[index], found.group[index] = found.split[source], found.group[source]
    if not evaluation_only:
        _leave_barred_out(found, candidates, neighbours, made)
    _leave_near_others_out(found, candidates, neighbours, made)


def _why_not(
    found: Assignment, candidates: Candidates, index: int, *, evaluation_only: bool
) -> tuple[str, int] | None:
    assert candidates.source is not None
    source = int(candidates.source[index])
    if source == WITHOUT_SOURCE or found.split[source] == UNDECIDED:
        return "source_left_out", max(source, -1)
    if found.split[source] == TEST and not evaluation_only:
        return "source_in_test", source
    if candidates.decided[index] not in (UNDECIDED, found.split[source]):
        # Such as one of an evaluation-only version, whose source was not in that.
        return "source_elsewhere", -1
    return None


def _leave_barred_out(
    found: Assignment, candidates: Candidates, neighbours: Neighbours, made: Ints
) -> None:
    """What is near a text that nothing may train on."""
    if candidates.barred is None:
        return
    for reason, kind in (("studied", STUDIED), ("protected", PROTECTED)):
        barred = candidates.barred == kind
        near, nearest = neighbours.has_near(barred), neighbours.nearest(barred)
        for index in made[near[made]].tolist():
            found.left_out[index] = (reason, int(nearest[index]))
            found.split[index] = UNDECIDED


def _leave_near_others_out(
    found: Assignment, candidates: Candidates, neighbours: Neighbours, made: Ints
) -> None:
    """What is near an example of another split, now or in an earlier version."""
    known = np.where(found.split == UNDECIDED, candidates.decided, found.split)
    # Two lots: what is left out here must not make room for its neighbour.
    near = [neighbours.has_near(known == number) for number in range(len(SPLITS))]
    nearest = [neighbours.nearest(known == number) for number in range(len(SPLITS))]
    for index in made[found.split[made] != UNDECIDED].tolist():
        others = [k for k in range(len(SPLITS)) if k != found.split[index] and near[k][index]]
        if others:
            found.left_out[index] = ("source_elsewhere", int(nearest[others[-1]][index]))
            found.split[index] = UNDECIDED
