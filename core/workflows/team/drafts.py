"""Drafts of project settings: what somebody typed and has not saved outlives the tab.

They belong to one person and change nothing for anybody else. Settings that cannot be used are not
kept; what was kept before them is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.actor import Actor
from core.errors import InvalidInput
from core.projects import ProjectSettings

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True)
class SettingsDraft:
    """What was typed, and the stored settings that the person saw when they began."""

    settings: ProjectSettings
    based_on: ProjectSettings


def settings_draft(store: Store, actor: Actor, form: str) -> SettingsDraft | None:
    """What this person left in the form, or None."""
    kept = store.drafts.of(actor.person_id, form)
    try:
        parts = (
            [ProjectSettings.from_json(kept[n]) for n in ("settings", "based_on")] if kept else []
        )
    except (InvalidInput, KeyError, TypeError):  # an older version's; nobody can use it any more
        return None
    return SettingsDraft(*parts) if parts else None


def keep_settings_draft(store: Store, actor: Actor, form: str, draft: SettingsDraft) -> None:
    """Keep what was typed; typed back to what is stored, there is nothing to keep."""
    if draft.settings == draft.based_on:
        drop_draft(store, actor, form)
        return
    content = {"settings": draft.settings.to_json(), "based_on": draft.based_on.to_json()}
    store.transact(lambda: store.drafts.keep(actor.person_id, form, content))


def drop_draft(store: Store, actor: Actor, form: str) -> None:
    """Forget the form: it was saved, or thrown away."""
    store.transact(lambda: store.drafts.drop(actor.person_id, form))
