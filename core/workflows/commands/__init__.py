"""What the terminal can ask for: one table for the server's API and for a workspace without one.

A command takes the store, the workspace and its arguments, and answers with what is to be printed
as JSON, or with a file to hand over (which then is the caller's). A file that was sent along is
`arguments["file"]`; it never comes from the JSON.

To add one: a function in the module of its section, a line in COMMANDS, a function in `cli.py`.
Functions are named as text, so that a command loads its own section alone.
"""

from __future__ import annotations

from core.errors import NotFound
from core.jobs.kinds import function_of
from core.workflows.commands.command import Command

COMMANDS = {
    "import": "curation:import_examples",
    "freeze": "curation:freeze",
    "export": "curation:export_version",
    "protect": "versions:protect",
    "card": "versions:card",
    "model": "tuning:model",
    "export.examples": "curation:export_examples",
    "train": "tuning:train",
    "generate": "tuning:generate",
    "report": "evaluation:report",
    "seal": "evaluation:seal",
    "demo": "evaluation:run_demo",
    "users.add": "team:users_add",
    "backup": "team:make_backup",
    "status": "team:status",
}


def command(name: str) -> Command:
    """The command of that name. Raises NotFound."""
    if name not in COMMANDS:
        raise NotFound(f"There is no command “{name}”. `touchstone --help` lists them.")
    return function_of(f"{__name__}.{COMMANDS[name]}")
