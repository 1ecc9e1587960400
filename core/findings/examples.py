"""Checks one example, and mends it.

found = check_example(Checked("1", "Say hello.", "", "<p>Hello.</p>"), FindingSettings())
mended(example, found, settings).output        # "Hello."
"""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import InvalidInput
from core.examples.example import FIELDS
from core.findings.finding import LABELS, Checked, Finding, Flaw
from core.findings.kinds import KINDS, Kind, kinds_on
from core.findings.personal import masked
from core.findings.settings import FindingSettings
from core.findings.subject import Subject

__all__ = ["check_example", "masked", "mended"]


class NothingToMend(InvalidInput):
    """A finding without a mend was to be applied."""

    title = "This finding has no mend"


def check_example(example: Checked, settings: FindingSettings) -> list[Finding]:
    """Findings of all kinds of scope "example" that are on, one per kind and field.

    Raises InvalidFindingSettings where `settings.off` names no kind.
    """
    return check_subject(Subject(example), settings)


def check_subject(subject: Subject, settings: FindingSettings) -> list[Finding]:
    """`check_example` of an example whose texts other checks look at, too."""
    findings: list[Finding] = []
    for kind in kinds_on(settings):
        if kind.check is not None and (flaws := kind.check(subject, settings)):
            findings += [_finding(kind, flaw, subject.example, settings) for flaw in flaws]
    return findings


def _finding(kind: Kind, flaw: Flaw, example: Checked, settings: FindingSettings) -> Finding:
    mend = _safe_mend(kind, flaw, example, settings)
    return Finding(kind.name, kind.severity, *flaw, mend)


def _safe_mend(kind: Kind, flaw: Flaw, example: Checked, settings: FindingSettings) -> str | None:
    """The text after the mend, where the kind then finds nothing more in the field and it is not
    empty; else None."""
    if kind.mend is None or kind.check is None or flaw.field == LABELS:
        return None
    before = example.text(flaw.field)
    after = kind.mend(before, settings)
    if after == before or not after.strip():
        return None
    left = kind.check(Subject(example.with_texts({flaw.field: after})), settings)
    return None if any(one.field == flaw.field for one in left) else after


def mended(
    example: Checked, findings: Iterable[Finding], settings: FindingSettings | None = None
) -> Checked:
    """The example after the mends of these findings, several of one field one after another.

    Raises NothingToMend for a finding that has none.
    """
    settings = settings or FindingSettings()
    order = {name: place for place, name in enumerate(KINDS)}
    texts = {name: example.text(name) for name in FIELDS}
    for one in sorted(findings, key=lambda found: order[found.kind]):
        kind = KINDS[one.kind]
        if one.mend is None or kind.mend is None:
            raise NothingToMend(f"“{kind.label}” has no safe mend here. Edit the text by hand.")
        untouched = texts[one.field] == example.text(one.field)
        texts[one.field] = one.mend if untouched else kind.mend(texts[one.field], settings)
    return example.with_texts(texts)
