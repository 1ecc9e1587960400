"""How figures are written, the same on every page and in every log."""

from __future__ import annotations

THIN = "\u202f"


def figure(value: float, digits: int = 0) -> str:
    """A figure with thin thousands separators and a minus sign as wide as a plus: “7 473”, “−5”;
    what rounds to nothing has no sign."""
    text = f"{value:z,.{digits}f}"
    return text.replace(",", THIN).replace("-", "−")


def percent(value: float, digits: int = 0) -> str:
    """A share 0–1 as per cent: “12 %”."""
    return f"{figure(100 * value, digits)}{THIN}%"


def memory_size(value: float) -> str:
    """Bytes as people say them: “1.5 GB”, “12 MB”."""
    return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{max(1, value / 1e6):.0f} MB"


def begun(text: str) -> str:
    """The text as a sentence begins, its other letters as they are: “Token F1”, “JSON is valid”."""
    return text[:1].upper() + text[1:]


def signed(value: float, digits: int = 0) -> str:
    """A difference: “+7 473”, “−5”, “0”."""
    rounded = round(value, digits)
    return ("+" if rounded > 0 else "") + figure(rounded or 0.0, digits)


def counted(count: int, one: str, many: str = "") -> str:
    """A number of things: “1 pair”, “1 200 pairs”, “2 studies” where `many` is given."""
    return f"{figure(count)} {one if count == 1 else many or one + 's'}"
