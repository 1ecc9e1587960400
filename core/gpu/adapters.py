"""Adapters on a loaded model: attach a new one, save it, put a saved one on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peft import PeftModel, get_peft_config, get_peft_model
from peft.utils.save_and_load import (
    get_peft_model_state_dict,
    load_peft_weights,
    set_peft_model_state_dict,
)
from transformers import set_seed

from core.errors import NotFound
from core.gpu.models import LoadedModel
from core.tuning.run_spec import RunSpec


class MissingAdapter(NotFound):
    """No adapter lies where the settings say."""

    title = "The adapter is not there"


def attach_adapter(base: LoadedModel, spec: RunSpec) -> Any:
    """A PeftModel over `base.model` with a fresh adapter, its chance taken from spec.seed."""
    # Before get_peft_model: it draws the adapter's first values.
    set_seed(spec.seed)
    config = get_peft_config({"task_type": "CAUSAL_LM", **spec.method.peft_config()})
    model = get_peft_model(base.model, config)
    # What travels with the adapter must not name this machine's folders.
    model.peft_config["default"].base_model_name_or_path = base_name(spec)
    return model


def base_name(spec: RunSpec) -> str:
    """How an adapter names its base: as the spec does, but of an absolute path the last part."""
    location = spec.base.location
    return Path(location).name if Path(location).is_absolute() else location


def save_adapter(model: Any, folder: Path) -> None:
    """Writes adapter_model.safetensors and adapter_config.json."""
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)


def adapter_tensors(model: Any) -> dict[str, Any]:
    """The adapter's tensors by name, as they are saved."""
    return dict(get_peft_model_state_dict(model, save_embedding_layers=False))


def restore_adapter(model: Any, folder: Path) -> None:
    """Overwrites the adapter of `model` with the saved one, exactly."""
    set_peft_model_state_dict(model, load_peft_weights(str(folder), device="cpu"))


def load_adapter(base: LoadedModel, folder: Path) -> Any:
    """A PeftModel over `base.model` with the saved adapter on, in evaluation mode.

    Raises MissingAdapter.
    """
    if not (folder / "adapter_model.safetensors").is_file():
        raise MissingAdapter(
            f"There is no adapter in {folder}. Wait until the run is completed, or choose another."
        )
    return PeftModel.from_pretrained(base.model, str(folder), is_trainable=False).eval()
