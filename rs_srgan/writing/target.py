"""The target: the path of an output, checked before any work is done."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.writing.guard import require_unread
from rs_srgan.writing.lock import BusyError, TargetLock
from rs_srgan.writing.unfinished import files_beside, remove_leftovers, require_absent


def check_targets(
    targets: Sequence[str | Path], sources: Sequence[str | Path], overwrite: bool, resume: bool = False
) -> list[Path]:
    """Return the absolute paths to write to; see `check_target`.

    If a run to be resumed was complete, and was killed while it removed its own files, the rest of them is removed.

    Raises:
        InputError: see `check_target`.
    """
    try:
        return [check_target(target, sources, overwrite, resume) for target in targets]
    except InputError:
        if resume and not overwrite and all(Path(target).is_file() for target in targets):
            for target in targets:
                _tidy(Path(os.path.realpath(target)))
        raise


def _tidy(target: Path) -> None:
    """Remove what a run left beside its complete target, the lock included, unless a run uses it or nobody may."""
    lock = TargetLock(target, files_beside(target)[3], quiet=True)
    with suppress(OSError, BusyError):
        lock.acquire()
        try:
            remove_leftovers(target)
        finally:
            lock.release()


def check_target(target: str | Path, sources: Sequence[str | Path], overwrite: bool, resume: bool = False) -> Path:
    """Return the absolute path to write to, with links followed.

    Args:
        target: path of the GeoTIFF to write.
        sources: paths that the run reads, see `require_unread`.
        overwrite: allow an existing target.
        resume: allow a target that the run to be resumed completed just before it was killed.

    Raises:
        InputError: the target is an input or a folder, exists, or is in a folder that is missing or not writable.
    """
    try:
        str(target).encode()
    except UnicodeEncodeError:
        raise InputError(f"The name {os.fsencode(target)!r} is no UTF-8, which GDAL needs. Choose another.") from None
    if "\0" in str(target):
        raise InputError(f"The name {str(target)!r} holds a NUL, which no name can. Choose another.")
    target = Path(target).absolute()
    if target.is_symlink():
        target = Path(os.path.realpath(target))  # the run replaces the file, not the link to it
    if target.is_symlink():
        raise InputError(f"The output {target} is a link that leads back to itself. Remove it, or choose another name.")
    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"The output {target} is no GeoTIFF; expected a name ending in .tif.")
    require_unread([target, *files_beside(target)], sources)
    if target.is_dir():
        raise InputError(f"The output {target} is a folder; expected a file name.")
    if target.exists() and not target.is_file():
        raise InputError(f"The output {target} is no regular file. Choose another name.")
    require_absent(target, overwrite, resume)
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist. Create it first.")
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"The folder {target.parent} is not writable. Choose another folder.")
    return target
