"""Loads a base model and its tokenizer from this machine, in the precision that fits.

Safetensors only and no code from the model's folder: weights that are pickled can run anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from core.errors import InvalidInput, NotFound
from core.gpu.label_models import load_label_model
from core.jobs.faults import is_out_of_memory
from core.tuning.base_models import shipped
from core.tuning.labels import Labels
from core.tuning.spec_parts import Precision
from core.tuning.weights import cached_weights_hash

# What the libraries raise for files that are JSON, and not what they should be.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, StrictDataclassError)
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class MissingModel(NotFound):
    """No model lies where the settings say."""

    title = "The base model is not there"


class UnusableModel(InvalidInput):
    """The folder is there and cannot be used: pickled weights, foreign code, no stop token."""

    title = "This base model cannot be used"


class ChangedModel(InvalidInput):
    """The base model's weights or tokens are not those that the job was made for."""

    title = "The base model has changed"


@dataclass
class LoadedModel:
    """A model in memory. `context` is the most tokens it can see, None when it does not say;
    `hash` is the weights_hash of `folder`; `virtual_tokens` are taken off the context by the
    adapter that is on the model. With `labels` the model chooses one of them, and `new_modules`
    are those that its folder had no weights for: the head."""

    model: Any
    tokenizer: Any
    device: torch.device
    precision: Precision
    folder: Path
    hash: str
    virtual_tokens: int = 0
    labels: Labels | None = None
    new_modules: tuple[str, ...] = ()

    @property
    def context(self) -> int | None:
        """The most tokens, prompt and answer together."""
        limit = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return int(limit) - self.virtual_tokens if limit else None


def pick_device() -> torch.device:
    """The first GPU, else the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def pick_precision(wanted: Precision, method: str, device: torch.device) -> Precision:
    """What "auto" means here: 4bit for qlora, fp32 for full fine-tuning (steps as small as its own
    are lost in bf16), else bf16 on a GPU that can, else fp32."""
    if method == "qlora":
        return "4bit"
    if method == "full":
        return "fp32"
    if wanted != "auto":
        return wanted
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def find_model(name: str, workspace: Path) -> Path:
    """The folder of `name`: a path, or a hub id whose files are on this machine already.

    Raises MissingModel, and UnusableModel when its weights are not safetensors.
    """
    folder = workspace / name
    if not folder.is_dir():
        folder = shipped(name) or _downloaded(name) or folder
    if not (folder / "config.json").is_file():
        raise MissingModel(
            f"There is no model in {folder}. Put the model's folder there, or choose another one."
        )
    if not any(folder.glob("*.safetensors")):
        raise UnusableModel(
            f"{folder} has no .safetensors weights; pickled ones (.bin, .pt) can run code and are "
            "refused. Save the model anew with save_pretrained, which writes safetensors."
        )
    return folder


def _downloaded(name: str) -> Path | None:
    if not HUB_ID.fullmatch(name):
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, OSError):
        return None


def load_model(
    name: str,
    workspace: Path,
    precision: Precision = "auto",
    method: str = "lora",
    *,
    labels: Labels | None = None,
    seed: int = 0,
) -> LoadedModel:
    """Loads `name` in evaluation mode with frozen weights; with `labels`, with a head for them
    whose first weights are drawn from `seed`.

    Raises MissingModel, UnusableModel.
    """
    folder = find_model(name, workspace)
    device = pick_device()
    precision = pick_precision(precision, method, device)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        how: dict[str, Any] = {
            "trust_remote_code": False,
            "use_safetensors": True,
            "device_map": {"": device},
            **weights_as(precision, device),
        }
        new_modules: tuple[str, ...] = ()
        if labels:
            model, new_modules = load_label_model(folder, tokenizer, labels.names, seed, how)
        else:
            model = AutoModelForCausalLM.from_pretrained(folder, **how)
    except (*UNREADABLE, OSError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        first = str(error).strip().partition("\n")[0]
        if isinstance(error, KeyError):
            first = f"Its files lack {first}."
        raise UnusableModel(f"{folder} cannot be loaded: {first} Choose another model.") from error
    if tokenizer.eos_token_id is None and not labels:
        raise UnusableModel(f"The tokenizer in {folder} has no stop token. Set its eos_token.")
    model.requires_grad_(False).eval()
    hashed = cached_weights_hash(folder, workspace / "models" / ".weights.json")
    _keep_4bit_trainable(model)
    return LoadedModel(
        model, tokenizer, device, precision, folder, hashed, labels=labels, new_modules=new_modules
    )


def refuse_changed(base: LoadedModel, expected: str) -> None:
    """Raises ChangedModel when `expected`, unless empty, is not the hash of the base's weights."""
    if expected not in ("", base.hash):
        raise ChangedModel(
            f"The weights in {base.folder} are not those that this was made for. Put the model "
            "back, or start anew with this one."
        )


def vocabulary_hash(tokenizer: Any) -> str:
    """SHA-256 of every token with its id."""
    return hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()


def refuse_changed_vocabulary(base: LoadedModel, expected: str) -> None:
    """Raises ChangedModel when `expected`, unless empty, is not the hash of the base's tokens."""
    if expected not in ("", vocabulary_hash(base.tokenizer)):
        raise ChangedModel(
            f"The tokenizer in {base.folder} has other tokens than the one that this was made "
            "for, so the model would read other text. Put its tokenizer back, or start anew."
        )


def weights_as(precision: Precision, device: torch.device) -> dict[str, Any]:
    """What from_pretrained is told, so that the weights are kept in `precision` on `device`."""
    half = precision == "bf16" or (precision == "4bit" and device.type == "cuda")
    dtype = torch.bfloat16 if half else torch.float32
    if precision != "4bit":
        return {"dtype": dtype}
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
    return {"dtype": dtype, "quantization_config": config}


def _keep_4bit_trainable(model: torch.nn.Module) -> None:
    # On a CPU with AVX512-BF16 one forward in evaluation packs the weights for good; the gradients
    # of LoRA are then None, and nothing says so.
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False  # type: ignore[assignment]
