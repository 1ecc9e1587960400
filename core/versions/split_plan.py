"""How new examples are drawn into splits: at random, in equal shares of a label, or by time.

SplitPlan("stratified", label="topic").sentence
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from core.errors import InvalidInput

SplitBy = Literal["random", "stratified", "time"]
SPLIT_BY: dict[SplitBy, str] = {
    "random": "At random",
    "stratified": "At random, in equal shares of a label",
    "time": "By time: train on the oldest, test on the newest",
}


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """`label`: the label field whose options each split has in the same shares (stratified).
    `time`: the metadata with a date or number to sort by, "" the time of import. `together`: the
    metadata whose equal values stay in one split, such as a document or an author; "" none.

    Raises InvalidInput where the parts do not belong together.
    """

    by: SplitBy = "random"
    label: str = ""
    time: str = ""
    together: str = ""

    def __post_init__(self) -> None:
        if self.by not in get_args(SplitBy):
            raise InvalidInput(f"Split by one of {', '.join(get_args(SplitBy))}.")
        if (self.by == "stratified") != bool(self.label):
            raise InvalidInput(
                "Equal shares need a label, and only they. Choose the label, or another way to "
                "split."
            )
        if self.time and self.by != "time":
            raise InvalidInput("A time is for splitting by time only. Leave it out.")

    @property
    def sentence(self) -> str:
        """What was done, for people to read; "" for the default."""
        said = {
            "random": "",
            "stratified": f"Each split has the options of “{self.label}” in the same shares.",
            "time": f"Train has the oldest, test the newest, by {self._clock}.",
        }[self.by]
        together = f"Examples of one “{self.together}” are in one split." if self.together else ""
        return " ".join(filter(None, (said, together)))

    @property
    def _clock(self) -> str:
        return f"“{self.time}”" if self.time else "the time of import"

    def to_json(self) -> dict[str, str]:
        """A dictionary that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SplitPlan:
        """What `to_json` wrote. Raises InvalidInput."""
        known = {name: str(value) for name, value in values.items() if name in cls.__slots__}
        return cls(**known)  # type: ignore[arg-type]


AT_RANDOM = SplitPlan()
