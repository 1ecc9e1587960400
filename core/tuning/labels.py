"""The labels of a classification run: read from outputs, fixed by the training split. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.errors import InvalidInput
from core.scoring.answers import ScoringPlan
from core.scoring.labels import normal_label

MOST_LABELS = 200
LETTERS_OF_A_LABEL = 100


class UnfitLabels(InvalidInput):
    """The outputs of the training split are no labels to choose from."""

    title = "These labels cannot be learned"


@dataclass(frozen=True)
class Labels:
    """The labels that a run chooses from, in the order of its logits.

    `names` are spelled as the training split spells them most often; `field` is the record field
    that holds the label, "" where the whole output is the label.
    """

    names: tuple[str, ...]
    field: str = ""

    @cached_property
    def _places(self) -> dict[str, int]:
        return {normal_label(name): place for place, name in enumerate(self.names)}

    def place(self, output: str) -> int | None:
        """Which of `names` an output has, letter case and spacing aside; None: another or none."""
        return self._places.get(normal_label(label_in(output, self.field)))

    def answer(self, place: int) -> str:
        """The text of an answer with this label, which is read as a reference is."""
        name = self.names[place]
        return f"{self.field}: {name}" if self.field else name

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `from_json` turns back into an equal value."""
        return {"names": list(self.names), "field": self.field}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Labels:
        """What `to_json` wrote."""
        return cls(tuple(values["names"]), values["field"])


def label_in(output: str, label_field: str) -> str:
    """The label in an output as the scores read it; "" where there is none."""
    kind = "generation" if label_field else "classification"
    return ScoringPlan(kind, label_field=label_field or None).label_of(output)


def labels_of(outputs: Sequence[str], label_field: str) -> Labels:
    """The labels of a training split's outputs.

    Raises UnfitLabels where no output has a label, all have the same, there are more than
    MOST_LABELS, or outputs are texts rather than labels.
    """
    spelled = [label for one in outputs if (label := label_in(one, label_field))]
    where = f"the field “{label_field}”" if label_field else "the whole output"
    if not spelled:
        raise UnfitLabels(
            f"No training example has a label: {where} is empty in all of them. Set the project's "
            "label field, or let the model write the answer."
        )
    spellings: dict[str, Counter[str]] = {}
    for label in spelled:
        spellings.setdefault(normal_label(label), Counter())[" ".join(label.split())] += 1
    _refuse_texts(spellings, spelled, where)
    _refuse_numbers(spellings)
    # Of spellings that are equally frequent the first by letters: the same in every start.
    names = [
        min(found, key=lambda one: (-found[one], one)) for _, found in sorted(spellings.items())
    ]
    return Labels(tuple(names), label_field)


def _refuse_texts(names: Collection[str], spelled: Sequence[str], where: str) -> None:
    texts = sum("\n" in one or len(one) > LETTERS_OF_A_LABEL for one in spelled)
    if texts:
        what = f"{texts} have several lines or more than {LETTERS_OF_A_LABEL} letters"
    elif len(names) > max(2, len(spelled) // 2):
        what = f"there are {len(names)} different ones among {len(spelled)} examples"
    else:
        return
    raise UnfitLabels(
        f"The label is {where}, and those of the training split are texts rather than labels: "
        f"{what}. Set the project's label field, or let the model write the answer."
    )


def _refuse_numbers(spellings: Mapping[str, Counter[str]]) -> None:
    if len(spellings) == 1:
        only = next(iter(spellings.values())).most_common(1)[0][0]
        raise UnfitLabels(
            f"Every training example has the label “{only}”, so there is nothing to choose "
            "between. Freeze a version with examples of other labels, too."
        )
    if len(spellings) > MOST_LABELS:
        raise UnfitLabels(
            f"The training split has {len(spellings)} labels, and at most {MOST_LABELS} can be "
            "chosen from. Bring rare labels together, or let the model write the answer."
        )
