"""Whether the answers of two systems may be compared: what differs in how they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

NOT_STATED = "not stated"
SHORTEST_REASON = 10


@dataclass(frozen=True)
class Conditions:
    """How answers were made; None is "not stated", as for imported answers.

    `job_id`: answers of one job share everything but the worked examples in the prompt and the
    adapter. `shots` counts those examples.
    """

    prompt_hash: str | None = None
    decoding: Mapping[str, Any] | None = None
    cap: int | None = None
    precision: str | None = None
    base_model_hash: str | None = None
    shots: int = 0
    job_id: str | None = None

    @classmethod
    def from_json(cls, spec: Mapping[str, Any], job_id: str | None = None) -> Conditions:
        """Reads a generation's spec; unknown names are passed over."""
        shots = spec.get("shots") or 0
        return cls(
            prompt_hash=spec.get("prompt_hash"),
            decoding=spec.get("decoding"),
            cap=spec.get("cap"),
            precision=spec.get("precision"),
            base_model_hash=spec.get("base_model_hash"),
            shots=len(shots) if isinstance(shots, list) else int(shots),
            job_id=job_id,
        )


@dataclass(frozen=True)
class Difference:
    """One thing in which two systems were asked differently: `what`, and how each was asked.

    `by_design`: it is what makes them two systems, so it is named and needs no reason.
    """

    what: str
    baseline: str
    candidate: str
    by_design: bool = False

    @property
    def is_known(self) -> bool:
        """False where neither states how it was asked: they may have been asked alike."""
        return (self.baseline, self.candidate) != (NOT_STATED, NOT_STATED)

    def __str__(self) -> str:
        if not self.is_known:
            return f"{self.what}: {NOT_STATED} for either"
        return f"{self.what}: {self.baseline} (baseline), {self.candidate} (candidate)"

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` turns back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Difference:
        """The difference that `to_json` wrote."""
        return cls(**values)


def comparable(a: Conditions, b: Conditions) -> list[Difference]:
    """What differs between the conditions of a baseline and of a candidate; [] when nothing does.

    Something that one or both did not state counts as a difference, except for answers of one job.
    """
    found = []
    if a.job_id is None or a.job_id != b.job_id:
        for what, first, second in (
            ("Prompt", _short(a.prompt_hash), _short(b.prompt_hash)),
            ("Decoding", _decoding(a.decoding), _decoding(b.decoding)),
            ("Max new tokens", _text(a.cap), _text(b.cap)),
            ("Precision", _text(a.precision), _text(b.precision)),
        ):
            if first != second or NOT_STATED in (first, second):
                found.append(Difference(what, first, second))
    if a.shots != b.shots:
        found.append(
            Difference("Worked examples in the prompt", str(a.shots), str(b.shots), by_design=True)
        )
    return found


def needs_reason(differences: Sequence[Difference]) -> bool:
    """Whether a lead has to write why the comparison is made all the same."""
    return any(not difference.by_design for difference in differences)


def _text(value: Any) -> str:
    return NOT_STATED if value is None else str(value)


def _short(value: str | None) -> str:
    return NOT_STATED if not value else value[:8]


def _decoding(decoding: Mapping[str, Any] | None) -> str:
    if not decoding or decoding.get("temperature") is None:
        return NOT_STATED
    if not float(decoding["temperature"]):
        return "greedy"  # the seed has no part in it
    return ", ".join(f"{name} {decoding[name]}" for name in sorted(decoding))
