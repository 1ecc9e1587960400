"""Touchstone from a terminal: the same use cases as its pages, beside a running server or without.

Each command takes --home (default: TOUCHSTONE_HOME or ./workspace) and, where it answers, --json.
Exit codes: 0 done; 1 refused, with one sentence on standard error; 2 the command line is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput
from terminal.checking import check
from terminal.common import AsJson, Home, refusals_told, tell, workspace_at
from terminal.contamination import contamination
from terminal.decisions import report, seal, verify
from terminal.evaluation import analyse
from terminal.exporting import export_examples, export_version
from terminal.scoring import score
from terminal.tuning import generate, model, train
from terminal.versions import card, freeze, protect

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
users = typer.Typer(no_args_is_help=True, help="People who may sign in.")
app.add_typer(users, name="users")

app.command()(check)
app.command()(score)
app.command()(analyse)
app.command()(report)
app.command()(seal)
app.command()(verify)
app.command()(contamination)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: 8501.")] = None,
    address: Annotated[
        str | None, typer.Option(help="Where to listen. Default: 127.0.0.1, this machine only.")
    ] = None,
    home: Home = None,
) -> None:
    """Start the server and say where it answers; Ctrl-C stops it."""
    from pages.server.serve import serve as run_server

    with refusals_told():
        workspace_at(home)
        run_server(port, address)


@app.command()
def status(home: Home = None, as_json: AsJson = False) -> None:
    """Show the server, the projects, and the jobs that run or wait."""
    from pages.server.client import status as ask

    with refusals_told():
        answer = ask(workspace_at(home))
        server, told = answer["server"], {"completed": "being taken in"}
        lines = [f"Server: {server['url'] if server else 'not running'}"]
        lines += [
            f"{one['name']}: {one['examples']['total']} examples, "
            f"{one['examples']['accepted']} accepted"
            for one in answer["projects"]
        ]
        lines += [
            f"{told.get(job['status'], job['status'])}: {job['title']} ({job['project']})"
            for job in answer["jobs"]
        ]
        tell(answer, "\n".join(lines), as_json)


@users.command("add")
def users_add(
    name: str,
    role: Annotated[
        str, typer.Option(help="admin, or annotator, reviewer, lead, viewer in a project.")
    ] = "",
    project: Annotated[str, typer.Option(help="The project's name.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a person, or give somebody another role."""
    from pages.server.client import call

    with refusals_told():
        arguments = {"name": name, "role": role, "project": project}
        given = {"password": _password(True)} if password_stdin else {}
        answer = call(workspace_at(home), "users.add", arguments | given)
        if answer.get("needs_password"):
            answer = call(
                workspace_at(home), "users.add", arguments | {"password": _password(False)}
            )
        where = f" in “{answer['project']}”" if answer["project"] else ""
        what = f"{role}{where}" if role else "no role yet"
        verb = "can sign in now" if answer["added"] else "was here already and has the role now"
        tell(answer, f"{name} {verb}: {what}.", as_json)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidInput("No terminal to ask for a password. Add --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@app.command("import")
def import_file(
    file: Path,
    project: Annotated[str, typer.Option(help="The project's name; made if it is missing.")],
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help="Enter the examples as accepted: trusted data, whose review is not asked for. "
            "Synthetic ones wait.",
        ),
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Import examples from FILE into a project: JSONL, JSON, CSV, TSV, Parquet or a dataset folder.

    A file may be of any size. A folder is what `save_to_disk` of the datasets library writes, or
    holds files named by split (train.jsonl, data/test-00000-of-00001.parquet).
    """
    from pages.server.client import call

    with refusals_told():
        name = file.resolve().name
        arguments = {"project": project, "file_name": name, "accept": accept}
        answer = call(workspace_at(home), "import", arguments, upload=file)
        tell(
            answer,
            f"{answer['accepted']} examples added to “{answer['project']}”"
            f"{' as accepted' if accept else ''}, "
            f"{answer['duplicates']} were there already, {answer['rejected']} rejected."
            + "".join(f"\n{text}" for text in answer["warnings"])
            + "".join(f"\nline {r['line']}: {r['reason']}" for r in answer["rejects"]),
            as_json,
        )
        if answer["rejected"] and not answer["accepted"] and not answer["duplicates"]:
            raise InvalidInput(
                f"Nothing came in: all {answer['rejected']} records of {file} were rejected. Mend "
                "them as the reasons say, then import it again."
            )


app.command()(freeze)
app.command("export")(export_version)
app.command("export-examples")(export_examples)
app.command()(protect)
app.command()(card)
app.command()(model)
app.command()(train)
app.command()(generate)


@app.command()
def demo(home: Home = None, as_json: AsJson = False) -> None:
    """Run the loop in the demo project: freeze, train, generate, score, open a blind study."""
    from pages.server.client import call

    with refusals_told():
        print("This takes some three minutes on two cores …", file=sys.stderr)
        answer = call(workspace_at(home), "demo", {})
        tuned, base = (answer["scores"][kind]["token_f1"] for kind in ("tuned", "base"))
        tell(
            answer,
            f"Token F1 on the test split: base {base:.2f}, tuned {tuned:.2f}. "
            f"{answer['study']['pairs']} blind pairs wait for raters. {answer['seconds']:.0f} s.",
            as_json,
        )


@app.command()
def backup(
    file: Path,
    home: Home = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything that is worth keeping to FILE (.tar.gz); the server may go on running."""
    from pages.server.client import call
    from pages.server.files import refusals_of, refuse_no_file

    with refusals_told():
        with refusals_of(file.parent):
            refuse_no_file(file, force=force)
        answer = call(workspace_at(home), "backup", {}, download=file.resolve())
        size = answer["bytes"] / 1_000_000
        tell(answer, f"Saved to {file} ({size:.1f} MB). Secrets are not in it.", as_json)


@app.command()
def restore(
    file: Path,
    home: Home = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move what is there to its folder backups first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty workspace; no server may be running on it."""
    from core.workflows.team.backup import restore as put_back
    from storage import backup as databases

    with refusals_told():
        answer = put_back(workspace_at(home), file, databases, force=force)
        aside = f" What was there lies in {answer['moved_aside']}." if answer["moved_aside"] else ""
        tell(
            answer,
            f"Restored {answer['projects']} projects, {answer['examples']} examples and "
            f"{answer['people']} people. Everybody signs in anew.{aside}",
            as_json,
        )


if __name__ == "__main__":
    app()
