"""Locks of files on file systems that may have none: Lustre without -o flock, some NFS and FUSE."""

import errno
import os
import tempfile
from pathlib import Path
from typing import IO

# Errors of file systems without locks, or whose lock service is down.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


def lock(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed; not on Windows.

    Returns:
        False if the file system has no locks.

    Raises:
        BlockingIOError: another process has locked the file.
    """
    import fcntl  # not on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    return True


def has_locks(folder: Path) -> bool:
    """Return whether the file system of a folder has file locks. `filelock` takes some of its errors for a held lock.

    Raises:
        OSError: no file can be created in the folder.
    """
    if os.name == "nt":
        return True
    with tempfile.TemporaryFile(dir=folder) as file:
        return lock(file)
