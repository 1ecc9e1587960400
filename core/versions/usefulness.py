"""Whether a split can be used: refused before the version exists, with the group shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.errors import InvalidInput
from core.versions.splitting import SPLITS, Split
from core.versions.version import LargeGroup
from core.wording import counted, figure, percent

MIN_EXAMPLES = 10
FULL_FROM = 30
FEWEST_GROUPS = 10
MOST = 0.5
LARGE_SHARE = 0.05
SHOWN_TEXTS = 3
_SHOWN_LETTERS = 120
_SHARED_AT_LEAST = 3
_SEARCHED_WORDS = 200


class UselessSplit(InvalidInput):
    """The version's splits would be of no use."""

    title = "This would not give a useful split"


def refuse_useless(
    counts: Mapping[Split, int],
    groups: int,
    largest: Sequence[LargeGroup],
    *,
    kept: int,
    left_out: int,
) -> None:
    """Raise UselessSplit when one group holds most examples, a split is empty, or groups are few.

    Below 30 examples whatever is possible is taken: `warnings` says what it lacks.
    """
    total = sum(counts.values())
    if total < MIN_EXAMPLES:
        raise UselessSplit(
            f"{counted(total, 'example')} would be left: {left_out} are examples of another split "
            "or near some, near protected texts or rated examples. A version needs at least "
            f"{MIN_EXAMPLES}. Accept others."
        )
    if total < FULL_FROM:
        return
    if largest and largest[0].size > MOST * total:
        raise UselessSplit(
            f"{figure(largest[0].size)} of {figure(total)} examples are one group of "
            f"near-duplicates, which has to stay in one split. {shown(largest[0])} "
            "Flag the copies, or edit what they should not have in common, and freeze again."
        )
    if groups < FEWEST_GROUPS:
        group = shown(largest[0]) if largest else ""
        raise UselessSplit(
            f"The {figure(total)} examples are near-duplicates of each other in only {groups} "
            f"groups; a split needs at least {FEWEST_GROUPS}. {group} "
            "Flag the copies, or accept more examples that differ."
        )
    if empty := [name for name in SPLITS if not counts[name]]:
        raise UselessSplit(_why_empty(empty, counts, total, largest, kept))


def _why_empty(
    empty: Sequence[Split],
    counts: Mapping[Split, int],
    total: int,
    largest: Sequence[LargeGroup],
    kept: int,
) -> str:
    names = " and ".join(empty)
    there = ", ".join(f"{figure(counts[name])} {name}" for name in SPLITS)
    if kept:
        return (
            f"The {names} split would be empty ({there}): {figure(kept)} of the {figure(total)} "
            "examples keep the split that an earlier version gave them. Accept more examples and "
            "freeze again, or freeze these for evaluation only if all are in test."
        )
    group = shown(largest[0]) if largest else ""
    return f"The {names} split would be empty ({there}). {group} Accept more that differ."


def warnings(
    counts: Mapping[Split, int], largest: Sequence[LargeGroup], *, evaluation_only: bool
) -> list[str]:
    """What to look at although the version was frozen."""
    total = sum(counts.values())
    found = [
        f"{figure(group.size)} of {figure(total)} examples ({percent(group.size / total)}) are one "
        f"group of near-duplicates, all in {group.split}. {shown(group)}"
        for group in largest
        if group.size > LARGE_SHARE * total
    ]
    empty = [name for name in SPLITS if not counts[name]]
    if empty and not evaluation_only:
        found.append(
            f"The {' and '.join(empty)} split is empty: {total} examples are too few. From "
            f"{FULL_FROM} examples on, no split is."
        )
    return found


def shown(group: LargeGroup) -> str:
    """A group in a sentence or two: what its texts share, and what some of them say beside it."""
    shared = f"All share “{group.shared}”. " if group.shared else ""
    return f"{shared}For example: {', '.join(f'“{text}”' for text in group.texts)}."


def large_group(group_id: str, size: int, split: Split | None, texts: Sequence[str]) -> LargeGroup:
    """A group to show: its first texts, with an ellipsis for what they share, and that."""
    shared = shared_words(texts)
    short = [" ".join(text.split()) for text in texts[:SHOWN_TEXTS]]
    if shared and len(set(short)) > 1:
        short = [text.replace(shared, "…", 1) for text in short]
    return LargeGroup(group_id, size, split, tuple(map(shortened, short)), shortened(shared))


def shared_words(texts: Sequence[str]) -> str:
    """The longest run of three or more words that all texts have (in their first 200), or empty."""
    if not texts:
        return ""
    words = [text.split()[:_SEARCHED_WORDS] for text in texts]
    best: list[str] = []
    for start in range(len(words[0])):
        for end in range(start + max(len(best) + 1, _SHARED_AT_LEAST), len(words[0]) + 1):
            run = words[0][start:end]
            if not all(_has_run(other, run) for other in words[1:]):
                break
            best = run
    return " ".join(best)


def _has_run(words: Sequence[str], run: Sequence[str]) -> bool:
    return any(words[start : start + len(run)] == run for start in range(len(words) - len(run) + 1))


def shortened(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_LETTERS else f"{line[:_SHOWN_LETTERS].rstrip()} …"
