"""The kinds of finding: one table, which the checks, the terminal and the pages read.

A new kind is one entry here and its check function of (subject, settings). "example" kinds look at
one example alone; "set" kinds are decided in `core.findings.sets` from facts of all examples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.findings import (
    blanks,
    characters,
    endings,
    furniture,
    grounding,
    languages,
    markup,
    refusals,
    repetition,
    schema,
)
from core.findings.finding import Flaw, Severity
from core.findings.personal import MASKS, personal_check, personal_mask
from core.findings.settings import FindingSettings, InvalidFindingSettings
from core.findings.subject import Subject

Check = Callable[[Subject, FindingSettings], list[Flaw]]
MendText = Callable[[str, FindingSettings], str]
Scope = Literal["example", "set"]


@dataclass(frozen=True)
class Kind:
    """What the program knows of a kind of finding.

    `label` is what people call it; `explanation` one sentence for a legend. `check` is None for
    kinds of scope "set". `mend` gives a field's text after the mend; None where a person decides.
    """

    name: str
    label: str
    severity: Severity
    explanation: str
    check: Check | None = None
    mend: MendText | None = None

    @property
    def scope(self) -> Scope:
        """Whether one example is enough to see it."""
        return "example" if self.check else "set"


def _by_text(mend: Callable[[str], str]) -> MendText:
    return lambda text, _settings: mend(text)


def _personal(name: str, label: str, severity: Severity, what: str) -> Kind:
    return Kind(
        name,
        label,
        severity,
        f"A field has {what}; the mend masks it.",
        personal_check(name),
        personal_mask(name),
    )


def _table(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


# Mends are applied in this order: characters first, since what they damage hides other flaws.
KINDS: dict[str, Kind] = _table(
    Kind("empty_field", "Empty field", "high",
         "The output is empty, or instruction and input both are.", blanks.empty_field),
    Kind("encoding_damage", "Encoding damage", "high",
         "Text was read in the wrong encoding, such as “cafÃ©” for “café”.",
         characters.encoding_damage, _by_text(characters.undamaged)),
    Kind("control_characters", "Control characters", "medium",
         "Characters that nobody sees, such as zero-width spaces.",
         characters.control_characters, _by_text(characters.without_controls)),
    Kind("template_tokens", "Chat template tokens", "high",
         "Tokens or role marks of a chat template stand in the text.",
         markup.template_tokens, _by_text(markup.without_tokens)),
    Kind("markup", "Leftover markup", "medium",
         "HTML tags, entities or wiki marks that the task does not ask for.",
         markup.markup, _by_text(markup.without_markup)),
    Kind("page_furniture", "Page headers and footers", "low",
         "Lines that belong to a page and not to its text, such as “Page 3 of 12”.",
         furniture.page_furniture, _by_text(furniture.without_furniture)),
    Kind("citations", "Leftover citations", "low",
         "Reference marks such as “[3]” whose list is not there.",
         furniture.citations, _by_text(furniture.without_citations)),
    Kind("repeated_sentences", "Repeated sentences", "medium",
         "The output says a sentence again, or goes round in a loop.",
         repetition.repeated_sentences, _by_text(repetition.without_repeats)),
    Kind("placeholder", "Placeholder", "medium",
         "A field is a stand-in such as “TODO” or “N/A”.", blanks.placeholder),
    Kind("missing_input", "Input left out", "medium",
         "The instruction speaks of a text, and there is no input.", blanks.missing_input),
    Kind("output_equals_input", "Output equals input", "high",
         "The output is the input or the instruction once more.", blanks.output_equals_input),
    Kind("truncated_output", "Truncated output", "medium",
         "The output ends in the middle of a sentence or of a code block.",
         endings.truncated_output),
    Kind("assistant_boilerplate", "“As an AI language model”", "high",
         "The output speaks of itself as a language model.", refusals.assistant_boilerplate),
    Kind("refusal", "Refusal", "medium",
         "The output refuses the task instead of doing it.", refusals.refusal),
    Kind("mixed_languages", "Mixed languages", "medium",
         "The output changes its language, or has another one than the task.",
         languages.mixed_languages),
    Kind("unexpected_language", "Unexpected language", "medium",
         "The output is not in the language that the project expects.",
         languages.unexpected_language),
    Kind("label_not_in_schema", "Label not in the schema", "high",
         "The label is none of the schema's options.",
         schema.label_not_in_schema, schema.as_the_schema_writes),
    Kind("label_spelling", "Label spelled differently", "low",
         "The label is known, but the schema writes it in another way.",
         schema.label_spelling, schema.as_the_schema_writes),
    Kind("unsupported_numbers", "Numbers not in the input", "medium",
         "The output has a number that the input does not have.", grounding.unsupported_numbers),
    Kind("unsupported_names", "Names not in the input", "low",
         "The output has a name that the input does not have.", grounding.unsupported_names),
    _personal("email", "E-mail address", "high", "an e-mail address"),
    _personal("iban", "Bank account (IBAN)", "high", "a bank account number with a right checksum"),
    _personal("card", "Payment card", "high", "a payment card number with a right checksum"),
    _personal("national_id", "National identity number", "high", "a national identity number"),
    _personal("phone", "Phone number", "medium", "a phone number"),
    _personal("ip_address", "IP address", "medium", "an IP address"),
    _personal("person_name", "Person name (best effort)", "low", "what looks like a person's name"),
    Kind("length_outlier", "Unusual length", "low",
         "The output is far shorter or longer than the others."),
    Kind("contradictory_answers", "Contradictory answers", "high",
         "The same question has another final answer in another example."),
    Kind("unbalanced_groups", "Unbalanced groups", "low",
         "Labels, or men and women, are far from evenly met: a hint of bias."),
)  # fmt: skip

PERSONAL = tuple(MASKS)


@lru_cache(maxsize=16)
def kinds_on(settings: FindingSettings) -> tuple[Kind, ...]:
    """The kinds that are checked, in the table's order.

    Raises InvalidFindingSettings where `off` names no kind.
    """
    if unknown := settings.off - KINDS.keys():
        raise InvalidFindingSettings(
            f"“{min(unknown)}” is no kind of finding. The kinds are {', '.join(KINDS)}."
        )
    return tuple(kind for kind in KINDS.values() if kind.name not in settings.off)
