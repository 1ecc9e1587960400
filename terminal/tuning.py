"""The commands `model`, `train` and `generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.wording import counted
from terminal.common import AsJson, Home, json_file, refusals_told, tell, workspace_at

MARKS = {"passed": "✓", "noted": "·", "refused": "✗"}


def model(
    hub_id: Annotated[str, typer.Argument(metavar="ID", help="As the hub has it: org/name.")],
    revision: Annotated[str, typer.Option(help="A branch, tag or commit; left out, main.")] = "",
    project: Annotated[
        str, typer.Option(help="The project whose Jobs page shows it; left out, the first.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Download a model of the Hugging Face hub into the workspace, and wait for it.

    Safetensors, configuration and tokenizer only; all projects may train on it. A download that
    broke off goes on where it was.
    """
    from pages.server.client import call

    with refusals_told():
        asked = {"id": hub_id, "revision": revision, "project": project}
        answer = call(workspace_at(home), "model", asked)
        tell(
            answer,
            f"{answer['hub_id']} at commit {answer['commit']} ({answer['bytes'] / 1e6:.1f} MB) is "
            f"in {answer['folder']}. Train on it as “{answer['model']}”.",
            as_json,
        )


def train(
    spec: Annotated[Path, typer.Option(help="JSON: version, base_model, and settings of the run.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only make the pre-flight; train nothing.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Train a run and wait for it.

    The spec names a dataset version (its id, or "project" and its name), a base model, and what
    differs from the defaults: {"version": "v1", "project": "Notes", "base_model": "demo",
    "lora_r": 16, "learning_rate": 0.0002}. The parts of a run's spec.json are understood, too.
    With "head": "classification" the model learns to choose the label, not to write the answer.
    With "objective": "dpo" it learns from what raters preferred and corrected in closed studies,
    and from confirmed negatives; with "pair_sources": "ratings" or "negatives" from those alone.
    """
    from pages.server.client import call

    with refusals_told():
        asked = {"spec": json_file(spec), "check": check}
        answer = call(workspace_at(home), "train", asked)
        what = "preference pairs" if answer["learns"] == "preferences" else "examples"
        examples = f"{answer['examples']['train']} {what}, {answer['steps']} steps"
        if check:
            told = [f"{MARKS[one['verdict']]} {one['text']}" for one in answer["lines"]]
            ready = f"Ready: {examples} on {answer['device']}." if answer["ok"] else "Refused."
            tell(answer, "\n".join([*told, ready]), as_json)
            if not answer["ok"]:
                raise typer.Exit(1)
            return
        told = [f"{answer['name']} ({answer['run']}) is {answer['status']}: {examples}."]
        if (loss := answer["best_validation_loss"]) is not None:
            told.append(f"Best validation loss {loss:.3f}.")
        if found := answer.get("classification"):
            told.append(
                f"Accuracy {found['accuracy']:.3f}, macro F1 {found['macro_f1']:.3f} on the "
                f"validation split; the commonest label alone gets {found['majority']:.3f}."
            )
        if found := answer.get("preferences"):
            told.append(
                f"{found['validation_preference_accuracy']:.1%} of {found['validation']} held-out "
                f"pairs are preferred as people did, by a reward margin of "
                f"{found['validation_reward_margin']:.3f}."
            )
        tell(answer, " ".join([*told, *answer["warnings"]]), as_json)


def generate(
    run: Annotated[str, typer.Option(help="The run's id, or its name.")],
    systems: Annotated[
        str, typer.Option(help="Of base, prompted and tuned, with commas between them.")
    ] = "base,prompted,tuned",
    split: Annotated[str, typer.Option(help="test, validation, train or all.")] = "test",
    limit: Annotated[int, typer.Option(help="A seeded sample of so many; 0: all.")] = 0,
    max_new_tokens: Annotated[int | None, typer.Option(help="Longest answer.")] = None,
    shots: Annotated[int | None, typer.Option(help="Examples that the prompted base sees.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Answers at once.")] = None,
    reference_perplexity: Annotated[
        bool,
        typer.Option(
            "--reference-perplexity",
            help="Measure how likely each system finds the references: one forward pass each.",
        ),
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a completed run's systems answer a split, and wait for them; scoring follows."""
    from pages.server.client import call

    with refusals_told():
        asked = {
            "run": run,
            "systems": [one.strip() for one in systems.split(",") if one.strip()],
            "split": split,
            "limit": limit,
            "max_new_tokens": max_new_tokens,
            "shots": shots,
            "batch_size": batch_size,
            "reference_perplexity": reference_perplexity,
        }
        answer = call(workspace_at(home), "generate", asked)
        lines = [
            f"{kind} ({one['system']}): {one['answers'] - one['finish']['too_long']} answers, "
            f"{one['at_cap']} cut off at the longest allowed{_not_asked(one['finish'])}"
            for kind, one in answer["systems"].items()
        ]
        tell(answer, "\n".join(lines), as_json)


def _not_asked(finish: dict[str, int]) -> str:
    count = finish["too_long"]
    return f"; {counted(count, 'prompt')} not asked: too long for the model" if count else ""
