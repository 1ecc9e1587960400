"""The wheel holds everything that the program reads, and declares exactly what it imports."""

from __future__ import annotations

import ast
import re
import shutil
import site
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.serving import DEMO, ROOT, Server, free_port, wait_until_up

PROGRAM = ("core", "storage", "pages", "terminal", "app.py", "cli.py")
BESIDE = ("pyproject.toml", "README.md", "LICENSE", ".streamlit")
# Loaded by transformers when a spec asks for them, not by an import of ours.
LOADED_BY_NAME = {"accelerate", "bitsandbytes"}
EXTRAS = {"ray": "ray", "tracking": "mlflow"}
IMPORT_NAMES = {
    "mlflow-skinny": "mlflow",
    "argon2-cffi": "argon2",
    "phonenumberslite": "phonenumbers",
    "python-docx": "docx",
}


def sources() -> list[Path]:
    """Every file of the program, caches left out."""
    found = [ROOT / "app.py", ROOT / "cli.py"]
    for folder in ("core", "storage", "pages", "terminal"):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built without network."""
    copy = tmp_path_factory.mktemp("tree")
    for name in (*PROGRAM, *BESIDE):
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, copy / name)
    code = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=copy, check=True, capture_output=True
    )
    [built] = (copy / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_program_and_its_settings(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in sources()}
    assert wanted - packed == set()
    assert any(name.endswith("share/touchstone/config.toml") for name in packed)
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    assert not any(name.startswith("tests/") for name in packed)


@pytest.mark.slow
def test_an_installed_wheel_serves_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    [packages] = home.glob("lib/*/site-packages")
    # the dependencies of this environment, but not its editable install of Touchstone
    (packages / "dependencies.pth").write_text(site.getsitepackages()[0] + "\n")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([python, *install], check=True, timeout=300)
    empty = tmp_path / "empty"
    empty.mkdir()
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [home / "bin" / "touchstone", "serve", "--port", str(port), "--home", "w"],
            cwd=empty, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", empty / "w", log, process)
    try:
        wait_until_up(server, 120)
        with server.client() as client:
            for path in ("/watch.js", "/theme.js", "/sign_in.css", "/mark.svg"):
                assert client.get(path).status_code == httpx.codes.OK
        assert server.setup_link().startswith(server.url)  # 127.0.0.1: the shipped settings
        told = subprocess.run(
            [home / "bin" / "touchstone", "status", "--home", "w"],
            cwd=empty, capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        assert DEMO in told.stdout
        assert str(packages) in str(_where(python, empty))
    finally:
        server.stop()


def _where(python: Path, folder: Path) -> str:
    code = "import core; print(core.__path__[0])"
    return subprocess.check_output([python, "-c", code], cwd=folder, text=True)


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.match(r"[\w.-]+", one)[0] for one in project["dependencies"]}  # type: ignore[index]
    declared = {IMPORT_NAMES.get(name, name) for name in names}
    imported = {
        name
        for path in sources()
        if path.suffix == ".py"
        for name in _imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    own = {Path(name).stem for name in PROGRAM}
    foreign = imported - own - set(sys.stdlib_module_names)
    # Extras are imported only where a cluster, or a tracking server, is named.
    assert foreign - declared == set(EXTRAS.values())
    for extra, module in EXTRAS.items():
        (one,) = project["optional-dependencies"][extra]
        name = re.match(r"[\w.-]+", one)[0]  # type: ignore[index]
        assert IMPORT_NAMES.get(name, name) == module
    assert declared - foreign - LOADED_BY_NAME == set()


def _imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
