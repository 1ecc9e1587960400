"""Models of the Hugging Face hub: which ids, and which of a repository's files. Pure:
core.tuning.hub_job downloads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.tuning.base_models import problem_among

ID = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
LONGEST_ID = 96
REVISION = re.compile(r"[A-Za-z0-9_][\w./-]{0,120}", re.ASCII)
# Weights as transformers looks for them: not a second copy of them under another name.
WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
# What stands beside the weights: configuration, tokenizer, chat template, licence. All of it is
# JSON or text; no pickles, no code.
BESIDE = frozenset(
    {
        "model.safetensors.index.json",
        "config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "tokenizer.model",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "vocab.txt",
        "merges.txt",
        "spm.model",
        "spiece.model",
        "sentencepiece.bpe.model",
        "chat_template.jinja",
        "chat_template.json",
        "README.md",
        "LICENSE",
        "LICENSE.md",
        "LICENSE.txt",
        "NOTICE",
    }
)


class InvalidHubModel(InvalidInput):
    """No model of the hub can have this id or revision."""

    title = "This is no model of the hub"


class UnusableHubModel(InvalidInput):
    """The repository is there, and what it holds cannot be used."""

    title = "This model of the hub cannot be used"


@dataclass(frozen=True)
class HubModel:
    """A model by its id, organisation/name, at a branch, a tag or a commit. Raises
    InvalidHubModel."""

    hub_id: str
    revision: str = "main"

    def __post_init__(self) -> None:
        known = ID.fullmatch(self.hub_id) and len(self.hub_id) <= LONGEST_ID
        if not known or any(two in self.hub_id for two in ("--", "..")):
            raise InvalidHubModel(
                f"“{self.hub_id}” is no id of a model. Write it as the hub does, such as "
                "HuggingFaceTB/SmolLM2-135M: organisation, slash, name."
            )
        if not REVISION.fullmatch(self.revision) or ".." in self.revision:
            raise InvalidHubModel(
                f"“{self.revision}” is no revision. Give a branch, a tag or a commit, or leave it "
                "empty for main."
            )

    @property
    def folder(self) -> str:
        """The name of its folder; the hub allows no “--” in an id, so no two are alike."""
        return self.hub_id.replace("/", "--")


@dataclass(frozen=True)
class HubFile:
    """One file of a repository: its size in bytes, and its hash as the hub has it, of large files
    SHA-256, of small ones that of a git blob."""

    name: str
    size: int
    sha256: str = ""
    blob_id: str = ""


def files_to_fetch(model: HubModel, files: Sequence[HubFile]) -> list[HubFile]:
    """Of a repository's files those that a training needs, the small ones first.

    Raises UnusableHubModel where they make no model, or where a name leaves the folder.
    """
    for file in files:
        parts = file.name.replace("\\", "/").split("/")
        if ".." in parts or "" in parts or "\0" in file.name or ":" in parts[0]:
            raise UnusableHubModel(
                f"“{model.hub_id}” lists a file outside of its own folder ({file.name!r}), which "
                "no honest repository does. Nothing was downloaded; do not use it."
            )
    weights = [file for file in files if WEIGHTS.fullmatch(file.name)]
    beside = [file for file in files if file.name in BESIDE]
    problem = problem_among({file.name for file in [*weights, *beside]})
    if problem:
        # Named after all that is there: only pickles, only GGUF.
        there = {file.name for file in files if "/" not in file.name}
        what, _ = (not weights and problem_among(there)) or problem
        raise UnusableHubModel(f"“{model.hub_id}” cannot be used. {what} Choose another model.")
    return sorted([*weights, *beside], key=lambda file: (file.size, file.name))
