"""The inside of the code sandbox: builds the wall, then runs the code behind it.

Run by code_sandbox.py as `python -I -S sandbox_child.py`, never imported; it knows nothing of
Touchstone. Reads {"code", "tests", "nonce", limits …} from standard input; writes JSON lines to
standard output: {"walled": nonce} once the wall stands and before any of the code runs, then
{"passed": nonce} or {"failed": "why"}, or {"killed": signal} of a process that could say neither;
{"no_wall": "why"} when nothing was run.

The wall: new user, mount, network, process, IPC and host-name namespaces; a root that is an empty
tmpfs with Python's library and the system's libraries, read-only; no /proc, no /dev; an own folder
of a few megabytes; another user than root; no capabilities and none to be had; limits on memory,
CPU, processes, open and written files.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import stat
import sys
import sysconfig
from contextlib import suppress
from typing import Any, NoReturn

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 0x1, 0x2, 0x4
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
SYS_MOUNT_SETATTR = 442  # the same on every architecture; Linux 5.12
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
KEYCTL_JOIN_SESSION_KEYRING = 1
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
NOBODY = 65534
NOBODY_TOO, ROOT_ALONE = b"n", b"r"
FILES = 4096
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
ROOT = "/tmp"  # in the new mount namespace: what others see there stays as it is
FOLDER = "/work"
LONGEST_REASON = 500

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """One job from standard input, one answer to standard output."""
    job = json.load(sys.stdin)
    told = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    ready, mapped = os.pipe(), os.pipe()
    outer = os.getpid()
    inner = os.fork()
    if not inner:
        _inside(job, told, outer, ready[1], mapped[0])
    os.close(ready[1])
    try:
        if os.read(ready[0], 1):
            os.write(mapped[1], NOBODY_TOO if _map_users(inner) else ROOT_ALONE)
    except OSError as error:
        tell(told, {"no_wall": _why(error)})
    os.close(mapped[1])
    os.waitpid(inner, 0)


def _inside(job: dict[str, Any], told: int, outer: int, ready: int, mapped: int) -> NoReturn:
    """Enters new namespaces, and starts the process that is the first and only one in them."""
    try:
        _die_with_parent(outer)
        _call("unshare", NEWUSER | NEWNS | NEWNET | NEWPID | NEWIPC | NEWUTS)
        os.write(ready, b"1")
        os.close(ready)
        users = os.read(mapped, 1)
        if not users:
            os._exit(1)  # the other process has told why
        _no_more_namespaces()
        _new_root(job["disk"])
        parent = os.getpid()
        first = os.fork()
        if not first:
            os.close(mapped)
            _behind_the_wall(job, told, parent, users)
        _, status = os.waitpid(first, 0)
        if os.WIFSIGNALED(status):
            tell(told, {"killed": os.WTERMSIG(status)})
    except OSError as error:
        tell(told, {"no_wall": _why(error)})
    os._exit(0)


def _behind_the_wall(job: dict[str, Any], told: int, parent: int, users: bytes) -> NoReturn:
    """Gives up what is left of root, then runs the code. Raises OSError before that only."""
    if users == NOBODY_TOO:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _die_with_parent(parent)
    _own_keyring()
    _no_capabilities()
    _limits(job)
    run(job, told)


def _map_users(pid: int) -> bool:
    """Root inside is who runs this. Whether there is a nobody, too: only root outside may have one,
    and needs it, as the limit of processes does not hold for the machine's root."""
    user, group = f"0 {os.geteuid()} 1", f"0 {os.getegid()} 1"
    nobody = f"\n{NOBODY} {NOBODY} 1"
    with suppress(OSError):
        _write(f"/proc/{pid}/gid_map", group + nobody)
        _write(f"/proc/{pid}/uid_map", user + nobody)
        return True
    with suppress(OSError):
        _write(f"/proc/{pid}/setgroups", "deny")
        _write(f"/proc/{pid}/gid_map", group)
    _write(f"/proc/{pid}/uid_map", user)
    return False


def _new_root(disk: int) -> None:
    """An empty root with the libraries, read-only, and a folder of `disk` bytes to write to."""
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    python = os.path.dirname(sysconfig.get_path("stdlib"))
    shown = [path for path in (*LIBRARIES, python) if os.path.exists(path)]
    sources = {path: os.open(os.path.realpath(path), os.O_PATH) for path in dict.fromkeys(shown)}
    _mount("tmpfs", ROOT, "tmpfs", MS_NOSUID | MS_NODEV, f"size=1m,nr_inodes={FILES},mode=755")
    for path, source in sources.items():
        is_folder = stat.S_ISDIR(os.fstat(source).st_mode)
        _show(f"/proc/self/fd/{source}", ROOT + path, is_folder)
        os.close(source)
    os.mkdir(ROOT + FOLDER)
    options = f"size={disk},nr_inodes={FILES},mode=1777"
    _mount("tmpfs", ROOT + FOLDER, "tmpfs", MS_NOSUID | MS_NODEV, options)
    _read_only(ROOT, recursive=False)
    os.chdir(ROOT)
    _call("syscall", SYS_PIVOT_ROOT[os.uname().machine], b".", b".", name="pivot_root")
    _call("umount2", b".", MNT_DETACH)
    os.chdir(FOLDER)


def _show(source: str, target: str, is_folder: bool) -> None:
    """Bind what a path of the old root holds, read-only, to the same path of the new one."""
    os.makedirs(target if is_folder else os.path.dirname(target), exist_ok=True)
    if not is_folder:
        os.close(os.open(target, os.O_CREAT, 0o644))
    _mount(source, target, None, MS_BIND | MS_REC)
    _read_only(target, recursive=True)


def _read_only(path: str, *, recursive: bool) -> None:
    """mount_setattr(2), which also reaches the mounts below."""
    attributes = (ctypes.c_uint64 * 4)(ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, 0, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    _call(
        "syscall", SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), flags,
        attributes, ctypes.sizeof(attributes), name="mount_setattr",
    )  # fmt: skip


def _no_more_namespaces() -> None:
    """In here nobody can make a further user namespace and be root in it."""
    with suppress(OSError):  # a container with /proc/sys read-only: they are no way out either
        _write("/proc/sys/user/max_user_namespaces", "0")


def _own_keyring() -> None:
    """A session keyring of its own: namespaces do not part keys from those of the parent."""
    number = SYS_KEYCTL[os.uname().machine]
    try:
        _call("syscall", number, KEYCTL_JOIN_SESSION_KEYRING, None, name="keyctl")
    except OSError as error:
        if error.errno != errno.ENOSYS:  # a kernel without keys has none to be read
            raise


def _no_capabilities() -> None:
    """None now, and none by executing anything."""
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _limits(job: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (1, job["processes"]))
    try:
        if not os.fork():
            os._exit(0)
    except BlockingIOError:
        pass
    else:
        raise OSError(errno.EPERM, "it does not hold for this user", "the limit of processes")
    for limit, most in (
        (resource.RLIMIT_AS, job["memory"]),
        (resource.RLIMIT_CPU, job["cpu"]),
        (resource.RLIMIT_FSIZE, job["disk"]),
        (resource.RLIMIT_NPROC, job["processes"]),
        (resource.RLIMIT_NOFILE, job["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def run(job: dict[str, Any], told: int) -> NoReturn:
    """The code, then its tests in the same names. Leaves without cleaning up after the code."""
    tell(told, {"walled": job["nonce"]})
    answer = {"passed": job["nonce"]}
    try:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(job["code"], "answer.py", "exec"), names)
        exec(compile(job["tests"], "tests.py", "exec"), names)
    except BaseException as error:  # SystemExit, too: tests that were not reached have not passed
        answer = {"failed": f"{type(error).__name__}: {error}"[:LONGEST_REASON]}
    tell(told, answer)
    os._exit(0)


def tell(told: int, answer: dict[str, Any]) -> None:
    """One JSON line to who started this."""
    os.write(told, json.dumps(answer).encode() + b"\n")


def _die_with_parent(parent: int) -> None:
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() not in (0, parent):  # 0: the parent is outside of this process namespace
        os._exit(1)


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str = ""
) -> None:
    texts = (None if text is None else text.encode() for text in (source, target, kind))
    first, second, third = texts
    _call("mount", first, second, third, ctypes.c_ulong(flags), options.encode())


def _call(function: str, *arguments: Any, name: str = "") -> None:
    if getattr(_libc, function)(*arguments) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name or function)


def _why(error: OSError) -> str:
    return f"{error.filename or 'a system call'}: {error.strerror}"


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
