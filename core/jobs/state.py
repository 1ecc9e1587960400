"""What a job is doing: its status, how far it is, who works on it, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from core.errors import InvalidInput

JobStatus = Literal[
    "draft",
    "queued",
    "starting",
    "running",
    "stopping",
    "completed",
    "stopped",
    "cancelled",
    "failed",
    "lost",
]
STATUSES: frozenset[str] = frozenset(get_args(JobStatus))
UNSTARTED: frozenset[str] = frozenset({"draft", "queued"})
ACTIVE: frozenset[str] = frozenset({"starting", "running", "stopping"})
TERMINAL: frozenset[str] = frozenset({"completed", "stopped", "cancelled", "failed", "lost"})
RESUMABLE: frozenset[str] = frozenset({"stopped", "failed", "lost"})


class InvalidJobState(InvalidInput):
    """state.json holds a status that nobody knows."""

    title = "The job's state cannot be read"


@dataclass(frozen=True)
class JobFault:
    """Why a job failed: `code` for programs, `message` and `hint` for people."""

    code: str
    message: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        """What happened, and what to do."""
        return f"{self.message} {self.hint}".strip()

    def to_json(self) -> dict[str, str]:
        """A dictionary that `from_json` turns back into the same value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> JobFault:
        """The fault that `to_json` wrote; unknown keys are left out."""
        known = {key: str(values[key]) for key in cls.__dataclass_fields__ if key in values}
        return cls(**{"code": "unknown", "message": "It failed without a word.", **known})


@dataclass(frozen=True)
class JobState:
    """The content of state.json.

    `pid` and `create_time` (seconds since 1970, as psutil gives it) name the worker together, on
    `host`; `step` of `total` is its progress; `heartbeat` is when it last wrote (since 1970).
    Raises InvalidJobState for an unknown status.
    """

    status: JobStatus = "draft"
    pid: int | None = None
    create_time: float | None = None
    host: str = ""
    step: int = 0
    total: int = 0
    heartbeat: float = 0.0
    error: JobFault | None = None
    message: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.status, str) or self.status not in STATUSES:
            raise InvalidJobState(
                f"“{self.status}” is not a job status. Delete state.json to start the job anew."
            )
        counted = all(type(n) is int and 0 <= n < 2**62 for n in (self.step, self.total))
        timed = all(_is_time(t) for t in (self.heartbeat, self.create_time or 0.0))
        named = isinstance(self.pid, int | None) and isinstance(self.host, str)
        if not (counted and timed and named and isinstance(self.error, JobFault | None)):
            raise InvalidJobState(
                "state.json holds values that no worker writes. Delete it to start the job anew."
            )

    @property
    def is_terminal(self) -> bool:
        """Nothing more happens unless somebody starts it again."""
        return self.status in TERMINAL

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into the same value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> JobState:
        """The state that `to_json` wrote; unknown keys are left out."""
        known = {key: values[key] for key in cls.__dataclass_fields__ if key in values}
        error = known.get("error")
        if error is not None and not isinstance(error, Mapping):
            raise InvalidJobState("The error in state.json cannot be read. Delete the file.")
        return cls(**{**known, "error": JobFault.from_json(error) if error else None})


def _is_time(value: object) -> bool:
    """Seconds since 1970, up to the year 3000: what a database can hold."""
    return isinstance(value, int | float) and 0 <= value < 32_503_680_000
