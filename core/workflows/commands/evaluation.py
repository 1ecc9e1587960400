"""Terminal commands of evaluation: the demo's loop up to its blind pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import system_actor
from core.workflows import demo
from core.workflows.commands.command import Answer
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store


def run_demo(store: Store, _workspace: Workspace, _arguments: dict[str, Any]) -> Answer:
    """The whole loop in the demo project, up to the queue of blind pairs."""
    return demo.run_demo(store, system_actor())
