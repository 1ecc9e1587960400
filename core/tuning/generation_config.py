"""The frozen settings of a generation: how systems answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.tuning.settings import InvalidRunSpec, refuse_what_breaks


@dataclass(frozen=True)
class GenerationConfig:
    """How systems answer: `temperature` 0 takes the likeliest token; `shots` is how many worked
    examples a prompted base sees. Raises InvalidRunSpec."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    batch_size: int = 16
    seed: int = 42
    shots: int = 3

    def __post_init__(self) -> None:
        refuse_what_breaks(self)
        # 0 and 0.0 are one setting and must have one hash.
        object.__setattr__(self, "temperature", float(self.temperature))

    @property
    def hash(self) -> str:
        """SHA-256 of the settings as sorted JSON, 64 hex digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GenerationConfig:
        """The config that `to_json` wrote. Raises InvalidRunSpec for unknown names."""
        if unknown := sorted(set(values) - {field.name for field in fields(cls)}):
            raise InvalidRunSpec(f"Unknown settings: {', '.join(unknown)}. Take them out.")
        return cls(**values)
