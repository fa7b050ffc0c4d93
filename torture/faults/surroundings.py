"""Surroundings: what a process meets, changed inside it before it begins. These functions are for `Running`."""

import ctypes
import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

# Events of Python at which files beside a target change.
_OPERATIONS = ("open", "os.rename", "os.link", "os.remove", "os.truncate")


def set_variable(name: str, value: str) -> None:
    """Set an environment variable."""
    os.environ[name] = value


def die_at_operation(folder: Path, number: int) -> None:
    """Kill this process just before its nth operation that changes a file in a folder.

    Args:
        folder: the folder.
        number: number of the operation, from 1.
    """
    left = number

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _hear_operations(folder, count_down)


def count_operations(folder: Path, counted: Path) -> None:
    """Count the operations that change a file in a folder, by the size of another file."""
    descriptor = os.open(counted, os.O_WRONLY | os.O_CREAT)
    _hear_operations(folder, lambda: os.write(descriptor, b"."))


def _hear_operations(folder: Path, call: Callable[[], object]) -> None:
    """Call a function before each operation of Python that changes a file in a folder."""

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _OPERATIONS or not str(arguments[0]).startswith(f"{folder}"):
            return
        if event != "open" or arguments[1] not in ("r", "rb"):
            call()

    sys.addaudithook(hear)


def limit_file_size(most_bytes: int) -> None:
    """Let no file grow beyond a size, as with a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def limit_memory(more_bytes: int) -> None:
    """Let this process map only so many bytes more than now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def enter_group(folder: Path) -> None:
    """Enter a control group."""
    (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def kill_a_thread(seed: int, seconds: float) -> None:
    """Raise SystemExit in one of the threads that work on tiles, after a time."""

    def strike() -> None:
        time.sleep(seconds)
        own = {threading.main_thread().ident, threading.get_ident()}
        while not (others := [each for each in threading.enumerate() if each.ident not in own]):
            time.sleep(0.005)
        victim = random.Random(seed).choice(others)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(victim.ident or 0), ctypes.py_object(SystemExit))

    threading.Thread(target=strike, daemon=True).start()
