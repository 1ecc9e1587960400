"""Sown flaws are found, and clean examples are left in peace."""

from __future__ import annotations

import pytest

from core.findings.checking import check_all
from core.findings.kinds import KINDS
from core.findings.settings import FindingSettings
from tests.benchmarks.findings_quality import quality_of
from tests.findings.carriers import GSM8K, gsm8k, made_up, seed_tasks
from tests.findings.flawed_sets import recall_of_set_kinds
from tests.findings.flaws import SOWN
from tests.import_builders import shared

# Those that a form or a table decides. The others weigh words, and are asked for less.
WEIGHED = {"truncated_output", "refusal", "mixed_languages", "unexpected_language", "person_name",
           "unsupported_names", "missing_input"}  # fmt: skip


@pytest.mark.parametrize("kind", SOWN)
def test_nine_of_ten_sown_flaws_are_found(kind: str) -> None:
    quality = quality_of(kind, made_up(), per_carrier=1)
    assert quality.sown >= 10
    assert quality.recall >= (0.8 if kind in WEIGHED else 0.9), quality.missed[:3]
    assert quality.precision >= 0.95


def test_every_kind_of_an_example_is_sown() -> None:
    assert SOWN.keys() == {kind.name for kind in KINDS.values() if kind.scope == "example"}


@pytest.mark.parametrize("kind", ["length_outlier", "contradictory_answers", "unbalanced_groups"])
def test_nine_of_ten_flaws_of_a_set_are_found(kind: str) -> None:
    _, recall, precision = recall_of_set_kinds()[kind]
    assert recall >= 0.9
    assert precision >= 0.9


@pytest.mark.shared
@shared
def test_hardly_an_example_of_gsm8k_has_a_high_finding() -> None:
    report = check_all(gsm8k(2000), FindingSettings(), processes=1)
    high = {one for count in report.kinds.values() if count.severity == "high" for one in count.ids}
    assert len(high) < 0.02 * report.checked
    assert GSM8K.exists()


@pytest.mark.shared
@shared
def test_few_seed_tasks_have_a_high_or_a_medium_finding() -> None:
    report = check_all(seed_tasks(), FindingSettings())
    high, medium = (
        {one for count in report.kinds.values() if count.severity == severity for one in count.ids}
        for severity in ("high", "medium")
    )
    assert len(high) <= 0.03 * report.checked
    assert len(medium) <= 0.05 * report.checked
