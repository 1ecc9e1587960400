"""Makes the demo's base model: `python -m core.demo.maker.make_base --out DIR --minutes M`."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.prompts import DEFAULT_TEMPLATE

CARD = """\
---
license: mit
pipeline_tag: text-generation
---
# The demo's base model

A toy: a Llama of {parameters:,} parameters, made by `python -m core.demo.maker.make_base` in
{minutes:g} minutes on one busy CPU core, from text alone that `core/demo/maker/tasks.py` draws.
It knows no language and no facts. It can repeat words, look values up in lists, and read facts out
of short made-up texts about deliveries, bookings, lost property, repairs, lab samples and fairs.

It was never shown the demo task, a demo note or a demo record. It did see the words that demo
notes are written with, one by one in lists, so that their tokens mean something; the demo's names,
numbers and needs are kept apart by a checksum (`core/demo/words.py`) and occur nowhere in its text.
It did learn, on the other subjects, to list facts line by line and that one bad remark outweighs
good ones: record and decision need the same skills, with other fields, words and labels. It was
trained on single short prompts only: behind three worked examples it answers little of use.

It is here so that every station of Touchstone can be tried offline on a CPU. What a LoRA run gains
on it says nothing about what a real base model would gain.

Prompts look like `prompt_template.txt`. Weights are fp16, `<pad>` and `<eos>` differ, the context
is 2,048 tokens, of which about 250 were used in training. The curriculum follows the clock, so a
second run with the same seed gives a similar model, not the same one. The shipped folder was made
in four sittings (`--resume`), between which tasks were added to `core/demo/maker/tasks.py`.

`python -m core.demo.maker.check` measures whether a folder like this one is fit for the demo.
"""


def describe(out: Path, parameters: int, minutes: float) -> None:
    """Writes the model card and the prompt template beside the weights."""
    card = CARD.format(parameters=parameters, minutes=minutes)
    (out / "README.md").write_text(card, encoding="utf-8")
    (out / "prompt_template.txt").write_text(DEFAULT_TEMPLATE, encoding="utf-8")


def main() -> None:
    """Pre-trains and writes the model folder; takes `--minutes`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="go on from this model folder")
    asked = parser.parse_args()
    from core.demo.maker.pretraining import Recipe, pretrain

    recipe = Recipe(minutes=asked.minutes, seed=asked.seed, resume=asked.resume)
    parameters = pretrain(recipe, asked.out, lambda line: print(line, flush=True))
    describe(asked.out, parameters, asked.minutes)


if __name__ == "__main__":
    main()
