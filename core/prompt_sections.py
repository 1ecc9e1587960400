"""Takes a prompt template's text apart: its segments, and the strings at which an answer ends.

The *input section* is what says nothing when an example has no input. It is the paragraph that
holds `{input}`, with its heading, unless that paragraph also holds the instruction, the cue of the
answer or a role marker such as `[INST]`; then the line with its heading, or with the fences around
it; else the placeholder alone, with brackets that hold nothing else. White space between it and the
instruction goes with it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "instruction", "input", "answer_cue"]
INSTRUCTION, INPUT = "{instruction}", "{input}"
PLACEHOLDER = re.compile(r"\{(?:instruction|input)\}")
MARKER = re.compile(r"<(/?)([^<>\s]+)>|\[(/?)([A-Z_]+)\]")
BRACKETS = frozenset({"()", "[]"})
FENCES = ("```", "~~~", '"""', "'''")
LONGEST_STOP = 60


@dataclass(frozen=True)
class Segment:
    """A piece of the template's text, placeholders included, and what it is for."""

    role: Role
    text: str


def segments_of(template: str) -> tuple[Segment, ...]:
    """The template in pieces; their texts joined are the template."""
    sections = input_sections(template)
    behind = [match.end() for match in PLACEHOLDER.finditer(template)]
    cue = max([*behind, *(high for _, high in sections)])
    asks = _heading_and_line(template, template.index(INSTRUCTION))[0]
    opening = min([asks, *(low for low, _ in sections)])
    pieces: list[tuple[Role, int, int]] = [("system", 0, opening)]
    at = opening
    for low, high in sections:
        pieces += [("instruction", at, low), ("input", low, high)]
        at = high
    pieces += [("instruction", at, cue), ("answer_cue", cue, len(template))]
    return tuple(Segment(role, template[a:b]) for role, a, b in pieces if a < b)


def input_sections(template: str) -> list[tuple[int, int]]:
    """Where the input sections stand, in order, none overlapping another."""
    found: list[tuple[int, int]] = []
    for match in re.finditer(re.escape(INPUT), template):
        low, high = _section(template, match.start(), match.end())
        if found and low < found[-1][1]:
            low, high = found.pop()[0], max(high, found[-1][1] if found else high)
        found.append((low, high))
    return found


def _section(text: str, start: int, end: int) -> tuple[int, int]:
    low, high = start, end
    for widest in (_paragraph(text, start), _fenced(text, start)):
        if _can_go(text, *widest, end):
            low, high = widest
            break
    else:
        low, high = _with_brackets(text, low, high)
    if text.rfind(INSTRUCTION, 0, start) >= 0:
        while low > 0 and text[low - 1].isspace():
            low -= 1
    else:
        while high < len(text) and text[high].isspace():
            high += 1
    return low, high


def _with_brackets(text: str, low: int, high: int) -> tuple[int, int]:
    while low > 0 and text[low - 1] + text[high : high + 1] in BRACKETS:
        low, high = low - 1, high + 1
    return low, high


def _can_go(text: str, low: int, high: int, end: int) -> bool:
    holds_cue = bool(text[end:high].strip()) and not text[high:].strip()
    return INSTRUCTION not in text[low:high] and not holds_cue and _is_balanced(text[low:high])


def _is_balanced(text: str) -> bool:
    """True when every tag that opens in `text` closes in it: such tags frame the input."""
    opened = Counter[str]()
    for match in MARKER.finditer(text):
        closes, name = match[1] or match[3], match[2] or match[4]
        opened[name] += -1 if closes else 1
    return not any(opened.values())


def _paragraph(text: str, at: int) -> tuple[int, int]:
    low, high = text.rfind("\n\n", 0, at), text.find("\n\n", at)
    return (low + 2 if low >= 0 else 0), (high if high >= 0 else len(text.rstrip("\n")))


def _line(text: str, at: int) -> tuple[int, int]:
    high = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, (high if high >= 0 else len(text))


def _heading_and_line(text: str, at: int) -> tuple[int, int]:
    """The line at `at` with the headings directly above it."""
    low, high = _line(text, at)
    while low > 0:
        above = _line(text, low - 1)
        if not _is_heading(text[slice(*above)]):
            break
        low = above[0]
    return low, high


def _fenced(text: str, at: int) -> tuple[int, int]:
    """The line at `at` with the fences directly around it and the headings above them; without
    fences as `_tagged_line`."""
    low, high = _line(text, at)
    above, below = _line(text, low - 1) if low else (0, 0), _line(text, high + 1)
    fence = text[slice(*above)].strip()
    if not fence.startswith(FENCES) or text[slice(*below)].strip() != fence[:3]:
        return _tagged_line(text, at)
    return _heading_and_line(text, above[0])[0], below[1]


def _is_heading(line: str) -> bool:
    bare = line.strip()
    if PLACEHOLDER.search(bare):
        return False
    return bare.startswith("#") or bare.endswith(":") or bool(MARKER.match(bare))


def _tagged_line(text: str, at: int) -> tuple[int, int]:
    """The line with its headings, and the closing tag below where the heading opened one."""
    low, high = _heading_and_line(text, at)
    if high < len(text):
        below = _line(text, high + 1)
        if not _is_balanced(text[low:high]) and _is_balanced(text[low : below[1]]):
            high = below[1]
    while not _is_balanced(text[low:high]) and _line(text, low)[1] < at:
        low = _line(text, low)[1] + 1  # a role marker above stays
    return low, high


def stop_strings_of(template: str) -> tuple[str, ...]:
    """What a model writes that goes on to the next example: the openings of the template's parts.

    A string that begins with a line break is meant at the start of a line.
    """
    asked = _opening(template, template.index(INSTRUCTION))
    given = _opening(template, template.find(INPUT)) if INPUT in template else ""
    last = [match.end() for match in PLACEHOLDER.finditer(template)][-1]
    first_line = template.split("\n", 1)[0]
    preamble = "" if PLACEHOLDER.search(first_line) else first_line
    below = (line.strip() for line in template[last:].split("\n"))
    cue = next((one for one in below if re.search(r"\w", one) and not one.startswith(FENCES)), "")
    stops: list[str] = []
    for part in (preamble, asked, given, cue):
        stop = part.strip()[:LONGEST_STOP].rstrip()
        if not re.search(r"\w.|.\w", stop):
            continue
        stop = stop_string(stop)
        if stop not in stops and not any(stop.startswith(known) for known in stops):
            stops.append(stop)
    return tuple(stops)


def stop_string(opening: str) -> str:
    """What opens a part, as a stop string: plain words count at the start of a line only."""
    return opening if MARKER.match(opening) else f"\n{opening}"


def _opening(text: str, at: int) -> str:
    """What stands before the placeholder on its line, else the line above in its paragraph.

    A fence round the placeholder is passed over.
    """
    low, _ = _line(text, at)
    before = PLACEHOLDER.split(text[low:at])[-1].strip()
    fenced = before.startswith(FENCES)
    if before and not fenced:
        return before
    while low >= 2:
        low, high = _line(text, low - 1)
        above = text[low:high].strip()
        if above.startswith(FENCES):
            fenced = True
        elif above or not fenced:
            return "" if PLACEHOLDER.search(above) else above
    return ""
