"""Locks of targets: no two runs write the same file, where the file system can tell."""

import logging
import os
from pathlib import Path

from filelock import FileLock, Timeout

from rs_srgan.errors import InputError
from rs_srgan.locks import has_locks

logger = logging.getLogger(__name__)


class BusyError(InputError):
    """Another run is writing the target."""


class TargetLock:
    """A lock on a target while it is written. On a file system without locks there is a warning instead.

    Args:
        target: final path.
        path: path of the lock's file, which is removed at the end.
        quiet: do not log; another output of the same run reports it.
    """

    def __init__(self, target: Path, path: Path, quiet: bool = False) -> None:
        self._target, self._path, self._quiet = target, path, quiet
        self._lock: FileLock | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            BusyError: another run has it.
        """
        if not has_locks(self._path.parent):
            if not self._quiet:
                logger.warning(
                    "%s is on a file system without file locks: nothing stops a second run that writes the same file.",
                    self._target.name,
                )
            return
        lock = FileLock(self._path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BusyError(f"Another run is writing {self._target}. Wait for it, or choose another name.") from None
        self._lock = lock

    def release(self) -> None:
        """Give the lock back, and remove its file."""
        if self._lock is None:
            return
        try:
            if os.name != "nt":  # on Windows filelock removes the file itself
                self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()
