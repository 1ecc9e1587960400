"""What a project's checks need to know: its labels, its language, and which kinds are off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.projects import LabelField

PHONE_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "CH", "AT", "IN")


class InvalidFindingSettings(InvalidInput):
    """A setting of the checks cannot be used."""

    title = "Please check the settings of the checks"


@dataclass(frozen=True)
class FindingSettings:
    """Settings of the checks.

    `grounded`: the task kind promises that outputs say nothing that the input does not (a summary,
    an extraction), so new numbers and names are findings. `label_schema`: the labels that
    annotators give. `output_labels`: what the output, or its record field `label_field`, may be in
    a classification; () where outputs are texts. `language`: ISO 639-1 code that outputs should be
    written in, None for any. `off`: names of kinds that are not checked. `phone_regions`: ISO 3166
    codes of countries whose national phone numbers are known.
    """

    grounded: bool = False
    label_schema: tuple[LabelField, ...] = ()
    output_labels: tuple[str, ...] = ()
    label_field: str = ""
    language: str | None = None
    off: frozenset[str] = frozenset()
    phone_regions: tuple[str, ...] = PHONE_REGIONS

    def __post_init__(self) -> None:
        language = self.language
        if language is not None and not (
            language.isascii() and language.islower() and len(language) == 2
        ):
            raise InvalidFindingSettings(
                f"“{language}” is no language code. Use two letters of ISO 639-1, such as “en”."
            )

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return {
            "grounded": self.grounded,
            "label_schema": [one.to_json() for one in self.label_schema],
            "output_labels": list(self.output_labels),
            "label_field": self.label_field,
            "language": self.language,
            "off": sorted(self.off),
            "phone_regions": list(self.phone_regions),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FindingSettings:
        """What `to_json` wrote."""
        return cls(
            values["grounded"],
            tuple(map(LabelField.from_json, values["label_schema"])),
            tuple(values["output_labels"]),
            values["label_field"],
            values["language"],
            frozenset(values["off"]),
            tuple(values["phone_regions"]),
        )
