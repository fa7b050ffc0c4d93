"""Folders of servers that were killed: the next server removes them.

A server locks a file in its folder as long as it runs. The system takes the lock off when the process ends, in whatever
way. A folder whose file is not locked belongs to no server.
"""

import shutil
from pathlib import Path
from typing import IO

from rs_srgan.locks import lock

LOCK_FILE = "lock"


def claim(folder: Path) -> IO[bytes]:
    """Lock the folder of a server until the returned file is closed, or the process ends.

    On a file system without locks the folder of a killed server stays, because no other server can tell.
    """
    file = (folder / LOCK_FILE).open("wb")
    lock(file)
    return file


def clear_leftovers(parent: Path, pattern: str) -> list[Path]:
    """Remove the folders of servers that no longer run; return their paths.

    Args:
        parent: the folder that holds the folders of servers.
        pattern: pattern of their names.
    """
    removed = []
    for path in parent.glob(f"{pattern}/{LOCK_FILE}"):
        try:
            with path.open("rb") as file:
                if not lock(file):
                    continue
                shutil.rmtree(path.parent, ignore_errors=True)
        except OSError:  # its server runs, or it belongs to another user
            continue
        removed.append(path.parent)
    return removed
