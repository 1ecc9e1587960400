"""The references whose perplexity a generate job measures, as tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.gpu.generator import Question
from core.gpu.models import LoadedModel
from core.gpu.prompting import UnusableChatTemplate, rendered_examples
from core.jobs.context import JobContext
from core.prompts import Prompt
from core.wording import counted


def references_of(
    base: LoadedModel,
    prompt: Prompt,
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[int, ...]]:
    """The outputs as training saw them, the token that stops them included; () for a blank one and
    for one that the chat template changes."""
    there = [_has_reference(row) for row in rows]
    if not any(there):
        return [()] * len(rows)
    given = [row for row, has in zip(rows, there, strict=True) if has]
    try:
        answers = [one.answer for one in rendered_examples(base.tokenizer, prompt, given)]
    except UnusableChatTemplate:  # of one reference: it must not keep the others from an answer
        answers = [_reference(base, prompt, row) for row in given]
    rendered = iter(answers)
    return [next(rendered) if has else () for has in there]


def _has_reference(row: Mapping[str, Any]) -> bool:
    return bool(str(row.get("output") or "").strip())


def _reference(base: LoadedModel, prompt: Prompt, row: Mapping[str, Any]) -> tuple[int, ...]:
    try:
        return rendered_examples(base.tokenizer, prompt, [row])[0].answer
    except UnusableChatTemplate:
        return ()


def note_unmeasured(
    job: JobContext,
    base: LoadedModel,
    questions: Sequence[Question],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Notes which references of one system's questions are not measured, and why."""
    room = base.context or 10**9
    missing = [
        question.example_id
        for question, row in zip(questions, rows, strict=True)
        if _has_reference(row) and not 0 < len(question.reference) <= room - len(question.prompt)
    ]
    if missing:
        job.note(
            f"{questions[0].system_id}: {counted(len(missing), 'reference')} without a perplexity, "
            "which the model's chat template changes or its context does not hold: "
            f"{', '.join(missing[:20])}{' …' if len(missing) > 20 else ''}."
        )
