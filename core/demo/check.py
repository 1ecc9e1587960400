"""Is a base model fit for the demo? Run: `python -m core.demo.check [--base DIR]` (2 minutes).

Tunes a LoRA on 950 clean notes and answers 120 others with base, prompted base and tuned.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

BASE = Path(__file__).parent / "base"


def main() -> None:
    """Prints each system's scores, then everything as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=BASE)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--learning-rate", type=float, default=5e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    from core.gpu.demo_check import LoraRecipe, check

    recipe = LoraRecipe(
        epochs=asked.epochs,
        batch=asked.batch,
        learning_rate=asked.learning_rate,
        threads=asked.threads,
    )
    print(json.dumps(check(asked.base, recipe, lambda line: print(line, flush=True))))


if __name__ == "__main__":
    main()
