"""What a lead asks of an augmentation: how, by which rules or request, how many, a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from core.augmentation.negative_rules import NEGATIVE_RULES
from core.augmentation.rules import RULES
from core.errors import InvalidInput
from core.wording import figure

Makes = Literal["paraphrases", "negatives"]
How = Literal["templates", "model"]
HOWS: dict[How, str] = {"templates": "By rules, without a model", "model": "By a local model"}
MOST_PER_EXAMPLE = 5
MOST_PROPOSALS = 10_000
LARGEST_SEED = 2**31 - 1
LONGEST_REQUEST = 2_000
PARAPHRASE = (
    "Write the following request in other words. Keep its meaning, its language, and every number "
    "and name. Answer with the rewritten request alone."
)


@dataclass(frozen=True)
class AugmentationPlan:
    """Up to `per_example` proposals (1–5) of each source, `most` in all (1–10,000).

    `rules` are names of RULES, or for negatives of NEGATIVE_RULES, for “templates”. A model is told
    `request` and shown the source's instruction, for negatives the source's question alone, and
    answers with `temperature` (above 0 to 2). Raises InvalidInput.
    """

    how: How = "templates"
    rules: tuple[str, ...] = tuple(RULES)
    per_example: int = 1
    most: int = 200
    seed: int = 42
    request: str = PARAPHRASE
    temperature: float = 0.8
    makes: Makes = "paraphrases"

    def __post_init__(self) -> None:
        if self.how not in get_args(How):
            raise InvalidInput("Choose rules or a model.")
        known = RULES if self.makes == "paraphrases" else NEGATIVE_RULES
        if self.how == "templates" and (not self.rules or not set(self.rules) <= known.keys()):
            raise InvalidInput(f"Choose at least one rule out of {', '.join(known)}.")
        if not 1 <= self.per_example <= MOST_PER_EXAMPLE:
            raise InvalidInput(f"Ask for 1 to {MOST_PER_EXAMPLE} proposals of each example.")
        if not 1 <= self.most <= MOST_PROPOSALS:
            raise InvalidInput(f"Ask for 1 to {figure(MOST_PROPOSALS)} proposals in all.")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise InvalidInput(f"The seed is a whole number from 0 to {LARGEST_SEED}.")
        if self.how == "model" and not 0 < len(self.request.strip()) <= LONGEST_REQUEST:
            raise InvalidInput(f"Tell the model what to write, in up to {LONGEST_REQUEST} letters.")
        if self.how == "model" and not 0 < self.temperature <= 2:
            raise InvalidInput("The temperature is above 0, and at most 2: at 0 nothing varies.")

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return {**asdict(self), "rules": list(self.rules)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> AugmentationPlan:
        """What `to_json` wrote. Raises InvalidInput."""
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        return cls(**{**known, "rules": tuple(known.get("rules", tuple(RULES)))})
