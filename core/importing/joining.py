"""Which answer belongs to which example: by id, else by instruction and input.

joined = join(answers, [(example_id, external_id, instruction, input), ...])
len(joined.matched), joined.unmatched, joined.missing
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.examples.example import normalised
from core.importing.answers import ImportedAnswer

ExampleKey = tuple[str, str | None, str, str]
"""example_id, external_id or None, instruction, input."""


@dataclass(frozen=True)
class Joined:
    """Answers by example.

    `matched` maps example ids to answer texts; `unmatched` lists answers without an example (line
    and reason); `missing` the examples without an answer, in the order given; `doubtful` (line and
    reason) the answers joined by id whose instruction or input is not that of the example.
    """

    matched: dict[str, str]
    unmatched: list[tuple[int, str]]
    missing: list[str]
    doubtful: list[tuple[int, str]]


class _Index:
    """Examples by each thing an answer may know them by."""

    def __init__(self, examples: Sequence[ExampleKey]) -> None:
        self.by_id: dict[str, list[str]] = defaultdict(list)
        self.by_text: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.text_of: dict[str, tuple[str, str]] = {}
        own = {example_id for example_id, *_ in examples}
        for example_id, external_id, instruction, text in examples:
            key = (normalised(instruction), normalised(text))
            self.by_id[example_id].append(example_id)
            if external_id and external_id not in own:
                self.by_id[external_id].append(example_id)
            self.by_text[key].append(example_id)
            self.text_of[example_id] = key


def join(answers: Iterable[ImportedAnswer], examples: Sequence[ExampleKey]) -> Joined:
    """Give each answer its example.

    An id is the example's own or its external one and wins over the text; compared text is NFC,
    with LF newlines, stripped. Where several examples ask the same, answers fill them in order.
    """
    index = _Index(examples)
    matched: dict[str, str] = {}
    unmatched: list[tuple[int, str]] = []
    doubtful: list[tuple[int, str]] = []
    for answer in answers:
        text = (normalised(answer.instruction), normalised(answer.input))
        candidates, by_id = _candidates(answer, text, index)
        free = next((one for one in candidates if one not in matched), None)
        if free is None:
            unmatched.append((answer.line, _reason(answer, candidates)))
            continue
        matched[free] = answer.text
        if by_id and any(text) and text != index.text_of[free]:
            doubtful.append((answer.line, "The id fits, but the instruction or input differs."))
    missing = [example_id for example_id, *_ in examples if example_id not in matched]
    return Joined(matched, unmatched, missing, doubtful)


def _candidates(
    answer: ImportedAnswer, text: tuple[str, str], index: _Index
) -> tuple[Sequence[str], bool]:
    """The examples an answer may belong to, and whether its id named exactly one."""
    by_id = index.by_id.get(answer.id, ()) if answer.id else ()
    if len(by_id) == 1:
        return by_id, True
    by_text = index.by_text.get(text, ()) if any(text) else ()
    if by_id:  # an external id that several examples share: the text decides among them
        by_text = [one for one in by_text if one in by_id]
    return by_text, False


def _reason(answer: ImportedAnswer, candidates: Sequence[str]) -> str:
    if candidates:
        return "The example has an answer from an earlier line already."
    if answer.id and not (answer.instruction or answer.input):
        return f"No single example has the id '{answer.id}'."
    return "No example has this id, or this instruction and input."
