"""Personal data in texts: e-mail, phone, IBAN, card, national numbers, IP addresses, names.

phonenumberslite (Apache-2.0, offline) decides what is a phone number; it is asked only about
numbers that a word, a “+” or a usual form makes likely, or every sum would be one. Presidio and
scrubadub need language models that would have to be downloaded; person names are best effort.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.findings.bank_numbers import cards, ibans
from core.findings.finding import Flaw
from core.findings.identity_numbers import identity_numbers
from core.findings.person_names import person_names
from core.findings.settings import PHONE_REGIONS, FindingSettings
from core.findings.subject import Subject, places, words_in

Span = tuple[int, int]
Found = tuple[int, int, str]

_EMAIL = re.compile(
    r"(?<![\w.+%@-])[\w+%-][\w.+%-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w@-])"
    r"|(?<![\w.+-])[\w+-][\w.+-]{0,63} ?[\[(](?:at|@)[\])] ?[\w-]{1,63}(?: ?[\[(](?:dot"
    r"|\.)[\])] ?|\.)"
    r"[^\W\d_]{2,24}(?!\w)",
    re.IGNORECASE,
)
# The least that any of these numbers has: seven digits near each other, or a form of its own.
_NUMERIC = re.compile(
    r"\d(?:(?:(?:[ .()/-]{0,2}| [/-] )\d){6}|\d ?\d\d ?\d\d ?[A-Da-d]\b|\d[A-Za-z]\d\d[A-Za-z]\d{3}"
    r"|\.\d{1,3}\.\d{1,3}\.\d)"
)
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])", re.I)
_VERSION = re.compile(r"(?:version|release|section|chapter|v|build|§)[ .]*$", re.IGNORECASE)
_SECTION_UP_TO = 20
_PHONE = re.compile(
    r"(?<![\w.,$€£=+*×/^<>-])(?:\+ ?|00)?\(?\d(?:[ \u00a0().\-/]{0,3}\d){5,15}(?![\w%])"
)
_PHONE_WORD = re.compile(
    r"\b(?:tel|telephone|phone|call(?: me| us| him| her)?|fax|mobile|cell(?:phone)?|whatsapp|"
    r"text me|reach (?:me|us|him|her)|dial|hotline|contact|sms|telefon|telefonnummer"
    r"|handy(?:nummer)?|"
    r"rufen? sie|ruf|mobil|téléphone|tél|teléfono|móvil|telefono|cellulare|telefoon|celular|"
    r"телефон|тел|电话|手机|電話|फ़ोन|هاتف)\b[^\d\n]{0,25}$",
    re.IGNORECASE,
)
_US_FORM = re.compile(
    r"\(\d{3}\) ?\d{3}[-. ]\d{4}|[2-9]\d{2}([-.])[2-9]\d{2}\1\d{4}|1-\d{3}-\d{3}-\d{4}"
)
_TRUNK = re.compile(r"0\d{1,5}[ /-]")
_SUM = re.compile(r"\s*[=*+×÷/^<>-]\s*[\d$]")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}|"
    r"(?:19|20)\d\d ?[-–] ?(?:19|20)\d\d)(?!\d)"
)
_SPACED_SIGN = re.compile(r" [-/] ")
_BEFORE = 40


def personal_data(
    text: str, regions: Sequence[str] = PHONE_REGIONS, words: frozenset[str] | None = None
) -> list[Found]:
    """(start, end, kind) of personal data in a text, in order, none overlapping.

    `words`, where they are known: its words in lower case, or more. Where two kinds
    claim the same characters the one with the stronger check has them.
    """
    taken: list[Found] = []
    for kind, find in _finders(text, regions, words_in(text.lower()) if words is None else words):
        for start, end in find:
            # Those taken are in order and apart, so only the neighbours can overlap.
            place = bisect_left(taken, (start, end, ""))
            free_before = place == 0 or taken[place - 1][1] <= start
            if free_before and (place == len(taken) or end <= taken[place][0]):
                taken.insert(place, (start, end, kind))
    return taken


def _finders(
    text: str, regions: Sequence[str], words: frozenset[str]
) -> Iterator[tuple[str, Iterable[Span]]]:
    """The finders that a quick look at the text does not rule out, the surest first."""
    if "@" in text or "[at]" in text or "(at)" in text:
        yield "email", _emails(text)
    if _NUMERIC.search(text):
        yield "iban", ibans(text)
        yield "card", cards(text)
        yield "national_id", identity_numbers(text)
        yield "ip_address", _addresses(text)
        yield "phone", _phones(text, regions)
    elif text.count(":") >= 3:
        yield "ip_address", _addresses(text)
    yield "person_name", person_names(text, words)


def _emails(text: str) -> Iterator[Span]:
    yield from (found.span() for found in _EMAIL.finditer(text))


def _addresses(text: str) -> Iterator[Span]:
    """Addresses of a machine other than the one that reads them."""
    for found in _IPV4.finditer(text):
        octets = found.group().split(".")
        section = all(int(one) < _SECTION_UP_TO for one in octets)
        if not section and not _VERSION.search(text[: found.start()][-12:]) and _is_address(octets):
            yield found.span()
    if text.count(":") >= 3:
        for found in _IPV6.finditer(text):
            if any(one.isdigit() for one in found.group()) and _is_address([found.group()]):
                yield found.span()


def _is_address(parts: list[str]) -> bool:
    try:
        found = ipaddress.ip_address(".".join(parts))
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or found.is_multicast)


def _phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    for found in _PHONE.finditer(text):
        number = found.group()
        if number.count("(") != number.count(")") or _DATE.search(number):
            continue
        if _SUM.match(text, found.end()):
            continue
        if _is_phone(number, text[max(0, found.start() - _BEFORE) : found.start()], regions):
            yield found.span()


def _is_phone(number: str, before: str, regions: Sequence[str]) -> bool:
    if number[0] == "+" or number[:2] == "00":
        return _parses("+" + number.lstrip("+0 "), (None,), strictly=False)
    if _SPACED_SIGN.search(number) and number[0] not in "0(":
        return False
    if _PHONE_WORD.search(before):
        return _parses(number, regions, strictly=False)
    if _US_FORM.fullmatch(number):
        return _parses(number, ("US",), strictly=False)
    return bool(_TRUNK.match(number)) and _parses(number, regions, strictly=True)


def _parses(number: str, regions: Sequence[str | None], strictly: bool) -> bool:
    import phonenumbers

    check = phonenumbers.is_valid_number if strictly else phonenumbers.is_possible_number
    for region in regions:
        try:
            if check(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


MASKS = {
    "email": "[EMAIL]",
    "iban": "[IBAN]",
    "card": "[CARD]",
    "national_id": "[ID]",
    "ip_address": "[IP]",
    "phone": "[PHONE]",
    "person_name": "[NAME]",
}
NAMES = {
    "email": "e-mail address",
    "iban": "bank account number (IBAN)",
    "card": "payment card number",
    "national_id": "national identity number",
    "ip_address": "IP address",
    "phone": "phone number",
    "person_name": "name of a person",
}


def masked(
    text: str, kinds: Iterable[str] = tuple(MASKS), regions: Sequence[str] = PHONE_REGIONS
) -> str:
    """The text with personal data of these kinds masked, such as “[EMAIL]”.

    Masking a masked text changes nothing. Addresses that are reserved for documentation
    (example.com, 192.0.2.1) are masked too: nothing is lost, and nobody has to know the list.
    """
    chosen = frozenset(kinds)
    # A mask can uncover what stood in its shadow, so until nothing is left; each round shortens
    # what is unmasked.
    while found := [one for one in personal_data(text, regions) if one[2] in chosen]:
        for start, end, kind in reversed(found):
            text = text[:start] + MASKS[kind] + text[end:]
    return text


def personal_check(kind: str) -> Callable[[Subject, FindingSettings], list[Flaw]]:
    """The check function of one kind of personal data."""

    def check(subject: Subject, settings: FindingSettings) -> list[Flaw]:
        flaws = []
        for name, found in subject.personal(settings.phone_regions):
            spans = [(start, end) for start, end, one in found if one == kind]
            if spans:
                what = NAMES[kind]
                text = f"{'An' if what[0] in 'eI' else 'A'} {what}{places(len(spans))}."
                flaws.append(Flaw(name, *spans[0], text))
        return flaws

    return check


def personal_mask(kind: str) -> Callable[[str, FindingSettings], str]:
    """The mend function of one kind of personal data."""

    def mend(text: str, settings: FindingSettings) -> str:
        return masked(text, (kind,), settings.phone_regions)

    return mend
