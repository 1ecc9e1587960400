"""Made-up personal data whose checksums are right: nobody's, but none of the reserved ones."""

from __future__ import annotations

import random
from collections.abc import Callable

_FIRST = ("Maria", "Thomas", "Ahmed", "Priya", "Sabine", "Javier", "Emily", "Piotr")
_LAST = ("Quandtmann", "Oberholz", "Fairweather", "Kowalczyk", "Delacourt", "Nakagawa", "Silvano")


def _digits(count: int, rng: random.Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def email(rng: random.Random) -> str:
    """An address; the domains do not exist."""
    name = f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}".lower()
    domain = rng.choice(("quandtmann-mail.de", "mail.oberholz.co.uk", "fairweather42.org"))
    return rng.choice((f"{name}@{domain}", f"{name[:3]}+news@{domain}", f"{name} [at] {domain}"))


def phone(rng: random.Random) -> str:
    """A number in one of the usual ways of writing."""
    area = rng.choice(("212", "415", "202", "312"))
    return rng.choice((
        f"({area}) 555-{_digits(4, rng)}", f"+1 {area}-555-{_digits(4, rng)}",
        f"{area}-555-{_digits(4, rng)}", f"+49 30 {rng.randint(2, 8)}{_digits(6, rng)}",
        f"+44 20 7946 0{_digits(3, rng)}", f"030 {rng.randint(2, 8)}{_digits(6, rng)}",
        f"+33 1 {rng.randint(40, 58)} {_digits(2, rng)} {_digits(2, rng)} {_digits(2, rng)}",
    ))  # fmt: skip


def iban(rng: random.Random) -> str:
    """An IBAN of Germany, Great Britain or the Netherlands."""
    country, bank = rng.choice(
        (
            ("DE", _digits(18, rng)),
            ("GB", f"WEST{_digits(14, rng)}"),
            ("NL", f"ABNA{_digits(10, rng)}"),
        )
    )
    number = int("".join(str(int(sign, 36)) for sign in f"{bank}{country}00"))
    whole = f"{country}{98 - number % 97:02d}{bank}"
    groups = " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))
    return rng.choice((whole, groups))


def _with_luhn(digits: str) -> str:
    for last in "0123456789":
        total = 0
        for place, sign in enumerate(reversed(digits + last)):
            value = int(sign) * (2 if place % 2 else 1)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return digits + last
    raise AssertionError


def card(rng: random.Random) -> str:
    """A card number of Visa, Mastercard or American Express."""
    if rng.random() < 0.2:
        whole = _with_luhn("37" + _digits(12, rng))
        return f"{whole[:4]} {whole[4:10]} {whole[10:]}"
    whole = _with_luhn(rng.choice(("4", "52", "2345")).ljust(4, "1") + _digits(11, rng))
    groups = [whole[at : at + 4] for at in range(0, 16, 4)]
    return rng.choice((whole, " ".join(groups), "-".join(groups)))


def _cpf(rng: random.Random) -> str:
    digits = [int(sign) for sign in _digits(9, rng)]
    for _ in range(2):
        size = len(digits)
        digits.append(sum((size + 1 - at) * digits[at] for at in range(size)) * 10 % 11 % 10)
    text = "".join(map(str, digits))
    return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def _dni(rng: random.Random) -> str:
    number = _digits(8, rng)
    return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def _nir(rng: random.Random) -> str:
    body = f"{rng.choice('12')}{_digits(2, rng)}{rng.randint(1, 12):02d}75{_digits(6, rng)}"
    return f"{body}{97 - int(body) % 97:02d}"


def _china(rng: random.Random) -> str:
    born = f"{rng.randint(1950, 2005)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body = f"110101{born}{_digits(3, rng)}"
    total = sum(int(sign) * (2 ** (17 - at) % 11) for at, sign in enumerate(body))
    return body + "10X98765432"[total % 11]


def _pesel(rng: random.Random) -> str:
    body = f"{rng.randint(50, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{_digits(4, rng)}"
    total = sum(int(sign) * weight for sign, weight in zip(body, (1, 3, 7, 9) * 3, strict=False))
    return f"PESEL {body}{-total % 10}"


def _personnummer(rng: random.Random) -> str:
    body = f"{rng.randint(50, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{_digits(3, rng)}"
    whole = _with_luhn(body)
    return f"{whole[:6]}-{whole[6:]}"


def national_id(rng: random.Random) -> str:
    """A number of one of eight countries."""
    ssn = f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"
    nino = f"AB {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)} C"
    return rng.choice((
        ssn, nino, _cpf(rng), _dni(rng), _nir(rng), _china(rng), _pesel(rng), _personnummer(rng),
    ))  # fmt: skip


def ip_address(rng: random.Random) -> str:
    """A public address."""
    return rng.choice((
        f"{rng.randint(80, 95)}.{rng.randint(20, 200)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}",
        f"2a01:4f8:{rng.randint(1, 9)}c:{rng.randint(10, 99)}ab::{rng.randint(1, 9)}",
    ))  # fmt: skip


def person_name(rng: random.Random) -> str:
    """A name with a title, in an introduction, or given name and surname."""
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return rng.choice((
        f"{first} {last}", f"Dr. {last}", f"My name is {first} {last}.", f"Mrs. {last} called.",
        f"Name: {first} {last}", f"Frau {last}", f"Best regards,\n{first} {last}",
    ))  # fmt: skip


PERSONAL: dict[str, Callable[[random.Random], str]] = {
    "email": email,
    "iban": iban,
    "card": card,
    "national_id": national_id,
    "phone": phone,
    "ip_address": ip_address,
    "person_name": person_name,
}
