"""What the README says is there: its file map, its commands, its pages, its pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from cli import app
from pages.navigation import TABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = re.findall(r"^\| `([\w./]+)` \|", README, flags=re.MULTILINE)
PICTURES = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)


@pytest.mark.parametrize("path", MAP)
def test_every_path_of_the_file_map_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_file_map_names_every_folder_of_the_program() -> None:
    folders = {
        f"{package.parent.relative_to(ROOT).as_posix()}/"
        for top in ("core", "pages", "terminal")
        for package in (ROOT / top).glob("*/__init__.py")
    }
    assert folders - set(MAP) == set()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make ([\w-]+)", README, re.MULTILINE))))
def test_every_make_command_has_a_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


def test_every_touchstone_command_exists() -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"touchstone (\w+)", README))
    assert named
    assert named <= known


def test_every_page_of_the_loop_is_in_the_navigation() -> None:
    named = set(re.findall(r"`/(\w+)`", README))
    assert named <= {entry.path for entry in TABLE}


@pytest.mark.parametrize("picture", PICTURES)
def test_every_picture_is_there_and_small(picture: str) -> None:
    assert (ROOT / picture).stat().st_size < 300_000
