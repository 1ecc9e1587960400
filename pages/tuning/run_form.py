"""The settings of a run: what matters first, the rest on demand, each refused where it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from core.tuning.methods import METHODS, methods_for
from core.tuning.planning import effective_batch_size
from core.tuning.presets import PRESETS, Preset
from core.tuning.run_spec import Learned, complaint_about
from core.tuning.settings import SETTINGS
from core.workflows.tuning import specs
from core.workflows.tuning.run_drafts import RunDraft
from pages.components import session

Settings = dict[str, Any]
OPTIONS: dict[str, dict[str, str]] = {
    "precision": {"auto": "Auto", "bf16": "bf16", "fp32": "fp32", "4bit": "4-bit"},
    "overlong": {
        "refuse": "Stop and tell me",
        "drop": "Leave the example out",
        "truncate": "Truncate the answer",
    },
    "lr_scheduler_type": {"cosine": "Cosine", "linear": "Linear", "constant": "Constant"},
    "prompt_style": {
        "auto": "Auto",
        "chat": "Model's chat template",
        "project": "Project template",
    },
    "activation_checkpointing": {
        "off": "Off",
        "selective": "As memory asks",
        "full": "Every layer",
    },
}
HELP = {
    "learning_rate": "How far each step moves the weights; too high diverges, too low learns "
    "nothing. 2e-4 is usual for LoRA.",
    "lora_r": "Width of the added matrices: higher learns more and costs more memory; 8 to 64.",
    "num_train_epochs": "How often every training example is seen.",
    "per_device_train_batch_size": "Examples per forward pass; halve it when memory runs out.",
    "gradient_accumulation_steps": "Batches added up before each step of the optimizer: a larger "
    "effective batch without more memory.",
    "early_stopping_patience": "Evaluations without a lower validation loss before the run ends by "
    "itself; 0 never stops early.",
    "loha_r": "Width of the added modules: higher learns more and costs more memory; 4 to 16.",
    "loha_alpha": "Strength of what the modules add; 2 × rank is usual.",
    "num_virtual_tokens": "How many learned tokens stand before every prompt; they take as many of "
    "the model's context.",
    "init_text": "A text whose embeddings the learned prompt starts from; left empty, tokens drawn "
    "from the vocabulary.",
    "eval_samples": "So many validation examples are answered at each evaluation, to be read while "
    "the run goes on; 0 answers none.",
    "save_minutes": "A killed worker loses at most this much work; it also saves at each "
    "evaluation.",
    "activation_checkpointing": "Computes activations twice instead of keeping them: much less "
    "memory for long texts, about a third slower when for every layer. “As memory asks” keeps "
    "those of as many layers as the memory holds that is free at the start: nothing else should "
    "need it.",
    "lora_alpha": "Strength of what LoRA adds; 2 × rank is usual.",
    "lora_dropout": "Share of the added signal left out at random, against overfitting.",
    "target_modules": "Layers that get an adapter: all-linear, or names with commas between them.",
    "precision": "How the base's weights are kept; auto takes what the device does best.",
    "prompt_style": "Auto takes the model's own chat template where its tokenizer has one, else "
    "the project's template. Training and all answers use the same.",
    "seed": "The same seed, data and settings give the same run.",
    "max_steps": "Ends the run there; left empty, the epochs decide.",
    "max_minutes": "Ends the run after so much training, wherever it is; 0 is no limit. The "
    "learning rate falls as if it went on to its last step.",
    "warmup_steps": "Steps in which the learning rate rises; below 1 it is a share of all steps.",
    "lr_scheduler_type": "How the learning rate falls after the warmup.",
    "weight_decay": "Pulls the added weights towards zero; 0 turns it off.",
    "max_grad_norm": "Gradients longer than this are clipped.",
    "max_length": "Tokens of prompt and answer together.",
    "overlong": "What to do with examples above the max sequence length.",
    "eval_steps": "How often the validation loss is measured; 0 is once an epoch.",
    "logging_steps": "How often the training loss is logged.",
    "beta": "How closely the model stays to its base: higher moves it less; 0.1 is usual.",
    "sft_weight": "Adds so much of the loss of the preferred answers themselves, against answers "
    "that become unlikely on both sides; 0 adds none.",
}
LEARNED: dict[Learned, tuple[str, str]] = {
    "answers": ("Write the answer", "The model writes each example's output, token by token."),
    "labels": (
        "Choose the label",
        "The model learns to choose one of the training split's labels: quick, and never off the "
        "list, but it writes nothing. The label is the project's label field, else the output.",
    ),
    "preferences": (
        "Prefer the better answer",
        "The model learns from pairs of answers, of which people preferred one in a blind study or "
        "confirmed that one is worse (direct preference optimisation, DPO). Best on a base that "
        "does the task already: merge a run into its base first.",
    ),
}
# What is learned, as settings of a run.
AS_SETTINGS: dict[Learned, Settings] = {
    "answers": {"head": "generation", "objective": "sft"},
    "labels": {"head": "classification", "objective": "sft"},
    "preferences": {"head": "generation", "objective": "dpo"},
}
FORMATS = {"learning_rate": ("%g", 1e-5), "beta": ("%.2f", 0.05), "num_train_epochs": ("%.2f", 0.5)}
ESSENTIAL = (
    ("learning_rate", "num_train_epochs"),
    ("per_device_train_batch_size", "gradient_accumulation_steps"),
)
MORE = (
    ("precision", "prompt_style", "activation_checkpointing", "seed"),
    (
        "max_steps",
        "max_minutes",
        "warmup_steps",
        "lr_scheduler_type",
        "weight_decay",
        "max_grad_norm",
    ),
    (
        "max_length",
        "overlong",
        "early_stopping_patience",
        "eval_steps",
        "eval_samples",
        "logging_steps",
        "save_minutes",
    ),
)


@dataclass(frozen=True)
class Chosen:
    """Every setting as it stands, the preset it started from, and whether all are fit."""

    settings: Settings
    preset: str
    fit: bool


def run_settings(model_id: str, learned: Learned, *, key: str, draft: RunDraft) -> Chosen:
    """Draw the form for a base model and what is learned.

    It starts from a preset and a method, as the draft of this model has them; what was typed for
    others of them comes back with them. A value that cannot be used gets its sentence at its field.
    """
    goal, key = AS_SETTINGS[learned], f"{key} {learned}"
    draft = draft if _learned_by(draft) == learned else RunDraft()
    fitting = methods_for(goal["head"])
    presets = [one for one in PRESETS.values() if one.settings["method"] in fitting]
    preset = _preset(key, presets, draft.preset)
    draft = draft if draft.preset == preset.name else RunDraft()
    with st.container(border=True):
        first = str(draft.settings.get("method", preset.settings["method"]))
        method = _method(f"{key} {preset.name}", first, fitting)
        draft = draft if draft.settings.get("method") == method else RunDraft()
        own = preset.settings if method == preset.settings["method"] else {}
        key = f"{key} {preset.name} {method}"
        usual = specs.default_settings(model_id, method, goal["objective"])
        start = {**usual, **own, **goal}
        typed = session.recall(key) or draft.settings_like(start)
        form = _Form({**start, **typed}, key)
        names = tuple(field.name for field in fields(METHODS[method]))
        essential = (*ESSENTIAL, ("beta",)) if learned == "preferences" else ESSENTIAL
        form.columns(((*names[:2],), *essential) if names else essential)
        shown = form.fits("per_device_train_batch_size") and form.fits(
            "gradient_accumulation_steps"
        )
        size = str(effective_batch_size(form.values)) if shown else "—"
        st.caption(f"Effective batch size: **{size}** (batch size × gradient accumulation)")
        # Widgets that are not drawn forget their values; what is wrong must not be out of sight.
        more: tuple[tuple[str, ...], ...] = ((*names[2:], *MORE[0]), *MORE[1:])
        if learned == "preferences":
            more = ((*more[0], "sft_weight"), *more[1:])
        if learned == "labels":
            more = tuple(tuple(one for one in column if one != "eval_samples") for column in more)
        form.take_what_was_typed(more)
        hidden = [name for column in more for name in column if not form.fits(name)]
        if st.toggle("More settings", key=f"{key} more") or hidden:
            form.columns(more)
    session.remember(key, dict(form.values))
    fit = all(form.fits(name) for name in form.values)
    return Chosen(form.values, preset.name, fit)


def _learned_by(draft: RunDraft) -> Learned | None:
    """What the run of a draft learns; None of an empty one."""
    known = draft.settings
    own = {"head": known.get("head"), "objective": known.get("objective", "sft")}
    return next((one for one, goal in AS_SETTINGS.items() if goal == own), None)


def what_is_learned(draft: RunDraft, *, writes: bool, key: str) -> Learned:
    """Let the person choose what a base model learns, which may write or not, as the draft has
    it."""
    possible: list[Learned] = list(LEARNED) if writes else ["labels"]
    start = _learned_by(draft)
    chosen: Learned = st.segmented_control(
        "What it learns",
        possible,
        default=start if start in possible else possible[0],
        format_func=lambda one: LEARNED[one][0],
        required=True,
        key=f"{key} head",
    )
    alone = "" if writes else "This base is an encoder, which reads and does not write. "
    st.caption(f"{alone}{LEARNED[chosen][1]}")
    return chosen


def _preset(key: str, fitting: Sequence[Preset], start: str) -> Preset:
    names = [preset.name for preset in fitting]
    chosen = st.segmented_control(
        "Start from",
        names,
        default=start if start in names else names[0],
        format_func=lambda name: PRESETS[name].label,
        required=True,
        key=f"{key} preset",
    )
    st.caption(PRESETS[chosen].summary)
    return PRESETS[chosen]


def _method(key: str, start: str, fitting: Sequence[str]) -> str:
    chosen: str = st.selectbox(
        "Method",
        list(fitting),
        list(fitting).index(start) if start in fitting else 0,
        format_func=lambda name: METHODS[name].label,
        key=f"{key} method",
        help="How the model is changed: its weights, or what stands beside or before them.",
    )
    st.caption(METHODS[chosen].summary)
    return chosen


class _Form:
    """Draws one input per setting and writes what was chosen into `values`."""

    def __init__(self, values: Settings, key: str) -> None:
        self.values, self.key = values, key

    def fits(self, name: str) -> bool:
        """Whether the setting can be used as it stands."""
        return not complaint_about(name, self.values)

    def columns(self, names: tuple[tuple[str, ...], ...]) -> None:
        """Draw settings in columns, each with the sentence that refuses it beneath."""
        for place, column in zip(st.columns(len(names)), names, strict=True):
            with place:
                for name in column:
                    self._draw(name)
                    if complaint := complaint_about(name, self.values):
                        st.markdown(f":red[:small[:material/error: {complaint}]]")

    def take_what_was_typed(self, names: tuple[tuple[str, ...], ...]) -> None:
        """Take over what stands in settings that may not be drawn again: a click that folds them
        can overtake the run of the script that would have kept it."""
        for name in (one for column in names for one in column):
            typed = session.widget_value(f"{self.key} {name}", self.values[name])
            self.values[name] = -1 if name == "max_steps" and typed is None else typed

    def _draw(self, name: str) -> None:
        value, label = self.values[name], SETTINGS[name].label
        key, explained = f"{self.key} {name}", HELP.get(name)
        if name in OPTIONS:
            options = self._options(name)
            start = list(options).index(value) if value in options else 0
            self.values[name] = st.selectbox(
                label, list(options), start, options.__getitem__, key=key, help=explained
            )
        elif isinstance(value, bool):
            self.values[name] = st.checkbox(label, value, key=key, help=explained)
        elif isinstance(value, str):
            self.values[name] = st.text_input(label, value, key=key, help=explained)
        elif name == "max_steps":
            most = None if value == -1 else value
            limit = st.number_input(
                label, value=most, step=1, placeholder="no limit", key=key, help=explained
            )
            self.values[name] = -1 if limit is None else limit
        else:
            # Without limits of its own: it would show a wrong number and send the last good one.
            shape, step = FORMATS.get(name, ("%.2f", 0.01))
            whole = isinstance(value, int)
            self.values[name] = st.number_input(
                label,
                value=value,
                step=1 if whole else step,
                format=None if whole else shape,
                key=key,
                help=explained,
            )

    def _options(self, name: str) -> dict[str, str]:
        options = OPTIONS[name]
        method = METHODS[self.values["method"]]
        if name == "activation_checkpointing" and not method.allows_checkpointing:
            return {"off": options["off"]}
        if name != "precision":
            return options
        fit = method.precisions
        return {one: title for one, title in options.items() if one in fit}
