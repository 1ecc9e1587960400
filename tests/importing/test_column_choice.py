"""What the import page makes of the chosen columns: as detected, unless a person says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.importing.pipeline import Accepted
from core.importing.preview import preview
from core.importing.shapes import SHAPES, Shape
from pages.curation.column_mapping import _mapping


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_columns_that_were_detected_are_usable_when_they_are_left_as_they_are(
    tmp_path: Path, shape: Shape
) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(shape.record) + "\n" for _ in range(3)))
    detected = preview(path)
    assert detected.mapping is not None
    fields = ("instruction", "input", "output", "id", "label", "constant_instruction")
    values = {name: getattr(detected.mapping, name) for name in fields}
    values["json_values"] = False
    chosen = _mapping(detected, values, detected.mapping.meta, {})
    assert chosen.explode == detected.mapping.explode
    assert chosen.chat == detected.mapping.chat
    assert isinstance(preview(path, chosen).outcomes[0], Accepted)
