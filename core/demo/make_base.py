"""Makes the demo's base model. Run: `python -m core.demo.make_base --out DIR --minutes M --seed S`."""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    from core.gpu.pretrain import Recipe, pretrain

    pretrain(
        Recipe(minutes=asked.minutes, seed=asked.seed), asked.out, lambda s: print(s, flush=True)
    )


if __name__ == "__main__":
    main()
