"""The base models a lead can choose: the shipped demo, and the folders in `<workspace>/models/`.

`models/hub-ids.txt` may allow hub ids, one a line; they must be in the machine's hub cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import core
from core.errors import NotFound

DEMO_ID = "demo"
DEMO_FOLDER = Path(core.__file__).parent / "demo" / "base"


class UnknownBaseModel(NotFound):
    """The base model named is not on the allow-list."""

    title = "There is no such base model"


@dataclass(frozen=True)
class BaseModel:
    """`id` is what people choose, `location` what a worker loads, `megabytes` its weights."""

    id: str
    title: str
    location: str
    megabytes: float | None


def base_models(workspace: Path) -> list[BaseModel]:
    """Every base model that may be used here, the demo first."""
    found = []
    if (DEMO_FOLDER / "config.json").is_file():
        found.append(
            BaseModel(DEMO_ID, "Demo base (toy, CPU)", str(DEMO_FOLDER), _megabytes(DEMO_FOLDER))
        )
    models = workspace / "models"
    for folder in sorted(models.iterdir()) if models.is_dir() else []:
        if (folder / "config.json").is_file():
            found.append(
                BaseModel(folder.name, folder.name, f"models/{folder.name}", _megabytes(folder))
            )
    allowed = models / "hub-ids.txt"
    if allowed.is_file():
        for line in allowed.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                found.append(BaseModel(line.strip(), f"{line.strip()} (hub)", line.strip(), None))
    return found


def base_model(workspace: Path, model_id: str) -> BaseModel:
    """The base model of that id. Raises UnknownBaseModel."""
    known = base_models(workspace)
    for model in known:
        if model.id == model_id:
            return model
    raise UnknownBaseModel(
        f"“{model_id}” is not among the base models here "
        f"({', '.join(m.id for m in known) or 'none'}). Put its folder into the workspace's "
        f"models folder, or name its hub id in models/hub-ids.txt."
    )


def _megabytes(folder: Path) -> float:
    return round(sum(f.stat().st_size for f in folder.glob("*.safetensors")) / 1e6, 1)
