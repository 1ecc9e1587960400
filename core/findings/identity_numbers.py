"""National identity numbers, each recognised by its form and its check digits.

python-stdnum knows more of them, but is LGPL, which this program does not depend on at run time.
A number whose check lets one in ten through counts only where a word beside it says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

_DIGIT = re.compile(r"\d")


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in _DIGIT.findall(text)]


def luhn(digits: list[int]) -> bool:
    """ISO/IEC 7812 check: from the right every second digit doubled, the sum divisible by 10."""
    doubled = [2 * one - 9 if one > 4 else 2 * one for one in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _ssn(text: str) -> bool:
    """US: no group of zeros, no 666, none from 900 on."""
    area, group, serial = text[:3], text[4:6], text[7:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _nino(text: str) -> bool:
    bare = text.replace(" ", "").upper()
    return bare[0] not in "DFIQUV" and bare[1] not in "DFIOQUV" and bare[:2] not in (
        "BG", "GB", "NK", "KN", "TN", "NT", "ZZ")  # fmt: skip


def _nir(text: str) -> bool:
    """France: 13 digits (2A and 2B count as 19 and 18), the key is 97 less the rest by 97."""
    bare = re.sub(r"\s", "", text).upper().replace("2A", "19").replace("2B", "18")
    return bare.isdigit() and 97 - int(bare[:13]) % 97 == int(bare[13:])


def _dni(text: str) -> bool:
    """Spain, DNI and NIE: a letter by the rest by 23."""
    bare = re.sub(r"[\s.-]", "", text).upper()
    number = {"X": "0", "Y": "1", "Z": "2"}.get(bare[0], bare[0]) + bare[1:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == bare[-1]


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3,
         6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def _codice_fiscale(text: str) -> bool:
    bare = text.upper()
    even = (int(s) if s.isdigit() else ord(s) - 65 for s in bare[1:15:2])
    return chr(65 + (sum(_ODD[s] for s in bare[:15:2]) + sum(even)) % 26) == bare[15]


def _cpf(text: str) -> bool:
    """Brazil: two check digits modulo 11."""
    d = _digits(text)
    if len(set(d)) == 1:
        return False
    return all((sum((n + 1 - i) * d[i] for i in range(n)) * 10 % 11) % 10 == d[n] for n in (9, 10))


def _pesel(text: str) -> bool:
    d = _digits(text)
    month = d[2] * 10 + d[3]
    century = {4: 1800, 0: 1900, 1: 2000, 2: 2100, 3: 2200}[month // 20 if month < 80 else 4]
    return _is_date(century + d[0] * 10 + d[1], month % 20, d[4] * 10 + d[5]) and (
        sum(w * x for w, x in zip((1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), d, strict=True)) % 10 == 0
    )


def _china(text: str) -> bool:
    """ISO 7064 MOD 11-2, and a birth date inside."""
    weights = [2 ** (17 - i) % 11 for i in range(17)]
    total = sum(w * int(x) for w, x in zip(weights, text[:17], strict=True))
    return "10X98765432"[total % 11] == text[17].upper() and _is_date(
        int(text[6:10]), int(text[10:12]), int(text[12:14])
    )


def _steuer_id(text: str) -> bool:
    """Germany: ISO 7064 MOD 11,10."""
    d = _digits(text)
    product = 10
    for digit in d[:10]:
        product = 2 * ((digit + product) % 10 or 10) % 11
    return (11 - product) % 10 == d[10] and d[0] != 0


def _bsn(text: str) -> bool:
    """The Netherlands: the eleven test."""
    d = _digits(text)
    return (sum((9 - i) * d[i] for i in range(8)) - d[8]) % 11 == 0 and any(d)


def _personnummer(text: str) -> bool:
    """Sweden: a date and a Luhn digit."""
    d = _digits(text)[-10:]
    return luhn(d) and _is_date(1900 + d[0] * 10 + d[1], d[2] * 10 + d[3], d[4] * 10 + d[5])


_TIMES = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321",
          "6598710432", "7659821043", "8765932104", "9876543210")  # fmt: skip
_SWAPS = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901",
          "2793806415", "7046913258")  # fmt: skip


def _aadhaar(text: str) -> bool:
    """India: the Verhoeff check."""
    check = 0
    for place, digit in enumerate(reversed(_digits(text))):
        check = int(_TIMES[check][int(_SWAPS[place % 8][digit])])
    return check == 0


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class IdentityNumber:
    """One country's number: its form, its check, and the words beside it where they are needed."""

    country: str
    form: re.Pattern[str]
    check: Callable[[str], bool]
    beside: re.Pattern[str] | None = None


def _number(
    country: str, form: str, check: Callable[[str], bool], beside: str = ""
) -> IdentityNumber:
    bound = re.compile(rf"(?<![\w.,+-])(?:{form})(?![\w]|[-.,]\d)", re.IGNORECASE)
    return IdentityNumber(country, bound, check, re.compile(beside, re.I) if beside else None)


IDENTITY_NUMBERS: tuple[IdentityNumber, ...] = (
    _number("US", r"\d{3}-\d{2}-\d{4}", _ssn),
    _number("GB", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", _nino),
    _number(
        "FR", r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", _nir
    ),
    _number("ES", r"(?:\d{2}\.?\d{3}\.?\d{3}|[XYZ]-?\d{7})-?[A-Z]", _dni),
    _number("IT", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", _codice_fiscale),
    _number("BR", r"\d{3}\.\d{3}\.\d{3}-\d{2}", _cpf),
    _number("CN", r"[1-9]\d{5}(?:19|20)\d{9}[\dX]", _china),
    _number("PL", r"\d{11}", _pesel, r"pesel"),
    _number("DE", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", _steuer_id, r"steuer|tax|idnr|\btin\b"),
    _number("NL", r"\d{9}|\d{4}\.\d{2}\.\d{3}", _bsn, r"bsn|burgerservice|sofi"),
    _number("SE", r"(?:19|20)?\d{6}[-+]\d{4}", _personnummer),
    _number("IN", r"[2-9]\d{3} \d{4} \d{4}", _aadhaar, r"aadha|uidai|\buid\b|\bid\b|आधार"),
)
_REACH = 40


def identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Spans of national identity numbers; they may overlap."""
    for one in IDENTITY_NUMBERS:
        for found in one.form.finditer(text):
            beside = text[max(0, found.start() - _REACH) : found.end() + _REACH]
            if (one.beside is None or one.beside.search(beside)) and one.check(found.group()):
                yield found.span()
