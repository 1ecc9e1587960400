"""The base models a lead can choose: the shipped demo, and the folders in `<workspace>/models/`.

A folder that was downloaded here (core.tuning.hub_job) says where it came from, and answers to its
hub id too. `models/hub-ids.txt` may allow ids, one a line, of models in the machine's hub cache.
Only names and sizes of files are looked at here, never the weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import core
from core.errors import InvalidInput, NotFound
from core.tuning.origin import Origin, origin_of

DEMO_ID = "demo"
# Files of which one holds the tokenizer; the last ones are those of encoders.
TOKENIZERS = frozenset(
    {
        "tokenizer.json",
        "tokenizer.model",
        "vocab.json",
        "vocab.txt",
        "spm.model",
        "spiece.model",
        "sentencepiece.bpe.model",
    }
)
# The ends of the names of architectures that write text.
WRITERS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
DEMO_FOLDER = Path(core.__file__).parent / "demo" / "base"


class UnknownBaseModel(NotFound):
    """The base model named is not on the allow-list."""

    title = "There is no such base model"


class UnusableBaseModel(InvalidInput):
    """The base model's folder lacks what a training needs."""

    title = "This base model cannot be used"


@dataclass(frozen=True)
class BaseModel:
    """`id` is what people choose, `location` what a worker loads, `megabytes` its weights, and
    `problem` why it cannot be used, as a sentence; "" when it can. An encoder does not `write`: it
    can only learn to choose a label. `origin`: where it was downloaded from, if it was."""

    id: str
    title: str
    location: str
    megabytes: float | None
    problem: str = ""
    writes: bool = True
    origin: Origin | None = None


def base_models(workspace: Path) -> list[BaseModel]:
    """What may be used here, the demo first, and the folders that cannot, each with its problem."""
    found = []
    if (DEMO_FOLDER / "config.json").is_file():
        found.append(
            BaseModel(DEMO_ID, "Demo base (toy, CPU)", str(DEMO_FOLDER), _megabytes(DEMO_FOLDER))
        )
    models = workspace / "models"
    for folder in sorted(models.iterdir()) if models.is_dir() else []:
        if folder.is_dir():
            found.append(_in_folder(folder))
    allowed = models / "hub-ids.txt"
    if allowed.is_file():
        for line in allowed.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                found.append(BaseModel(line.strip(), f"{line.strip()} (hub)", line.strip(), None))
    return found


def shipped(location: str) -> Path | None:
    """This installation's demo base, if `location` is that of another one; else None."""
    return DEMO_FOLDER if location.endswith("/core/demo/base") else None


def _in_folder(folder: Path) -> BaseModel:
    origin = origin_of(folder)
    return BaseModel(
        folder.name,
        origin.title if origin else folder.name,
        f"models/{folder.name}",
        _megabytes(folder),
        problem_of(folder),
        can_write(_config(folder)),
        origin,
    )


def problem_of(folder: Path) -> str:
    """Why the folder holds no model that can be trained on; "" when it seems to."""
    return " ".join(problem_among({path.name for path in folder.iterdir()}))


def problem_among(names: Set[str]) -> tuple[str, ...]:
    """Why files of these names make no model that can be trained on, and what to do with a folder
    that has them; () when they seem to."""
    suffixes = {Path(name).suffix for name in names}
    if ".safetensors" not in suffixes:
        if ".gguf" in suffixes:
            return (
                "It has only GGUF weights, which are made for running a model and cannot be "
                "trained.",
                "Put the model's safetensors files there.",
            )
        if suffixes & {".bin", ".pt", ".pth"}:
            return (
                "It has only pickled weights (.bin, .pt), which can run code and are refused.",
                "Save the model anew with save_pretrained, which writes safetensors.",
            )
        return "It has no .safetensors weights.", "Copy the whole model folder there."
    if "config.json" not in names:
        return "It has no config.json.", "Copy the whole model folder there, not only the weights."
    if not TOKENIZERS & names:
        return "It has no tokenizer (tokenizer.json).", "Copy the whole model folder there."
    return ()


def can_write(config: Mapping[str, Any]) -> bool:
    """Whether a model's config.json names an architecture that writes text; where it names none,
    that is left to the worker to find out."""
    known = [str(one) for one in config.get("architectures") or ()]
    return not known or any(one.endswith(WRITERS) for one in known)


def _config(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def base_model(workspace: Path, model_id: str) -> BaseModel:
    """The base model of that id. Raises UnknownBaseModel, UnusableBaseModel."""
    known = base_models(workspace)
    named = [model for model in known if model.id == model_id]
    of_hub = [model for model in known if model.origin and model.origin.hub_id == model_id]
    for model in [*named, *of_hub]:
        if model.problem:
            raise UnusableBaseModel(f"“{model_id}” cannot be used. {model.problem}")
        return model
    raise UnknownBaseModel(
        f"“{model_id}” is not among the base models here "
        f"({', '.join(m.id for m in known if not m.problem) or 'none'}). Put its folder into "
        f"{workspace / 'models'}, or download it: touchstone model ORGANISATION/NAME."
    )


def _megabytes(folder: Path) -> float:
    return round(sum(f.stat().st_size for f in folder.glob("*.safetensors")) / 1e6, 1)
