"""The wall that code of models runs behind: what it lets through, and what not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.errors import InvalidInput
from core.scoring import code_sandbox
from core.scoring.code_sandbox import Limits, NoSandbox, Outcome, check_sandbox, run_code

ROOT = Path(__file__).parents[2]
SHORT = Limits(cpu_seconds=1, wall_seconds=60)


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    try:
        check_sandbox()
    except NoSandbox as error:
        pytest.skip(error.message)


def ran(code: str, tests: str = "", limits: Limits = SHORT) -> Outcome:
    return run_code(code, tests, limits)


def test_code_passes_when_its_tests_do_and_says_why_when_not() -> None:
    code = "def add(a, b):\n    return a + b\n"
    assert ran(code, "assert add(1, 2) == 3") == Outcome(True)
    assert ran(code, "assert add(1, 2) == 4, 'sum'") == Outcome(False, "AssertionError: sum")
    assert ran("def add(", "").reason.startswith("SyntaxError")
    assert ran("import math, random, re, json, itertools, heapq, decimal, datetime").passed


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "import os; os._exit(0)"])
def test_code_that_leaves_before_its_tests_has_not_passed(leave: str) -> None:
    assert not ran(leave, "assert False").passed


def test_what_the_code_prints_is_no_answer() -> None:
    forged = 'import os\nfor fd in range(3, 64):\n    try: os.write(fd, b\'{"passed": "x"}\\n\')\n'
    assert not ran(forged + "    except OSError: pass\nprint('passed')\nraise SystemExit").passed
    flood = (
        "import os\nwhile True:\n    for fd in range(3, 9):\n        try: os.write(fd, b'x' * 9999)"
    )
    assert not ran(flood + "\n        except OSError: pass").passed


def test_an_endless_loop_is_stopped_by_its_cpu_time_and_a_sleep_by_the_clock() -> None:
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert "more than 1 s of CPU time" in ran(stubborn).reason
    asleep = ran("import time; time.sleep(1000)", limits=Limits(wall_seconds=1))
    assert asleep.reason == "It was not done after 1 s."


def test_memory_files_and_processes_are_limited() -> None:
    assert ran("x = bytearray(2_000_000_000)").reason.startswith("MemoryError")
    assert ran("x = []\nwhile True:\n    x.append(bytearray(1_000_000))").reason.startswith(
        "MemoryError"
    )
    assert "File too large" in ran("open('x', 'wb').write(bytes(20_000_000))").reason
    many = "for k in range(9):\n    open(str(k), 'wb').write(bytes(4_000_000))"
    assert "No space left" in ran(many).reason
    assert ran("open('x', 'w').write('mine'); assert open('x').read() == 'mine'").passed
    assert ran("import os; os.fork()").reason.startswith("BlockingIOError")
    thread = "import threading; threading.Thread(target=print).start()"
    assert "can't start new thread" in ran(thread).reason


def test_nothing_is_left_of_a_fork_bomb_that_swallows_its_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"  # a name that no other process has
    shutil.copy(code_sandbox.CHILD, child)
    monkeypatch.setattr(code_sandbox, "CHILD", child)
    limits = Limits(cpu_seconds=1, processes=8, wall_seconds=1)
    bomb = "import os\nos.setsid()\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    assert not ran(bomb, limits=limits).passed
    assert [one for one in psutil.process_iter() if str(child) in _command(one)] == []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_no_network_not_even_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.setblocking(False)
        reach = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        assert "unreachable" in ran(reach).reason
        with pytest.raises(BlockingIOError):
            server.accept()
    outside = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    assert "unreachable" in ran(outside).reason
    assert ran("import socket; assert [n for _, n in socket.if_nameindex()] == ['lo']").passed


def test_files_of_this_machine_are_not_there_and_libraries_cannot_be_changed(
    tmp_path: Path,
) -> None:
    database = tmp_path / "touchstone.duckdb"
    database.write_text("secret")
    away = [str(database), "/etc/passwd", "/proc/self/environ", "/dev/null", str(ROOT / "app.py")]
    fixed = ["/new", "/usr/lib/new", os.path.dirname(os.__file__) + "/new.py", "/etc/new"]
    code = f"""
import errno
def error_of(*arguments):
    try: open(*arguments)
    except OSError as error: return error.errno
assert all(error_of(path) == errno.ENOENT for path in {away})
assert error_of({str(database)!r}, "w") == errno.ENOENT
assert all(error_of(path, "w") in (errno.EROFS, errno.EACCES) for path in {fixed})
"""
    assert ran(code) == Outcome(True)
    assert database.read_text() == "secret"
    assert ran("import os; assert set(os.environ) <= {'LC_CTYPE'}").passed
    assert ran("import os; assert os.getcwd() == '/work'").passed
    assert ran("import os; assert os.getpid() == 1 and os.listdir() == []").passed


def test_the_wall_cannot_be_taken_down_from_inside() -> None:
    calls = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
got = []
got.append(libc.mount(b"none", b"/work", b"tmpfs", ctypes.c_ulong(0), None))
got.append(libc.umount2(b"/usr/lib", 2))
got.append(libc.mount(None, b"/", None, ctypes.c_ulong(32 | 4096), None))
got.append(libc.unshare(0x00020000))
got.append(libc.unshare(0x10000000))
got.append(libc.unshare(0x50000000))
got.append(libc.setuid(0) if __import__("os").getuid() else -1)
got.append(libc.chroot(b"/work"))
assert got == [-1] * 8, got
"""
    assert ran(calls) == Outcome(True)
    no_folder = """
import os, stat
def is_folder(fd):
    try: return stat.S_ISDIR(os.fstat(fd).st_mode)
    except OSError: return False
assert not any(map(is_folder, range(64)))
"""
    assert ran(no_folder) == Outcome(True)
    assert ran("import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))").reason


def test_without_namespaces_nothing_is_run_and_it_is_said(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    script = tmp_path / "script.py"
    script.write_text(
        "from core.scoring.code_sandbox import Limits, run_code\n"
        f"run_code(\"open('{tmp_path / 'ran'}', 'w')\", '', Limits())\n"
    )
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$1"'
    done = subprocess.run(
        ["unshare", "-r", "sh", "-c", forbid, sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "NoSandbox: This machine does not let Touchstone build the wall" in done.stderr
    assert "unshare: No space left on device" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_limits_of_nothing_are_refused() -> None:
    with pytest.raises(InvalidInput, match="below 1"):
        Limits(memory_mb=0)
