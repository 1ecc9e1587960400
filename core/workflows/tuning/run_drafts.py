"""Drafts of runs: what somebody chose on Train and has not started outlives the tab.

They belong to one person and change nothing for anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.tuning.run_spec import as_now

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True)
class RunDraft:
    """A run that is being put together; `settings` under their plain names, as they were typed,
    fit or not. An empty draft leaves all to the defaults."""

    version_id: str = ""
    model_id: str = ""
    name: str = ""
    preset: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def settings_like(self, start: Mapping[str, Any]) -> dict[str, Any]:
        """Those of its settings that `start` has too, in the same kind of value: an older version
        may have kept others."""
        return {
            name: value
            for name, value in {**self.settings, **as_now(self.settings)}.items()
            if name in start and isinstance(value, type(start[name]))
        }


def run_draft(store: Store, actor: Actor, project_id: str) -> RunDraft:
    """What this person left on Train in this project; an empty draft where that is nothing."""
    kept = store.drafts.of(actor.person_id, _form(project_id)) or {}
    known = {name: kept[name] for name in RunDraft.__dataclass_fields__ if name in kept}
    return RunDraft(**known)


def keep_run_draft(store: Store, actor: Actor, project_id: str, draft: RunDraft) -> None:
    """Keep what was chosen, in place of what was kept before. Leads only."""
    actor.require(project_id, "lead")
    content = {**asdict(draft), "settings": dict(draft.settings)}
    store.transact(lambda: store.drafts.keep(actor.person_id, _form(project_id), content))


def drop_run_draft(store: Store, actor: Actor, project_id: str) -> None:
    """Forget the draft: the run was started, or it was thrown away."""
    store.transact(lambda: store.drafts.drop(actor.person_id, _form(project_id)))


def _form(project_id: str) -> str:
    return f"run {project_id}"
