"""Words that name a system or a maker, pieces of a template, and openings of one system alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.statistics.p_values import sign_test

SPECIAL_TOKENS = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|assistant|>", "<|user|>",
    "[INST]", "[/INST]", "<s>", "</s>", "<pad>", "<unk>", "<bos>", "<eos>",
)  # fmt: skip
MAKERS = (
    "OpenAI", "ChatGPT", "GPT", "Anthropic", "Claude", "Gemini", "Bard", "DeepMind", "Llama",
    "Meta AI", "Mistral", "Mixtral", "Qwen", "Alibaba Cloud", "DeepSeek", "Phi", "Falcon", "Gemma",
    "Cohere", "Grok", "Vicuna", "Alpaca",
)  # fmt: skip
SELF_TALK = {
    "“As an AI …”": r"as an? (?:ai|artificial intelligence|(?:large )?language model)",
    "“I am an AI …”": r"i(?:'m|’m| am) (?:just )?an? (?:ai|language model|virtual assistant)",
    "“I was trained by …”": r"i (?:was|am) (?:made|trained|developed|created) by",
    "A knowledge cutoff": r"(?:knowledge|training) cut-?off|as of my last update",
}
# Where a word begins and ends: "_" is a part of "base_url", and Markdown's emphasis in "__GPT__".
_BEGINS = r"(?<![^\W_])(?<![^\W_]_)(?<![^\W_]__)"
_ENDS = r"(?!_{0,2}[^\W_])"
HIGHEST_CHANCE = 0.01
ONE_SIDED = 0.5
"""An opening gives a system away when it stands in so many more of its answers, as a share."""
OPENING_WORDS = 3

_MARK = re.compile(r"[^\w\s]")
_PLACEHOLDER = re.compile(r"\{(?:instruction|input)\}")
_SHORTEST_TOKEN = 4


@dataclass(frozen=True)
class Given:
    """What was found: sentences that end blindness, and others."""

    away: tuple[str, ...]
    aside: tuple[str, ...]


def names_given_away(
    a: Sequence[str], b: Sequence[str], names: Sequence[str], template: str
) -> Given:
    """Names of this project's systems and pieces of its template: one answer of one side is enough.

    `template` is the text of the prompt template.
    """
    away, aside = [], []
    for what, pattern in _own_patterns(names, template).items():
        hits = sorted(sum(bool(pattern.search(text)) for text in side) for side in (a, b))
        if hits[0]:
            aside.append(f"{what} stands in answers of both systems ({hits[0]}, {hits[1]}).")
        elif hits[1]:
            away.append(f"{what} stands in {hits[1]} answers of one system only. Take it out.")
    return Given(tuple(away), tuple(aside))


def makers_given_away(a: Sequence[str], b: Sequence[str], references: Sequence[str]) -> Given:
    """Makers of models and what assistants say of themselves, where the reference does not say it:
    found when one system's answers have it more often than chance would."""
    away, aside = [], []
    for what, pattern in _maker_patterns().items():
        sides = ([bool(pattern.search(text)) for text in side] for side in (a, b, references))
        more, less = _one_sided(*sides)
        if not more + less:
            continue
        told = (
            f"{what} stands in {max(more, less)} answers of one system alone, and in "
            f"{min(more, less)} of the other alone"
        )
        if sign_test(more, less) <= HIGHEST_CHANCE:
            away.append(f"{told}. Cut these sentences from both, or leave the examples out.")
        elif more != less:
            aside.append(f"{told}.")
    return Given(tuple(away), tuple(aside))


def openings_given_away(a: Sequence[str], b: Sequence[str], references: Sequence[str]) -> Given:
    """First words, such as “Sure! Here is”, that one system alone begins with, though the
    references do not."""
    begun = [[_openings(text) for text in side] for side in (a, b)]
    away: list[str] = []
    for opening in telling_openings(a, b, references):
        more, less = _one_sided(*([opening in one for one in side] for side in begun))
        away.append(
            f"“{opening}” opens {max(more, less)} answers of one system that do not open so in "
            f"the other ({min(more, less)} the other way). Take the opening from both."
        )
    return Given(tuple(away), ())


def telling_openings(
    a: Sequence[str], b: Sequence[str], references: Sequence[str]
) -> tuple[str, ...]:
    """The openings that one system alone begins with, the longest first."""
    expected = Counter(opening for text in references for opening in _openings(text))
    begun = [[_openings(text) for text in side] for side in (a, b)]
    common = Counter(opening for side in begun for openings in side for opening in openings)
    found: list[str] = []
    for opening, count in sorted(common.items(), key=lambda one: (-len(one[0]), -one[1])):
        if count < ONE_SIDED * len(a) or 10 * expected[opening] > len(references) > 0:
            continue
        if any(longer.startswith(opening) for longer in found):
            continue
        more, less = _one_sided(*([opening in one for one in side] for side in begun))
        if abs(more - less) >= ONE_SIDED * len(a) and sign_test(more, less) <= HIGHEST_CHANCE:
            found.append(opening)
    return tuple(found)


def names_told(
    texts: Sequence[str], reference: str, names: Sequence[str], template: str
) -> tuple[str, ...]:
    """What answers to one example say of a system or a maker and the reference does not."""
    own = _own_patterns(names, template)
    makers = {
        what: pattern
        for what, pattern in _maker_patterns().items()
        if not pattern.search(reference)
    }
    return tuple(
        what
        for what, pattern in {**own, **makers}.items()
        if any(pattern.search(text) for text in texts)
    )


def _own_patterns(names: Sequence[str], template: str) -> dict[str, re.Pattern[str]]:
    """Names of this project's systems and the fixed pieces of its template."""
    patterns = {
        f"The name {name!r}": _word(re.escape(name.strip())) for name in names if name.strip()
    }
    return patterns | {
        f"The template's {token!r}": re.compile(re.escape(token))
        for token in template_tokens(template)
    }


def _maker_patterns() -> dict[str, re.Pattern[str]]:
    """Makers of models, and what assistants say of themselves."""
    patterns = {f"The name {name!r}": re.escape(name) for name in MAKERS} | SELF_TALK
    return {what: _word(text) for what, text in patterns.items()}


def _word(text: str) -> re.Pattern[str]:
    """A pattern as a word of its own. It is looked for before the borders are: most places fail
    there at once."""
    return re.compile(f"(?=(?:{text})){_BEGINS}(?:{text}){_ENDS}", re.IGNORECASE)


def _openings(text: str) -> list[str]:
    words = text.split(maxsplit=OPENING_WORDS)[:OPENING_WORDS]
    begun = (" ".join(words[:k]) for k in range(1, len(words) + 1))
    return [opening for opening in begun if any(map(str.isalnum, opening))]


def _one_sided(
    in_a: Sequence[bool], in_b: Sequence[bool], in_reference: Sequence[bool] = ()
) -> tuple[int, int]:
    """In how many pairs only the first has it, only the second, where the reference has it not."""
    counts = Counter(
        pair
        for k, pair in enumerate(zip(in_a, in_b, strict=True))
        if not (in_reference and in_reference[k])
    )
    return counts[True, False], counts[False, True]


def template_tokens(template: str) -> list[str]:
    """The fixed pieces of a prompt template, and the special tokens that models know.

    Pieces are lines without their placeholders, such as "### Response:". One or two plain words
    are left out, as answers may well contain them.
    """
    pieces = [piece.strip() for line in template.splitlines() for piece in _PLACEHOLDER.split(line)]
    telling = [
        piece
        for piece in pieces
        if len(piece) >= _SHORTEST_TOKEN and (len(piece.split()) > 2 or _MARK.search(piece))
    ]
    return list(dict.fromkeys([*telling, *SPECIAL_TOKENS]))
