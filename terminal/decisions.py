"""Terminal commands of decisions: a study's report, its seal, and checking both offline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import InvalidInput
from terminal.common import AsJson, Home, refusals_told, tell, text_file, workspace_at, written_to


def report(
    study: Annotated[str, typer.Argument(help="The study's name, or its id.")],
    html: Annotated[Path | None, typer.Option(help="Write the report as a page.")] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write the report as JSON, for `verify`.")
    ] = None,
    person: Annotated[
        str,
        typer.Option(
            "--as",
            help="Your account's name, for the unblinding ledger: what you rate in the study "
            "afterwards is set apart. Without it the ledger says “from the terminal”.",
        ),
    ] = "",
    home: Home = None,
) -> None:
    """Write the report of a study: finding, gate, evidence, hashes and every judgement."""
    from pages.server.client import call

    with refusals_told():
        if html is None and json_path is None:
            raise InvalidInput("Say where the report goes: --html FILE, --json FILE, or both.")
        answer = call(workspace_at(home), "report", {"study": study, "person": person})
        for path, kind in ((html, "html"), (json_path, "json")):
            if path is not None:
                with written_to(path) as part:
                    part.write_text(answer[kind], encoding="utf-8", newline="")
        content = json.loads(answer["json"])
        for candidate in content["report"]["candidates"]:
            print(candidate["sentence"])
        where = ", ".join(str(path) for path in (html, json_path) if path)
        print(f"Written to {where}. Report {content['hash']}.")
        seen_by = answer["seen_by"]
        noted = f"as seen by {seen_by}" if seen_by else "as seen from the terminal, by nobody named"
        print(f"The unblinding ledger has it {noted}{'' if seen_by else ' (--as NAME)'}.")


def seal(
    study: Annotated[str, typer.Argument(help="The study's name, or its id.")],
    file: Annotated[
        Path | None, typer.Option("--open", help="Of a closed study: write what it stands for.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print a study's seal, the hash of all that was fixed when it opened, and those of pairs that
    were added."""
    from pages.server.client import call

    with refusals_told():
        answer = call(workspace_at(home), "seal", {"study": study})
        opened = answer.pop("opened")
        if file is not None:
            if opened is None:
                raise InvalidInput("The seal is opened when the study is closed. Close it first.")
            with written_to(file) as part:
                part.write_text(json.dumps(opened, indent=1) + "\n", encoding="utf-8")
        state = "closed" if answer["closed"] else "open"
        added = "".join(f"\nPairs added: {one}" for one in answer["added"])
        tell(answer, f"{answer['name']} ({state}): {answer['seal']}{added}", as_json)


def verify(
    file: Path,
    seal: Annotated[
        str,
        typer.Option(
            help="The seal, or its beginning, as the study showed it while open; where pairs were "
            "added, the last one."
        ),
    ] = "",
    report_hash: Annotated[
        str, typer.Option("--hash", help="The report's hash, or its beginning, as it was signed.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check a report, or an opened seal: that nothing was changed since.

    FILE is a report's JSON, or what “Open the seal” of a closed study gave. A report is counted
    again from its judgements. No server and no workspace is needed.
    """
    with refusals_told():
        seal, report_hash = _digits(seal, "--seal"), _digits(report_hash, "--hash")
        text = text_file(file)
        if _is_report(text):
            _verify_report(text, report_hash, seal, as_json)
        else:
            _verify_seal(text, seal, as_json)


def _digits(given: str, option: str) -> str:
    """The beginning of a hash that was given, long enough that nobody makes another one fit."""
    digits = given.strip().rstrip("…").lower()
    if given and not re.fullmatch(r"[0-9a-f]{12,64}", digits):
        raise InvalidInput(f"{option} takes 12 to 64 hex digits, as they were published.")
    return digits


def _is_report(text: str) -> bool:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("The file is no JSON: it was cut off, changed, or is another.") from None
    return isinstance(found, dict) and "report" in found


def _verify_report(text: str, report_hash: str, seal: str, as_json: bool) -> None:
    from core.decision.verification import verify_report

    answer = verify_report(text, report_hash, seal)
    answer["hash"] = json.loads(text)["hash"]
    sealed = (
        f"its {answer['sealed_pairs']} pairs are those that were sealed"
        if answer["seal_opened"]
        else "its study is still open, so that the seal is not"
    )
    whose = (
        "It is the report of that hash."
        if report_hash
        else "Who wrote it is not checked: compare the hash with the one that was signed (--hash)."
    )
    answer["hash_given"] = bool(report_hash)
    tell(
        answer,
        f"The report holds: {answer['judgements']} judgements give its counts, its net preference "
        f"and its sentence, and {sealed}. Criteria, scores, costs and the rest of the gate are not "
        f"counted again. {answer['hash']}. {whose}",
        as_json,
    )


def _verify_seal(text: str, seal: str, as_json: bool) -> None:
    from core.study.sealing import added_in, check_opened, seal_of

    opened = json.loads(text)
    content = check_opened(opened, seal)
    parts = [content, *(one["content"] for one in added_in(opened))]
    answer = {
        "ok": True,
        "seal": seal_of(content),
        "pairs": sum(len(part["pairs"]) for part in parts),
        "added": [seal_of(part) for part in parts[1:]],
    }
    whose = "" if seal else " Compare it with the one that the study showed while it was open."
    tell(answer, f"The seal holds: {answer['pairs']} pairs, {answer['seal']}.{whose}", as_json)
