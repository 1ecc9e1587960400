"""Lists of entities: the items that an answer lists, and F1 over them as sets.

A list is what has bullets or numbers, a JSON array of texts, one item a line, or one line with
commas or semicolons between the items.
"""

from __future__ import annotations

import json
import re

from core.scoring.overlap import fold_whitespace
from core.scoring.records import without_fence

_MARKED = re.compile(r"^\s*(?:[-*+•‣–]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+(.*\S)\s*$")
_LEAD = re.compile(r"^[^\W\d][^:\n,;]{0,59}:\s+(?=\S)")  # "Entities: A, B"
_NUMBERS_COMMA = r"(?<=\d),(?=\d{3}(?!\d))"  # that of "1,200" divides nothing
_BETWEEN = re.compile(rf"(?!{_NUMBERS_COMMA})[,;、，；]")
_LAST = re.compile(r"\s+(?:and|or)\s+(?=\S)")
_JOINED = re.compile(r"^(?:and|or)\s+(?=\S)")
_AROUND = " \t.,;:!?\"'`*_“”‘’«»。！？"
_NOTHING = frozenset({"", "none", "n/a", "nothing", "-", "no entities"})


def list_f1(reference: str, text: str) -> float:
    """F1 in 0..1 over the sets of items of two lists. Both without items: 1.0; one without: 0.0."""
    wanted, given = listed_items(reference), listed_items(text)
    if not wanted or not given:
        return float(wanted == given)
    return 2 * len(wanted & given) / (len(wanted) + len(given))


def listed_items(text: str) -> frozenset[str]:
    """The items of a list, case and spacing folded, without punctuation and quotes around them.

    With bullets or numbers the lines that have none are words around the list, and left out.
    "None" lists nothing.
    """
    body = without_fence(text)
    items = _of_json(body)
    if items is None:
        lines = [line for line in body.splitlines() if line.strip()]
        marked = [found[1] for line in lines if (found := _MARKED.match(line))]
        items = marked or (lines if len(lines) > 1 else _of_line("".join(lines)))
    names = {fold_whitespace(item).strip(_AROUND).casefold() for item in items}
    return frozenset(names - _NOTHING)


def _of_json(body: str) -> list[str] | None:
    if not body.startswith("["):
        return None
    try:
        found, _ = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(body)
    except (ValueError, RecursionError):
        return None
    return [one if isinstance(one, str) else json.dumps(one, sort_keys=True) for one in found]


def _of_line(line: str) -> list[str]:
    parts = [part.strip() for part in _BETWEEN.split(_LEAD.sub("", line))]
    if len(parts) == 1:
        return parts
    # "A, B, and C" or "A, B and C": the word joins the last item, as in English prose.
    last = parts.pop()
    if _JOINED.match(last):
        return [*parts, _JOINED.sub("", last)]
    return [*parts, *_LAST.split(last)]
