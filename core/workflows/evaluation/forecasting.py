"""What a forecast takes from a project: how long judging takes and how often nobody wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.actor import Actor
from core.study.forecast import Assumptions

if TYPE_CHECKING:
    from storage.store import Store

FEWEST = 20
"""Judgements below which a project's own pace says little."""


@dataclass(frozen=True)
class Pace:
    """`ties`: the share of judged pairs without a winner, 0..1; `seconds`: the mean per judgement;
    `judgements`: on how many both were measured, 0 where they are assumed; `hourly_rate`: what an
    hour of a rater costs in the project, 0 where nobody said."""

    ties: float = Assumptions.ties
    seconds: float = Assumptions.seconds
    judgements: int = 0
    hourly_rate: float = 0.0

    @property
    def source(self) -> str:
        """Where the numbers come from, in words."""
        if not self.judgements:
            return f"assumed, as this project has fewer than {FEWEST} judgements"
        return f"measured on this project's {self.judgements} judgements"


def pace_of(store: Store, actor: Actor, project_id: str) -> Pace:
    """A project's own pace, or the assumed one; leads only."""
    actor.require(project_id, "lead")
    row, rate = store.results.pace(project_id), store.decisions.rates(project_id).person_hour
    if row["judgements"] < FEWEST or not row["told"] or not row["seconds"]:
        return Pace(hourly_rate=rate)
    return Pace(row["tied"] / row["told"], row["seconds"], row["judgements"], rate)
