"""IBANs and payment cards, recognised by their check digits.

schwifty knows IBANs too, but needs pycountry, which is LGPL; the check is a table and a remainder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.findings.identity_numbers import luhn

# Length by country, of the SWIFT IBAN registry.
_LENGTHS = {
    code: int(length)
    for length, codes in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD FK", "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK", "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL", "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST", "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HN HU LB NI PL SV", "29": "BR EG PS QA UA", "30": "JO KW MU YE",
        "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for code in codes.split()
}  # fmt: skip
_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})\d{2}(?=[ -]?[A-Za-z0-9]{4})")
_CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){12,18}(?![\w]|[-.,]\d)")


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Spans of IBANs, written in groups or not."""
    for found in _IBAN.finditer(text):
        length = _LENGTHS.get(found.group(1).upper())
        end = length and _end_of(text, found.start(), length)
        if end and _remainder(text[found.start() : end]) == 1:
            yield found.start(), end


def _end_of(text: str, start: int, length: int) -> int:
    """Where so many letters and digits end, single spaces and hyphens between them; 0: nowhere."""
    at, seen = start, 0
    while at < len(text) and seen < length:
        sign = text[at]
        if sign.isascii() and sign.isalnum():
            seen += 1
        elif sign not in " -" or text[at - 1] in " -":
            return 0
        at += 1
    follows = at < len(text) and text[at].isascii() and text[at].isalnum()
    return at if seen == length and not follows else 0


def _remainder(iban: str) -> int:
    """ISO 13616: the first four behind the rest, letters as 10 to 35, by 97."""
    bare = re.sub(r"[ -]", "", iban).upper()
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Spans of payment card numbers: an issuer's first digits, its length, and the Luhn digit."""
    for found in _CARD.finditer(text):
        digits = [int(sign) for sign in found.group() if sign.isdigit()]
        if _has_issuer("".join(map(str, digits))) and luhn(digits):
            yield found.span()


def _has_issuer(number: str) -> bool:
    """Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay."""
    four, length = int(number[:4]), len(number)
    if number[0] == "4":
        return length in (13, 16, 19)
    if 5100 <= four <= 5599 or 2221 <= four <= 2720:
        return length == 16
    if number[:2] in ("34", "37"):
        return length == 15
    if number[:2] in ("36", "38") or 3000 <= four <= 3059:
        return length == 14
    if four == 6011 or number[:2] in ("65", "62") or 6440 <= four <= 6499 or 3528 <= four <= 3589:
        return length in (16, 17, 18, 19)
    return False
