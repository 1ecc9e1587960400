"""The demo's tuned model on notes that nobody looked at while the demo was made.

    touchstone demo --home DIR --json
    python -m tests.benchmarks.demo_untouched DIR [seed] [notes]

The learning rate and some templates were chosen after looking at the demo's own test split, so its
scores are a little too good. These notes come from another seed; a note is left out when its
company or contact occurs in the demo's examples.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from core.demo.maker.lora_check import generate
from core.demo.notes import DEMO_FIELDS, DemoExample, make_examples
from core.gpu.adapters import load_adapter
from core.gpu.models import load_model
from core.prompts import PromptTemplate
from core.scoring.answers import Answer, ScoringPlan, score_answers
from core.tuning.run_spec import RunSpec


def main(home: Path, seed: int, notes: int) -> None:
    """Prints token F1 and the share of exactly right values per field."""
    _short, folder = sorted((home / "runs").glob("run_*"))  # by their ids, the older one first
    spec = RunSpec.from_json(json.loads((folder / "spec.json").read_text(encoding="utf-8")))
    loaded = load_model(spec.base.location, home, "fp32")
    tuned = load_adapter(loaded, folder / "final")
    examples = untouched(seed, notes)
    template = PromptTemplate(spec.prompt.template)
    prompts = [template.render(e.instruction, e.input) for e in examples]
    texts = generate(tuned, loaded.tokenizer, prompts)
    answers = [
        Answer("tuned", str(k), "", e.output, text)
        for k, (e, text) in enumerate(zip(examples, texts, strict=True))
    ]
    plan = ScoringPlan("extraction", tuple(DEMO_FIELDS), "decision")
    _, summaries = score_answers(answers, plan)
    print(json.dumps(summaries["tuned"].as_json(), indent=1))


def untouched(seed: int, notes: int) -> list[DemoExample]:
    """Notes without a flaw whose company and contact the demo does not know."""
    known = {_value(e, name) for e in make_examples() for name in ("company", "contact")}
    fresh = [
        e
        for e in make_examples(2 * notes, seed)
        if e.flaw is None and not {_value(e, "company"), _value(e, "contact")} & known
    ]
    print(f"{len(fresh[:notes])} notes of seed {seed}")
    return fresh[:notes]


def _value(example: DemoExample, name: str) -> str:
    line = next((x for x in example.output.split("\n") if x.startswith(f"{name}:")), "")
    return line.partition(":")[2].strip()


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[2:]]
    main(Path(sys.argv[1]), *numbers, *(2026, 500)[len(numbers) :])
