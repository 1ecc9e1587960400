"""Who did what on an example, in words: the history's sentences and a reviewer's notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.examples.acceptance import waiting_words
from core.examples.current import CurrentExample, HistoryEntry, HistoryKind, Revision

DID: dict[HistoryKind, str] = {
    "import": "imported it",
    "add": "added it",
    "annotate": "saved revision {number}",
    "review": "edited it: revision {number}",
    "accept": "accepted it",
    "send_back": "sent it back",
    "set_aside": "set it aside",
    "reopen": "reopened it",
    "undo": "undid the decision",
    "skip": "skipped it",
    "flag": "flagged it",
    "unflag": "settled the flag",
    "mend": "applied a mend: revision {number}",
    "unmend": "took a mend back: revision {number}",
    "label": "labelled it with others: revision {number}",
    "mask": "masked personal data: revision {number}",
    "restore": "took a bulk action back: revision {number}",
    "agree": "took what all annotators agree on: revision {number}",
    "dispute": "took one of several annotations: revision {number}",
    "critical": "marked it critical: two reviewers",
    "uncritical": "took the critical mark away",
    "propose": "proposed it",
    "assign": "assigned it to {text}",
    "unassign": "gave it back to the open queue; it was assigned to {text}",
    "told": "says",
}
ASSIGNED: tuple[HistoryKind, ...] = ("assign", "unassign")


@dataclass(frozen=True)
class Note:
    """A sentence above the fields; `kind` is attention or plain, `icon` says the same."""

    text: str
    kind: str = "attention"
    icon: str = "!"


def deed(entry: HistoryEntry) -> str:
    """“Ada sent it back: Show the steps.”"""
    did = DID[entry.kind].format(number=entry.number, text=entry.text)
    said = f": {entry.text}" if entry.text and entry.kind not in ASSIGNED else ""
    return f"{entry.person} {did}{said}"


def without_assignments(history: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """The history but for who was given the example."""
    return [one for one in history if one.kind not in ASSIGNED]


def notes_for_annotator(sent_back: str, *, own: bool = False) -> list[Note]:
    """Why the example is back; or that it is `own` work which waits for others."""
    if own:
        said = "You annotated this example. You can change it until the others have, too."
        return [Note(said, kind="plain", icon="✓")]
    return [Note(f"Sent back: {sent_back}", icon="↩")] if sent_back else []


def notes_for_reviewer(
    example: CurrentExample,
    previous: Revision | None,
    history: Sequence[HistoryEntry],
    person_id: str,
    needed: int = 1,
) -> list[Note]:
    """What a reviewer should know before reading: how many reviewers it needs, a flag, whose work
    it is, whether its text differs from `previous`, which the page shows beside it."""
    found = []
    same = previous is not None and previous.fields == example.fields
    changed = "The text is as it was." if same else "Marked is what changed in it."
    if said := waiting_words(needed, critical=example.critical):
        found.append(Note(said, kind="plain", icon="②" if needed == 2 else "③"))
    flag = next((entry for entry in reversed(history) if entry.kind == "flag"), None)
    if example.flagged and flag:
        found.append(Note(f"Flagged by {flag.person}: {flag.text}", icon="⚑"))
    settled = next((one for one in reversed(history) if one.number == example.number), None)
    if settled and settled.kind in ("agree", "dispute"):
        differ = settled.kind == "dispute"
        more = " Choose one, or write your own." if differ else f" {changed}"
        found.append(Note(settled.text + more, *(("attention", "≠") if differ else ("plain", "="))))
    elif settled and settled.kind == "propose":
        differs = "Marked is what differs from its source. Does its output still fit?"
        found.append(Note(f"Synthetic: {settled.text} {differs}", icon="✦"))
    elif example.number == 1:
        found.append(Note("Nobody has changed it since it came in.", kind="plain", icon="○"))
    elif example.author_id == person_id:
        found.append(Note("You wrote this revision yourself. Better let somebody else decide."))
    else:
        said = f"{example.author} saved revision {example.number}. {changed}"
        found.append(Note(said, kind="plain", icon="±"))
    return found
