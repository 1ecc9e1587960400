"""What a training changes, put on a loaded model, saved, and put on again.

For a method of peft that is an adapter; for full fine-tuning, the model's own weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, PeftType, get_peft_config, get_peft_model
from peft.utils.save_and_load import (
    get_peft_model_state_dict,
    load_peft_weights,
    set_peft_model_state_dict,
)
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

from core.errors import InvalidInput, NotFound
from core.gpu.label_models import load_tuned_label_model
from core.gpu.models import LoadedModel, refuse_changed_vocabulary, vocabulary_hash
from core.jobs.faults import is_out_of_memory
from core.tuning.run_spec import RunSpec
from core.tuning.settings import InvalidRunSpec


class MissingAdapter(NotFound):
    """No adapter lies where the settings say."""

    title = "The adapter is not there"


class UnusableAdapter(InvalidInput):
    """The adapter's files are damaged, or do not fit the base model."""

    title = "This adapter cannot be used"


def attach_adapter(base: LoadedModel, spec: RunSpec) -> Any:
    """`base.model` ready to be trained: with a fresh adapter, its chance taken from spec.seed, as a
    PeftModel; or, for full fine-tuning, itself with every weight trainable.

    Raises InvalidRunSpec for target modules that the model does not have, or that the method cannot
    be put on.
    """
    # Before get_peft_model: it draws the adapter's first values.
    set_seed(spec.seed)
    settings = spec.method.peft_config()
    if settings is None:
        base.model.requires_grad_(True)
        return base.model
    if settings.get("prompt_tuning_init") == "TEXT":
        settings["tokenizer_name_or_path"] = str(base.folder)
    kind: dict[str, Any] = {"task_type": "CAUSAL_LM"}
    if base.labels:
        kind = {"task_type": "SEQ_CLS", "modules_to_save": list(base.new_modules)}
    _refuse_unknown_modules(base.model, settings.get("target_modules"))
    try:
        model = get_peft_model(base.model, get_peft_config({**kind, **settings}))
    except ValueError as error:
        first = str(error).strip().partition("\n")[0].rstrip(".")
        raise InvalidRunSpec(
            f"{spec.method.label} cannot be put on this base model: {first}. Choose other target "
            "modules (target_modules), or another method."
        ) from error
    # What travels with the adapter must not name this machine's folders.
    config = model.peft_config["default"]
    config.base_model_name_or_path = base_name(spec)
    config.revision = spec.base.commit or None
    if hasattr(config, "tokenizer_name_or_path"):
        config.tokenizer_name_or_path = base_name(spec)
    return model


def _refuse_unknown_modules(model: torch.nn.Module, asked: str | list[str] | None) -> None:
    """PEFT passes over a name that no module has, as long as another one fits."""
    if not isinstance(asked, list):
        return
    there = {name: module for name, module in model.named_modules() if name}
    unknown = [one for one in asked if not any(f".{name}".endswith(f".{one}") for name in there)]
    if unknown:
        weights = {name: getattr(module, "weight", None) for name, module in there.items()}
        known = sorted(
            {
                name.rpartition(".")[2]
                for name, one in weights.items()
                if one is not None and one.ndim > 1
            }
        )
        raise InvalidRunSpec(
            f"Target modules (target_modules) must be all-linear or modules of the base model, "
            f"which has no {', '.join(unknown)}. It has {', '.join(known)}."
        )


def base_name(spec: RunSpec) -> str:
    """How an adapter names its base: by its hub id where it was downloaded from there, else as the
    spec does, but of an absolute path the last part."""
    if spec.base.hub_id:
        return spec.base.hub_id
    location = spec.base.location
    return Path(location).name if Path(location).is_absolute() else location


def is_adapter(model: Any) -> bool:
    """True for a PeftModel, which can leave its adapter out; False for a fully tuned model."""
    return isinstance(model, PeftModel)


@contextmanager
def without_adapter(model: Any, base: LoadedModel) -> Iterator[Any]:
    """The base that a tuned `model` was made from, for as long as the context lasts."""
    if not is_adapter(model):
        yield base.model
        return
    with model.disable_adapter():
        yield model


def prompt_offset(model: Any) -> int:
    """How many rows of logits a training forward makes before those of the given tokens."""
    config = model.active_peft_config if is_adapter(model) else None
    # A prefix stands in the cache, an embedded prompt in the sequence.
    if config is None or not config.is_prompt_learning:
        return 0
    return 0 if config.peft_type == PeftType.PREFIX_TUNING else int(config.num_virtual_tokens)


def before_training(model: Any) -> Any:
    """What answers as the base does while nothing was trained yet: the model itself, but for
    learned prompts, which start as something and not as nothing, what they stand before."""
    if is_adapter(model) and model.active_peft_config.is_prompt_learning:
        return model.get_base_model()
    return model


def parameter_counts(model: Any) -> tuple[int, int]:
    """Trainable parameters and all of them; 4-bit weights count one each."""
    if is_adapter(model):
        trainable, total = model.get_nb_trainable_parameters()
        return int(trainable), int(total)
    total = sum(p.numel() for p in model.parameters())
    return sum(p.numel() for p in model.parameters() if p.requires_grad), total


def save_adapter(model: Any, folder: Path) -> None:
    """Writes adapter_model.safetensors and adapter_config.json, or a fully tuned model's files."""
    more = {"save_embedding_layers": False} if is_adapter(model) else {}
    model.save_pretrained(str(folder), safe_serialization=True, **more)
    (folder / "README.md").unlink(missing_ok=True)


def tensor_hashes(model: Any) -> dict[str, str]:
    """SHA-256 of each tensor that is saved, by name."""
    if is_adapter(model):
        tensors: Mapping[str, Any] = get_peft_model_state_dict(model, save_embedding_layers=False)
    else:
        tensors = dict(model.named_parameters())
    return {name: _hash(tensor) for name, tensor in tensors.items()}


def _hash(tensor: torch.Tensor) -> str:
    flat = tensor.detach().cpu().contiguous().flatten()
    kind = f"{tensor.dtype} {tuple(tensor.shape)} "
    return hashlib.sha256(kind.encode() + flat.view(torch.uint8).numpy().tobytes()).hexdigest()


def restore_adapter(model: Any, folder: Path) -> None:
    """Overwrites what is trained of `model` with what `save_adapter` wrote, exactly."""
    if is_adapter(model):
        set_peft_model_state_dict(model, load_peft_weights(str(folder), device="cpu"))
        return
    for file in sorted(folder.glob("model*.safetensors")):
        # Not strict: a file has a part of the tensors, and tied ones only once.
        model.load_state_dict(load_file(file), strict=False)


def load_adapter(base: LoadedModel, folder: Path) -> Any:
    """The tuned model in evaluation mode: a PeftModel over `base.model` with the saved adapter on,
    or the fully tuned model that lies in `folder`. Virtual tokens are taken off `base.context`.

    Raises MissingAdapter; ChangedModel when the tokenizer beside it has other tokens than the base;
    UnusableAdapter.
    """
    if (folder / "tokenizer_config.json").is_file():
        saved = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        refuse_changed_vocabulary(base, vocabulary_hash(saved))
    try:
        return _loaded(base, folder)
    except (ValueError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        first = str(error).strip().partition("\n")[0].rstrip(".:")
        raise UnusableAdapter(
            f"The adapter in {folder} is damaged or was made for another base model: {first}. "
            "Put its files and its base model back, or train again."
        ) from error


def _loaded(base: LoadedModel, folder: Path) -> Any:
    if (folder / "adapter_model.safetensors").is_file():
        model = PeftModel.from_pretrained(base.model, str(folder), is_trainable=False).eval()
        base.virtual_tokens = getattr(model.active_peft_config, "num_virtual_tokens", None) or 0
        return model
    if any(folder.glob("model*.safetensors")):
        if base.labels:
            return load_tuned_label_model(folder, base.device)
        return AutoModelForCausalLM.from_pretrained(
            folder,
            trust_remote_code=False,
            use_safetensors=True,
            device_map={"": base.device},
            dtype=torch.float32,
        ).eval()
    raise MissingAdapter(
        f"There is no adapter in {folder}. Wait until the run is completed, or choose another."
    )
