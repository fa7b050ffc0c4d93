"""Mounts: file systems that only one process and its children see, and that end with it."""

import ctypes
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

# Source: unshare(2) and mount(2).
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_REMOUNT, _PRIVATE, _RECURSIVE = 1 << 5, 1 << 18, 1 << 14

_P = ParamSpec("_P")
_T = TypeVar("_T")


@cache
def can_mount() -> bool:
    """Return whether a process may mount a tmpfs for itself."""
    if sys.platform != "linux":
        return False
    try:
        with tempfile.TemporaryDirectory() as folder:
            in_own_mounts(mount_tmpfs, Path(folder), 1_000_000)
    except OSError:
        return False
    return True


def in_own_mounts(work: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs) -> _T:
    """Call a function, which can be sent to another process, in one with mounts of its own; return its result.

    Raises:
        OSError: the process may have no mounts of its own.
        Exception: whatever the function raises.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, work, arguments, keywords))
    process.start()
    theirs.close()
    try:
        result, error = ours.recv()
    except EOFError:
        result, error = None, RuntimeError("The process with mounts of its own died.")
    process.join()
    if error is not None:
        raise error
    returned: _T = result
    return returned


def _answer(pipe: Connection, work: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    try:
        _enter_own_mounts()
        pipe.send((work(*arguments, **keywords), None))
    except Exception as error:
        pipe.send((None, error))


def mount_tmpfs(folder: Path, most_bytes: int, again: bool = False) -> None:
    """Mount a tmpfs.

    Args:
        folder: the mount point.
        most_bytes: size of the tmpfs.
        again: change the size of one that is mounted there.

    Raises:
        OSError: the process may not.
    """
    mount("tmpfs", folder, "tmpfs", _REMOUNT if again else 0, f"size={most_bytes}")


def mount(source: str, folder: Path, kind: str, flags: int = 0, options: str = "") -> None:
    """Attach a file system to a folder, as the system call of that name does.

    Raises:
        OSError: the process may not.
    """
    names = source.encode(), os.fsencode(folder), kind.encode()
    _check(_libc().mount(*names, ctypes.c_ulong(flags), options.encode()))


def unmount(folder: Path) -> None:
    """Unmount a file system.

    Raises:
        OSError: it is in use.
    """
    _check(_libc().umount2(os.fsencode(folder), 0))


def _enter_own_mounts() -> None:
    user = os.geteuid()
    _check(_libc().unshare(_NEW_MOUNTS | (_NEW_USER if user else 0)))
    if user:
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
    mount("none", Path("/"), "", _PRIVATE | _RECURSIVE)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(returned: int) -> None:
    if returned:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
