"""Folders of servers that were killed: the next server removes them.

A server locks a file in its folder as long as it runs. The system takes the lock off when the process ends, in whatever
way. A folder whose file is not locked belongs to no server.
"""

import fcntl
import shutil
from pathlib import Path
from typing import IO

LOCK_FILE = "lock"


def claim(folder: Path) -> IO[bytes]:
    """Lock the folder of a server until the returned file is closed, or the process ends."""
    file = (folder / LOCK_FILE).open("wb")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def clear_leftovers(parent: Path, pattern: str) -> list[Path]:
    """Remove the folders of servers that no longer run; return their paths.

    Args:
        parent: the folder that holds the folders of servers.
        pattern: pattern of their names.
    """
    removed = []
    for lock in parent.glob(f"{pattern}/{LOCK_FILE}"):
        try:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:  # its server runs, or it belongs to another user
            continue
        removed.append(lock.parent)
    return removed
