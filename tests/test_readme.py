"""What README.md and tests/README.md say is there: files, commands, pages, tests, sentences."""

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
SHOWN = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"([\w/]+\.py)::(\w+)", SHOWN)))
FAULTS, _, REPORTS = SHOWN.partition("## What breaks in similar training tools")
TRAINING, _, ANNOTATION = REPORTS.partition("## What breaks in similar annotation tools")
QUOTED = re.findall(r"“([^”]+)”", FAULTS.partition("|---|")[2])
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


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_every_test_named_in_the_readme_of_the_tests_exists(path: str, name: str) -> None:
    source = (ROOT / "tests" / path).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", source, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def said() -> str:
    """The text of core/, with strings that go on in the next line joined."""
    files = sorted((ROOT / "core").rglob("*.py"))
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return re.sub(r'"\s*\n\s*f?"', "", source)


@pytest.mark.parametrize("sentence", QUOTED)
def test_the_program_says_every_sentence_that_is_quoted_for_a_fault(
    sentence: str, said: str
) -> None:
    assert all(part.strip() in said for part in sentence.split("…"))


@pytest.mark.parametrize(("reports", "last"), [(TRAINING, 62), (ANNOTATION, 61)])
def test_every_report_about_similar_tools_has_its_row(reports: str, last: int) -> None:
    numbers: list[int] = []
    for cell in re.findall(r"^\| ([\d–, ]+) \|", reports, flags=re.MULTILINE):
        for part in cell.split(", "):
            first, _, until = part.partition("–")
            numbers += range(int(first), int(until or first) + 1)
    assert sorted(numbers) == list(range(1, last + 1))
