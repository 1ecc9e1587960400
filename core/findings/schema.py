"""Checks of labels against the schema: the output of a classification, and annotators' labels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from core.findings.finding import LABELS, Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject
from core.labels.field import LabelField
from core.labels.spans import is_marks
from core.labels.values import choices_in, is_empty, problem_of
from core.scoring.labels import normal_label, parsed_label
from core.scoring.records import parse_record

_NEARLY = 80.0
_SHOWN = 40


@lru_cache(maxsize=8)
def _spellings(names: tuple[str, ...]) -> dict[str, str]:
    return {normal_label(name): name for name in names}


def label_in_output(output: str, label_field: str) -> str:
    """The label in an output: all of it, or one field of its record; "" where there is none."""
    if not label_field:
        return output.strip()
    return parse_record(output).get(label_field.lower(), "")


def label_not_in_schema(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output, or a label of an annotator, is none of the schema's options."""
    flaws = []
    if settings.output_labels and subject.example.output.strip():
        label = label_in_output(subject.example.output, settings.label_field)
        if parsed_label(label, _spellings(settings.output_labels)) is None:
            flaws.append(Flaw("output", None, None, _explained(label, settings)))
    for one in settings.label_schema:
        for reason in _odd_parts(one, subject.example.labels.get(one.name)):
            flaws.append(Flaw(LABELS, None, None, reason))
    return flaws


def _odd_parts(field: LabelField, value: Any) -> list[str]:
    """What of an annotator's label the schema does not have, a sentence for each."""
    if is_empty(value) or not (problem := problem_of(field, value)):
        return []
    if field.has_options and (field.kind == "span") == is_marks(value):
        odd = [one for one in choices_in(value) if one not in field.options]
        return [f"“{one}” is no option of the label “{field.name}”." for one in odd]
    return [f"The label “{field.name}” {problem}."]


def _explained(label: str, settings: FindingSettings) -> str:
    if not label:
        return f"There is no field “{settings.label_field}” with a label in the output."
    shown = label if len(label) <= _SHOWN else f"{label[:_SHOWN]}…"
    return f"“{shown}” is none of the {len(settings.output_labels)} labels."


def label_spelling(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output is a label, but not written as the schema writes it."""
    if not settings.output_labels or settings.label_field:
        return []
    output = subject.example.output
    spellings = _spellings(settings.output_labels)
    known = parsed_label(output, spellings)
    if known is None or output == spellings[known]:
        return []
    return [Flaw("output", None, None, f"The schema writes this label “{spellings[known]}”.")]


def as_the_schema_writes(output: str, settings: FindingSettings) -> str:
    """The output as a label of the schema: the same one, or the only one nearly spelled so."""
    if not settings.output_labels or settings.label_field:
        return output
    spellings = _spellings(settings.output_labels)
    if known := parsed_label(output, spellings):
        return spellings[known]
    from rapidfuzz import fuzz, process

    near = process.extract(
        normal_label(output), list(spellings), scorer=fuzz.ratio, score_cutoff=_NEARLY, limit=2
    )
    return spellings[near[0][0]] if len(near) == 1 else output
