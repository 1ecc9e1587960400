"""The settings of a run: what matters first, the rest on demand, each term with its sentence."""

from __future__ import annotations

from typing import Any

import streamlit as st

Settings = dict[str, Any]
METHODS = {
    "lora": "LoRA",
    "qlora": "QLoRA (base in 4 bits)",
}
PRECISIONS = {"auto": "auto", "bf16": "bf16", "fp32": "fp32", "4bit": "4-bit (QLoRA)"}
OVERLONG = {
    "refuse": "Stop and tell me",
    "drop": "Leave the example out",
    "truncate": "Cut the answer's end off",
}
SCHEDULES = {
    "cosine": "Cosine to zero",
    "linear": "Straight to zero",
    "constant": "Constant",
}


def run_settings(defaults: Settings, *, key: str) -> Settings:
    """Draw the form, filled with `defaults`; every setting as it stands."""
    chosen = dict(defaults)
    form = _Form(chosen, key)
    with st.container(border=True):
        _essential(form)
        if st.toggle("More settings", key=f"{key} more"):
            _more(form)
        else:
            # Widgets that are not drawn forget their values, so this tab keeps them.
            chosen |= {n: v for n, v in form.kept().items() if n not in form.drawn}
    form.keep()
    return chosen


class _Form:
    """Draws one input per setting and writes what was chosen into `values`."""

    def __init__(self, values: Settings, key: str) -> None:
        from pages.components import session

        self.values, self.key, self.session = values, key, session
        self.drawn: set[str] = set()

    def kept(self) -> Settings:
        """What was chosen here before."""
        found: Settings = self.session.recall(self.key, {})
        return found

    def keep(self) -> None:
        """Remember everything chosen."""
        self.session.remember(self.key, dict(self.values))

    def _start(self, name: str) -> Any:
        self.drawn.add(name)
        return self.kept().get(name, self.values[name])

    def number(self, name: str, label: str, explained: str, **limits: Any) -> None:
        """A number; whole where its default is."""
        self.values[name] = st.number_input(
            label, value=self._start(name), key=f"{self.key} {name}", help=explained, **limits
        )

    def limit(self, name: str, label: str, explained: str) -> None:
        """A whole number above 0, or nothing, which is −1 in the settings."""
        start = self._start(name)
        chosen = st.number_input(
            label, 1, value=start if start > 0 else None, step=1, placeholder="no limit",
            key=f"{self.key} {name}", help=explained,
        )  # fmt: skip
        self.values[name] = -1 if chosen is None else chosen

    def choice(self, name: str, label: str, explained: str, options: dict[str, str]) -> None:
        """One of a few named options."""
        names = list(options)
        self.values[name] = st.selectbox(
            label,
            names,
            index=names.index(self._start(name)),
            format_func=options.__getitem__,
            key=f"{self.key} {name}",
            help=explained,
        )


def _essential(form: _Form) -> None:
    left, middle, right = st.columns(3)
    with left:
        form.choice(
            "method",
            "Method",
            "LoRA trains small matrices beside the frozen weights; QLoRA keeps those in 4 bits, "
            "which is slower, for models that do not fit otherwise.",
            METHODS,
        )
        form.number(
            "learning_rate",
            "Learning rate",
            "How far each step moves the weights; too high diverges, too low learns nothing.",
            min_value=0.0,
            step=1e-5,
            format="%.6f",
        )
    with middle:
        form.number(
            "lora_r",
            "LoRA rank r",
            "Width of the added matrices: higher learns more and costs more memory; 8 to 64.",
            min_value=1,
        )
        form.number(
            "num_train_epochs",
            "Epochs",
            "How often every training example is seen.",
            min_value=0.0,
            step=0.5,
            format="%.2f",
        )
    with right:
        form.number(
            "per_device_train_batch_size",
            "Batch size",
            "Examples looked at together; halve it when memory runs out.",
            min_value=1,
        )
        form.number(
            "early_stopping_patience",
            "Early stopping after (0: never)",
            "Validations without a better loss before the run ends by itself.",
            min_value=0,
        )


def _more(form: _Form) -> None:
    left, middle, right = st.columns(3)
    with left:
        form.number(
            "lora_alpha",
            "LoRA alpha",
            "Strength of what LoRA adds; 2 × rank is usual.",
            min_value=1,
        )
        form.number(
            "lora_dropout",
            "LoRA dropout",
            "Share of the added signal left out at random, against learning by heart.",
            min_value=0.0,
            max_value=0.9,
            step=0.01,
        )
        form.choice(
            "precision",
            "Precision",
            "How numbers are kept; auto takes what the device does best.",
            PRECISIONS,
        )
        form.number("seed", "Seed", "The same seed, data and settings give the same run.")
    with middle:
        form.limit(
            "max_steps", "Steps at most", "Ends the run there; left empty, the epochs decide."
        )
        form.number(
            "gradient_accumulation_steps",
            "Accumulation",
            "Batches added up before one step: a bigger batch without more memory.",
            min_value=1,
        )
        form.number(
            "warmup_steps",
            "Warm-up, in steps or as a share",
            "Steps in which the learning rate rises; below 1 it is a share of all steps.",
            min_value=0.0,
            step=0.01,
        )
        form.choice(
            "lr_scheduler_type", "Schedule", "How the learning rate falls after that.", SCHEDULES
        )
    with right:
        form.number(
            "weight_decay",
            "Weight decay",
            "Pulls the added weights towards zero; 0 does not.",
            min_value=0.0,
            step=0.01,
        )
        form.number(
            "max_length", "Longest example, in tokens", "Prompt and answer together.", min_value=8
        )
        form.choice(
            "overlong", "Longer examples", "What to do with those over that length.", OVERLONG
        )
        form.number(
            "eval_steps",
            "Validate every … steps (0: once an epoch)",
            "How often the loss on the validation split is measured.",
            min_value=0,
        )
