"""The record shapes that are understood without choosing columns: one table.

A new shape is one entry: a record as such files have it and the example that it becomes. Names of
columns are in `core.importing.names`, the ways to write a conversation in `core.importing.chat`;
`tests/importing/test_shapes.py` imports the record of every entry in every format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """`label` is what people call it; `record` becomes (instruction, input, output)."""

    name: str
    label: str
    record: dict[str, Any]
    example: tuple[str, str, str]


SHAPES: tuple[Shape, ...] = (
    Shape(
        "alpaca",
        "Alpaca: instruction, input, output",
        {"instruction": "Add the numbers.", "input": "1 and 2", "output": "3"},
        ("Add the numbers.", "1 and 2", "3"),
    ),
    Shape(
        "prompt_completion",
        "prompt, completion",
        {"prompt": "Say hello in French.", "completion": "Bonjour."},
        ("Say hello in French.", "", "Bonjour."),
    ),
    Shape(
        "question_answer",
        "question, answer (and context)",
        {"question": "Who wrote it?", "context": "By Ann Lee, 1998.", "answer": "Ann Lee"},
        ("Who wrote it?", "By Ann Lee, 1998.", "Ann Lee"),
    ),
    Shape(
        "text_label",
        "text, label",
        {"text": "The room was clean.", "label": "positive"},
        ("", "The room was clean.", "positive"),
    ),
    Shape(
        "messages",
        "OpenAI chat: messages with role and content",
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Which is the largest planet?"},
                {"role": "assistant", "content": "Jupiter."},
            ]
        },
        ("Which is the largest planet?", "[[system]]\nBe brief.", "Jupiter."),
    ),
    Shape(
        "conversations",
        "ShareGPT: conversations with from and value",
        {
            "conversations": [
                {"from": "human", "value": "Name a prime."},
                {"from": "gpt", "value": "7"},
                {"from": "human", "value": "And a larger one?"},
                {"from": "gpt", "value": "11"},
            ]
        },
        ("And a larger one?", "[[user]]\nName a prime.\n\n[[assistant]]\n7", "11"),
    ),
    Shape(
        "chat_prompt_completion",
        "prompt and completion with role and content",
        {
            "prompt": [{"role": "user", "content": "What is the sky's colour?"}],
            "completion": [{"role": "assistant", "content": "Blue."}],
        },
        ("What is the sky's colour?", "", "Blue."),
    ),
    Shape(
        "label_studio",
        "Label Studio: JSON (tasks with annotations)",
        {
            "id": 7,
            "data": {"question": "Is it open on Sunday?", "context": "Mon to Sat, 9 to 5."},
            "annotations": [
                {
                    "id": 12,
                    "completed_by": 3,
                    "updated_at": "2026-03-09T22:16:08Z",
                    "was_cancelled": False,
                    "result": [
                        {
                            "from_name": "answer",
                            "to_name": "question",
                            "type": "textarea",
                            "value": {"text": ["No."]},
                        }
                    ],
                }
            ],
        },
        ("Is it open on Sunday?", "Mon to Sat, 9 to 5.", "No."),
    ),
    Shape(
        "argilla",
        "Argilla: records with fields and responses",
        {
            "id": "a1",
            "fields": {"prompt": "Name a river in Egypt."},
            "metadata": {"source": "quiz"},
            "suggestions": {"answer": {"value": "Nil", "score": 0.5, "agent": "m"}},
            "responses": {"answer": [{"value": "The Nile.", "user_id": "u1"}]},
        },
        ("Name a river in Egypt.", "", "The Nile."),
    ),
    Shape(
        "doccano",
        "doccano: text with a list of labels",
        {"id": 3, "text": "It broke at once.", "label": ["complaint"], "Comments": []},
        ("", "It broke at once.", "complaint"),
    ),
    Shape(
        "self_instruct",
        "self-instruct: instruction with instances",
        {
            "instruction": "Translate into German.",
            "instances": [{"input": "house", "output": "Haus"}],
        },
        ("Translate into German.", "house", "Haus"),
    ),
)
