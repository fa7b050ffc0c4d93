"""Durable: what was written goes onto the disk, so that a power cut leaves it as it is.

Without this, an operating system keeps writes in memory for up to half a minute, and may bring a new name onto the disk
before the content that belongs to it.
"""

import errno
import os
from pathlib import Path
from typing import BinaryIO

# Errors of file systems that cannot force anything onto a disk.
_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def force_content(file: Path | BinaryIO) -> None:
    """Bring the content of a file onto the disk.

    Args:
        file: path of the file, or the file, open for writing and without a buffer.

    Raises:
        OSError: the disk is full or fails.
    """
    if isinstance(file, Path):
        with file.open("r+b", buffering=0) as opened:
            force_content(opened)
        return
    _force(file.fileno())


def force_names(folder: Path) -> None:
    """Bring the names in a folder onto the disk: those that were created, changed or removed.

    Raises:
        OSError: the disk is full or fails.
    """
    if os.name == "nt":  # Windows opens no folders, and writes names at once
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written but not read
        return
    try:
        _force(descriptor)
    finally:
        os.close(descriptor)


def _force(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
