"""`Usage`: what a process and its child processes use of the machine. Linux only: it reads /proc."""

import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """What a process and its child processes use.

    Attributes:
        memory_mb: memory of all processes, MB: proportional set sizes, so that a page that several share counts once.
        processes: number of processes.
        threads: number of threads.
        handles: number of open file descriptors.
        files: number of files below the folder for temporary files.
        folders: number of folders there.
    """

    memory_mb: float
    processes: int
    threads: int
    handles: int
    files: int
    folders: int


def usage_of(process: int, folder: Path) -> Usage:
    """Return what a process, its children and their children use now.

    Args:
        process: id of the process.
        folder: folder for its temporary files.
    """
    memory, threads, handles, counted, processes = 0.0, 0, 0, 0, [process]
    for each in processes:
        processes += _children(each)  # the list grows while it is read
        share = re.search(r"^Pss:\s+(\d+) kB", _read(f"/proc/{each}/smaps_rollup"), re.MULTILINE)
        number = re.search(r"Threads:\s+(\d+)", _read(f"/proc/{each}/status"))
        if share is None or number is None:  # it ended meanwhile
            continue
        counted += 1
        memory += int(share[1]) * 1024 / 1e6
        threads += int(number[1])
        handles += len(_names(f"/proc/{each}/fd"))
    inside = list(folder.rglob("*"))
    folders = sum(path.is_dir() for path in inside)
    return Usage(memory, counted, threads, handles, len(inside) - folders, folders)


def _children(process: int) -> list[int]:
    """Return the child processes of a process; none if it has ended."""
    threads = _names(f"/proc/{process}/task")
    return [int(child) for thread in threads for child in _read(f"/proc/{process}/task/{thread}/children").split()]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
