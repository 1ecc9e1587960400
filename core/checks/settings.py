"""What a lead chooses for the checks of a project's examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from core.checks.fields import OVER_LABELS, Over
from core.errors import InvalidInput
from core.findings.settings import FindingSettings
from core.projects import ProjectSettings


@dataclass(frozen=True)
class CheckSettings:
    """Settings of a check.

    `over`: the fields that duplicates are looked for in. `grounded`: outputs may say nothing that
    the input does not. `language`: ISO 639-1 code of the outputs, None for any. `output_label`: the
    label of the project's schema whose options the outputs must be, "" where outputs are texts.
    `off`: kinds of finding that are not checked. Raises InvalidInput, InvalidFindingSettings.
    """

    over: Over = "prompt"
    grounded: bool = False
    language: str | None = None
    output_label: str = ""
    off: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.over not in get_args(Over):
            raise InvalidInput(f"“{self.over}” is none of {', '.join(OVER_LABELS)}.")
        from core.findings.kinds import kinds_on  # its checks load what most pages do not need

        kinds_on(FindingSettings(language=self.language, off=self.off))

    @classmethod
    def suggested(cls, project: ProjectSettings) -> CheckSettings:
        """What is chosen until a lead chooses: an extraction says nothing that is not there."""
        return cls(grounded=project.task_kind == "extraction")

    def finding_settings(self, project: ProjectSettings) -> FindingSettings:
        """The settings for the findings engine. Raises InvalidInput for a label that is gone."""
        schema = {one.name: one for one in project.label_schema}
        if self.output_label and self.output_label not in schema:
            raise InvalidInput(
                f"The project has no label “{self.output_label}” any more. Choose another one."
            )
        options = schema[self.output_label].options if self.output_label else ()
        return FindingSettings(
            grounded=self.grounded,
            label_schema=project.label_schema,
            output_labels=options,
            label_field=(project.label_field or "") if options else "",
            language=self.language,
            off=self.off,
        )

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return {
            "over": self.over,
            "grounded": self.grounded,
            "language": self.language,
            "output_label": self.output_label,
            "off": sorted(self.off),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CheckSettings:
        """What `to_json` wrote."""
        return cls(**{**values, "off": frozenset(values["off"])})
