"""The cache of what was read from catalogues: a folder of the user with a limit."""

import atexit
import logging
import os
import shutil
from collections.abc import Collection
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp

from rs_srgan.errors import InputError

logger = logging.getLogger(__name__)

_FOLDER, _LIMIT = "RS_SRGAN_CACHE", "RS_SRGAN_CACHE_GB"
_LIMIT_GB = 5.0
# Its time says when an entry was used last.
_USED = ".used"


def cache_folder() -> Path:
    """Return the folder: RS_SRGAN_CACHE, or rs_srgan/scenes in the user's cache folder; it is made if it is absent.

    Without a home folder, or with one that cannot be written, it is a folder that is removed when the process ends; a
    warning says so.

    Raises:
        InputError: the folder that RS_SRGAN_CACHE names cannot be used.
    """
    named = os.environ.get(_FOLDER)
    try:
        return _made(Path(named) if named else _user_folder() / "rs_srgan" / "scenes")
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        if named:
            raise InputError(f"The cache {named} cannot be used: {reason}. Name another folder: {_FOLDER}.") from None
        return _temporary_folder(reason)


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _made(folder: Path) -> Path:
    """Return a folder that exists, and in which files can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        return folder.resolve()


@cache
def _temporary_folder(reason: str) -> Path:
    logger.warning(
        "Parts of scenes cannot be kept (%s): the next run reads them again. To keep them: %s.", reason, _FOLDER
    )
    folder = mkdtemp(prefix="rs_srgan_scenes_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder).resolve()


def use(entry: Path) -> None:
    """Make a folder of the cache, if it is absent, and note that it is in use now."""
    entry.mkdir(parents=True, exist_ok=True)
    (entry / _USED).touch()


def shrink(folder: Path, kept: Collection[Path]) -> None:
    """Remove the entries that were not used for longest until the rest is below the limit.

    Args:
        folder: the cache.
        kept: entries that stay, because they are in use.
    """
    entries = [each for each in folder.iterdir() if (each / _USED).is_file()]
    sizes = {entry: _size(entry) for entry in entries}
    total, limit = sum(sizes.values()), _limit_bytes()
    for entry in sorted(entries, key=lambda each: (each / _USED).stat().st_mtime):
        if total <= limit:
            return
        if entry not in kept:
            shutil.rmtree(entry, ignore_errors=True)
            total -= sizes[entry]
    if total > limit:
        logger.info("This run needs %.1f GB of the cache, more than its limit of %.1f GB.", total / 1e9, limit / 1e9)


def _size(entry: Path) -> int:
    return sum(file.stat().st_size for file in entry.rglob("*") if file.is_file())


def _limit_bytes() -> float:
    text = os.environ.get(_LIMIT, "")
    try:
        limit = float(text) if text else _LIMIT_GB
    except ValueError:
        limit = -1
    if not limit >= 0:
        raise InputError(f"{_LIMIT} is {text!r}; expected the limit of the cache in gigabytes, for example 5.")
    return limit * 1e9
