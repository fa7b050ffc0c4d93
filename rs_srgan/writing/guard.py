"""Guard: no file that a run writes, replaces or removes is one that it reads.

Files are compared by their identity in the file system, not by their names. So links, hard links, folders inside
folders and names in another case lead to the same file.
"""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.reading.safe_files import is_metadata

# Part of the names of what a stopped run leaves beside its output, which may be inside a product.
_LEFT = ".partial"

# Device and number of a file: the same for all of its names.
_Identity = tuple[int, int]


def require_unread(written: Iterable[str | Path], read: Iterable[str | Path]) -> None:
    """Check that a run reads none of the files that it writes, replaces or removes.

    Args:
        written: paths of those files; they need not exist.
        read: paths that the run reads. Of a folder, all files below it count; of a metadata file, all files of its
            folder, the product. Paths at which nothing exists are left out.

    Raises:
        InputError: an output is an input, or a file of one.
    """
    outputs = {identity: Path(path) for path in written if (identity := _identity(path)) is not None}
    if not outputs:
        return
    for path in map(_place, read):
        for file in _files(path):
            identity = _identity(file)
            if identity in outputs:
                part = "the input" if file == path else f"a file of the input {path}"
                raise InputError(f"The output {outputs[identity]} is {part}. Choose another name.")


def require_distinct(targets: Iterable[Path]) -> None:
    """Check that outputs have names that no file system takes for the same.

    Args:
        targets: paths of the outputs.

    Raises:
        InputError: two names are equal, or differ only in case or in the encoding of accents.
    """
    seen: dict[tuple[Path, str], Path] = {}
    for target in targets:
        key = target.parent.resolve(), unicodedata.normalize("NFC", target.name).casefold()
        if key in seen:
            names = str(target) if target == seen[key] else f"{seen[key]} and {target.name}"
            raise InputError(f"Two outputs have the same name, {names}. Choose another name for one.")
        seen[key] = target


def _place(name: str | Path) -> Path:
    """Return the path of an input; of a name in one of GDAL's file systems, for example an archive's, the archive."""
    path = Path(name)
    if not str(name).startswith("/vsi"):
        return path
    parts = [part.strip("{}") for part in path.parts[2:] if not part.startswith("vsi")]
    # the path inside is absolute or relative, and some file systems put their own words before it
    for inner in (Path(root, *parts[start:]) for start in range(len(parts)) for root in ("/", "")):
        for each in (inner, *inner.parents):
            if each.is_file():
                return each
    return path


def _identity(path: str | Path) -> _Identity | None:
    """Return the identity of the file that a path leads to, through links; None if nothing can be found there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return found.st_dev, found.st_ino


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or all files below a folder, also behind links; every folder once."""
    if not path.is_dir():
        yield path
        if _identity(path) is None or not is_metadata(path):
            return
        path = path.parent
    folders, seen = [path], set()
    while folders:
        folder = folders.pop()
        identity = _identity(folder)
        if identity in seen:
            continue
        seen.add(identity)
        try:
            children = list(folder.iterdir())
        except OSError:  # a folder that may not be listed is not read either
            continue
        folders += (child for child in children if child.is_dir())
        yield from (child for child in children if not child.is_dir() and _LEFT not in child.name)
