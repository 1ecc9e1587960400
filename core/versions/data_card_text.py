"""A data card as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from core.versions.data_card import DataCard
from core.wording import figure, percent

_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>|#"})


def data_card_json(card: DataCard) -> str:
    """The card as JSON, with its gaps."""
    content = {**asdict(card), "total": card.total, "gaps": list(card.gaps)}
    return json.dumps(content, ensure_ascii=False, indent=1, default=_time) + "\n"


def _time(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def data_card_markdown(card: DataCard) -> str:
    """The card as Markdown; what people typed is escaped."""
    parts = [
        f"# Data card: {_plain(card.name)}",
        _about(card),
        _section("Sizes", _table(("split", "examples"), card.counts.items())),
        _section("Sources", _sources(card)),
        _section("People", _people(card)),
        _section("Texts", _texts(card)),
        _section("Left out", _left_out(card)),
        _section("Checks", _checks(card)),
        _section("Known gaps", _list(card.gaps) or "None: every field of this card is filled."),
    ]
    return "\n\n".join(parts) + "\n"


def _about(card: DataCard) -> str:
    by = f" by {_plain(card.frozen_by)}" if card.frozen_by else ""
    lines = [
        f"- Project: {_plain(card.project)}",
        f"- Dataset version: `{card.version_id}` (number {card.number}, hash "
        f"`{card.content_hash}`)",
        f"- Frozen: {card.frozen_at:%Y-%m-%d %H:%M} UTC{by}, seed {card.seed}",
        f"- Use: {'evaluation only' if card.evaluation_only else 'training and evaluation'}",
        f"- Examples: {figure(card.total)} in {figure(card.groups)} groups of near-duplicates, "
        "each in one split",
    ]
    if card.synthetic_told:
        lines.append(f"- Synthetic examples: {card.synthetic_told}")
    if card.split:
        lines.append(f"- Split: {_plain(card.split)}")
    if card.written_from and card.written_until:
        lines.append(
            f"- Texts written or imported: {card.written_from:%Y-%m-%d} to "
            f"{card.written_until:%Y-%m-%d}"
        )
    if card.notes:
        lines.append(f"- Notes: {_plain(card.notes)}")
    return "\n".join(lines)


def _sources(card: DataCard) -> str:
    rows = [
        (
            one.name, figure(one.examples), f"{one.created_at:%Y-%m-%d}" if one.created_at else "",
            one.facts.licence or "not given", one.facts.legal_basis or "not given", one.facts.note,
        )
        for one in card.sources
    ]  # fmt: skip
    return _table(("source", "examples", "imported", "licence", "legal basis", "note"), rows)


def _people(card: DataCard) -> str:
    rows = [(one.person, figure(one.labelled), figure(one.reviewed)) for one in card.people]
    if not rows:
        return "Nobody labelled or reviewed its examples here: they came in as accepted."
    table = _table(("who", "examples labelled", "examples reviewed"), rows)
    twice = f"{figure(card.twice)} of {figure(card.total)} examples"
    return f"{table}\n\nAccepted by two people or more: {twice}."


def _texts(card: DataCard) -> str:
    lengths = [
        (
            one.field,
            figure(one.shortest),
            figure(one.median),
            figure(one.p95),
            figure(one.longest),
        )
        for one in card.lengths
    ]
    parts = [_table(("characters of", "shortest", "median", "95 %", "longest"), lengths)]
    for label, values in card.labels.items():
        parts.append(_table((label, "examples"), [(k, figure(n)) for k, n in values.items()]))
    if card.languages:
        sampled = sum(card.languages.values())
        shares = ", ".join(f"{code} {percent(n / sampled)}" for code, n in card.languages.items())
        parts.append(f"Languages, of {figure(sampled)} examples evenly drawn: {shares}.")
    return "\n\n".join(parts)


def _left_out(card: DataCard) -> str:
    told = _list(f"{figure(count)} examples. {reason}" for reason, count in card.left_out.items())
    files = _table(
        ("protected file", "texts", "examples left out"),
        [(one.name, figure(one.texts), figure(one.left_out)) for one in card.protected],
    )
    return "\n\n".join(part for part in (told, files) if part) or "Nothing was left out."


def _checks(card: DataCard) -> str:
    if card.check is None:
        return "None of its examples was checked as it stands here."
    told = (
        f"Checked {card.check.created_at:%Y-%m-%d}: {figure(card.check.checked)} of "
        f"{figure(card.total)} examples as they stand here."
    )
    rows = [(kind, figure(found)) for kind, found in card.check.found.items()]
    table = _table(("finding", "examples"), rows) or "Nothing was found."
    return f"{told}\n\n{table}"


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _table(names: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    cells = [[_plain(str(cell)) for cell in row] for row in rows]
    if not cells:
        return ""
    head = [_plain(name) for name in names]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    return " ".join(text.split()).translate(_MARKDOWN)
