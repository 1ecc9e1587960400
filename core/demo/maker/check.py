"""Measures whether a base model is fit for the demo: `python -m core.demo.maker.check`.

Tunes a LoRA on 950 clean notes and answers 120 others with base, prompted base and tuned.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

BASE = Path(__file__).parent.parent / "base"


def main() -> None:
    """Prints each system's scores, then everything as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=BASE)
    for name, kind in (("epochs", int), ("learning-rate", float), ("batch", int), ("threads", int)):
        # Left out, it is the recipe's own.
        parser.add_argument(f"--{name}", type=kind, default=argparse.SUPPRESS)
    asked = vars(parser.parse_args())
    from core.demo.maker.lora_check import LoraRecipe, check

    base = asked.pop("base")
    print(json.dumps(check(base, LoraRecipe(**asked), lambda line: print(line, flush=True))))


if __name__ == "__main__":
    main()
