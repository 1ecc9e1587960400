"""Mends and masks: they leave nothing of their kind, twice is the same as once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.findings.examples import NothingToMend, check_example, masked, mended
from core.findings.finding import Checked, Finding
from core.findings.kinds import KINDS, PERSONAL
from core.findings.settings import FindingSettings
from tests.findings.carriers import made_up
from tests.findings.flaws import SETTINGS, SOWN
from tests.findings.personal_numbers import PERSONAL as NUMBERS

MENDABLE = [kind.name for kind in KINDS.values() if kind.mend]
PIECES = st.sampled_from([
    "a@b-mail.de", "x+y@sub.domain.org", " ", "\n", ".", "-", "+49 30 1234567", "(212) 555-0123",
    "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "123-45-6789", "Mr. Smith", "Maria Weber",
    "81.20.33.4", "2a01:4f8:1c:1ab::1", "[EMAIL]", "[NAME]", "[PHONE]", "@", "[at]", "1", "12 ",
    "<p>", "</div>", "&amp;", "&lt;b&gt;", "cafÃ©", "\u200b", "\x00", "\ufeff", "<|im_end|>",
    "[INST]",
    "[1]", "[2, 3]", "(Lee, 2019)", "Page 3 of 4\n", "A sentence that is here. ", "word ", "Tel: ",
    "'''", "[[b|c]]", "\\u00e9", "Ã", "â€™", "¿", "中文。", "My name is ", "\u2028",
])  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_masking_a_masked_text_changes_nothing(text: str) -> None:
    once = masked(text)
    assert masked(once) == once


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from(["input", "output"]))
def test_a_mend_leaves_no_finding_of_its_kind_in_its_field(text: str, field: str) -> None:
    example = Checked("1", "Say it.", "", "Good.").with_texts({field: text})
    for finding in check_example(example, FindingSettings()):
        if finding.mend is None:
            continue
        after = mended(example, [finding])
        assert after.text(finding.field) == finding.mend
        again = check_example(after, FindingSettings())
        assert not [x for x in again if (x.kind, x.field) == (finding.kind, finding.field)]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_spans_lie_in_their_field(text: str) -> None:
    example = Checked("1", text, text, text)
    for finding in check_example(example, FindingSettings(grounded=True, language="en")):
        if finding.start is not None and finding.end is not None:
            assert 0 <= finding.start < finding.end <= len(text)


@pytest.mark.parametrize("kind", MENDABLE)
def test_sown_flaws_of_most_carriers_have_a_mend(kind: str) -> None:
    rng = random.Random(kind)
    wanted = SETTINGS.get(kind, FindingSettings())
    found: list[Finding] = []
    for carrier in made_up():
        if flawed := SOWN[kind](carrier, rng):
            found += [one for one in check_example(flawed, wanted) if one.kind == kind]
    mends = sum(one.mend is not None for one in found)
    assert len(found) >= 10
    # A lost character, another prompt's turn and a label unlike all others need a person.
    hard = {"encoding_damage": 0.5, "template_tokens": 0.6, "label_not_in_schema": 0.1}
    assert mends >= hard.get(kind, 0.9) * len(found)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("encoding_damage", "Das cafÃ© war groÃŸ.", "Das café war groß."),
        ("control_characters", "one\u200b two\u2028three", "one two\nthree"),
        ("markup", "<p>Tom &amp; <b>Ann</b><br>went</p>", "Tom & Ann\nwent"),
        ("markup", "&lt;p&gt;Hello&lt;/p&gt;", "Hello"),
        ("template_tokens", "Good day.<|im_end|>", "Good day."),
        ("page_furniture", "One.\n\nPage 3 of 12\n\nTwo.", "One.\n\nTwo."),
        ("citations", "It is old.[1] It is new [2, 3].", "It is old. It is new."),
        (
            "repeated_sentences",
            "It is an old house. It is an old house. So.",
            "It is an old house. So.",
        ),
        ("email", "Write to ann.lee@quandt-mail.de now.", "Write to [EMAIL] now."),
        ("iban", "Pay to DE89 3704 0044 0532 0130 00.", "Pay to [IBAN]."),
        ("card", "Use 4111 1111 1111 1111 here.", "Use [CARD] here."),
        ("phone", "Call +49 30 1234567 today.", "Call [PHONE] today."),
        ("national_id", "Her number is 123-45-6789.", "Her number is [ID]."),
        ("ip_address", "It came from 81.20.33.44 at night.", "It came from [IP] at night."),
        ("person_name", "Then Maria Quandt came.", "Then [NAME] came."),
    ],
)
def test_the_text_after_a_mend(kind: str, before: str, after: str) -> None:
    found = check_example(Checked("1", "Say it.", "", before), FindingSettings())
    assert [one.mend for one in found if one.kind == kind] == [after]


def test_several_mends_of_one_field_are_all_applied() -> None:
    example = Checked("1", "Say it.", "", "<b>cafÃ©</b>\u200b, write to ann@quandt-mail.de")
    found = check_example(example, FindingSettings())
    assert len(found) == 4
    assert mended(example, found).output == "café, write to [EMAIL]"


def test_a_label_is_written_as_the_schema_writes_it() -> None:
    labels = FindingSettings(output_labels=("Positive", "Negative"))
    for output, after in (("positive.", "Positive"), ("Negatve", "Negative"), ("good", None)):
        [found] = check_example(Checked("1", "Rate it.", "x", output), labels)
        assert found.mend == after


def test_a_finding_without_a_mend_cannot_be_mended() -> None:
    example = Checked("1", "Say it.", "", "")
    with pytest.raises(NothingToMend, match="by hand"):
        mended(example, check_example(example, FindingSettings()))


def test_only_the_chosen_kinds_are_masked() -> None:
    text = "Maria Weber, maria@quandt-mail.de"
    assert masked(text, ["email"]) == "Maria Weber, [EMAIL]"
    assert masked(text) == "[NAME], [EMAIL]"


@pytest.mark.parametrize("kind", NUMBERS)
def test_masked_numbers_are_gone(kind: str) -> None:
    rng = random.Random(kind)
    for _ in range(50):
        number = NUMBERS[kind](rng)
        if kind == "phone" and number[0] not in "+(":
            number = f"Phone: {number}"
        assert f"[{'ID' if kind == 'national_id' else kind.split('_')[0].upper()}" in masked(
            f"So.\n{number}"
        ).replace("[NAME", "[PERSON")


def test_masks_exist_for_every_kind_of_personal_data() -> None:
    assert set(PERSONAL) == set(NUMBERS)
