"""Starts the server in this process: `touchstone serve`, from a checkout or an installed wheel.

The settings are those of `.streamlit/config.toml`. In a checkout Streamlit finds them beside
`app.py`; an installed wheel has them under share/touchstone, and hands them on as flags. What the
environment (STREAMLIT_SERVER_PORT …) or a `.streamlit/config.toml` in the present folder says
goes first.
"""

from __future__ import annotations

import json
import os
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import TouchstoneError

REFUSED_START = 3  # what uvicorn exits with
SETTINGS = Path(".streamlit") / "config.toml"


class SettingsMissing(TouchstoneError):
    """The installation lacks the server's script or its settings."""

    title = "The installation is not complete"


class CannotListen(TouchstoneError):
    """The address is none of this machine's, or not allowed."""

    title = "The server cannot start"


def serve(port: int | None = None, address: str | None = None) -> None:
    """Run the server until it is stopped. Raises SettingsMissing, CannotListen, and SystemExit with
    1 when the start was refused, which has been told."""
    from click.exceptions import Abort, ClickException
    from streamlit.web import cli as streamlit

    script = _main_script()
    options = {} if (script.parent / SETTINGS).is_file() else shipped_options()
    own = options_of(SETTINGS) if SETTINGS.is_file() else {}
    options = {name: value for name, value in (options | own).items() if not in_environment(name)}
    chosen = {"server.port": port, "server.address": address}
    options |= {name: value for name, value in chosen.items() if value is not None}
    try:
        streamlit.main(["run", str(script), *flags(options)], standalone_mode=False)
    except Abort:  # Ctrl-C, after which everything was closed
        return
    except ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except SystemExit as ended:
        raise SystemExit(1 if ended.code == REFUSED_START else ended.code) from None
    except OSError as error:
        raise CannotListen(
            f"The server cannot listen at {address or 'this address'}: {error.strerror}. Choose "
            "another --address or --port."
        ) from None


def _main_script() -> Path:
    """`app.py`, wherever it is installed; not imported, as the settings are not read yet."""
    found = find_spec("app")
    if found is None or found.origin is None:
        raise SettingsMissing("The server's script is missing. Install Touchstone again.")
    return Path(found.origin)


def shipped_options() -> dict[str, Any]:
    """The settings that the wheel brings along. Raises SettingsMissing."""
    for file in metadata.files("touchstone") or ():
        if file.parts[-2:] == ("touchstone", "config.toml"):
            return options_of(Path(str(file.locate())))
    raise SettingsMissing("The server's settings are missing. Install Touchstone again.")


def options_of(path: Path) -> dict[str, Any]:
    """Section and name with a dot between them → value, of a TOML file."""
    return _flat(tomllib.loads(path.read_text(encoding="utf-8")))


def flags(options: dict[str, Any]) -> list[str]:
    """The options as `streamlit run` takes them."""
    return [f"--{name}={_written(value)}" for name, value in options.items()]


def _flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{name}.")
        else:
            found[f"{above}{name}"] = value
    return found


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def in_environment(name: str) -> bool:
    """Whether the environment sets this option."""
    words = "".join(f"_{c}" if c.isupper() else c for c in name).replace(".", "_")
    return f"STREAMLIT_{words}".upper() in os.environ
