"""Labels that a person sends, checked against the project's label schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput, NotFound
from core.examples.example import FIELDS
from core.labels.spans import settled, taken_off
from core.labels.values import normal, problem_of, without_empty, words_of

if TYPE_CHECKING:
    from core.workflows.curation.annotating import Edit
    from storage.store import Store


def with_checked_labels(store: Store, project_id: str, edit: Edit) -> Edit:
    """The edit with its labels as they are stored. Raises InvalidInput as `check_labels` does.

    A mark whose words do not stand in the edit's text is moved or taken off (core.labels.spans),
    and the edit's comment, which the history shows, says so.
    """
    texts = {name: getattr(edit, name) for name in FIELDS}
    labels, gone = settled(check_labels(store, project_id, edit.labels), texts)
    comment = " ".join(filter(None, (edit.comment, taken_off(gone))))
    return replace(edit, labels=labels, comment=comment)


def check_labels(store: Store, project_id: str, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The labels as they are stored, without those that say nothing.

    Raises InvalidInput for a label, an option, a point or a mark that the project's schema does not
    have.
    """
    given = without_empty(labels)
    if not given:
        return {}
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    schema = {field.name: field for field in project.settings.label_schema}
    for name, value in given.items():
        problem = problem_of(schema[name], value) if name in schema else "is no label of it"
        if problem:
            raise InvalidInput(
                f"“{name}: {words_of(value)[:80]}” is not in the project's label schema: it "
                f"{problem}. Reload the page; a lead may have changed it."
            )
    return {name: normal(schema[name], value) for name, value in given.items()}
