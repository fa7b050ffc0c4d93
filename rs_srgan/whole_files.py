"""Whole files: written elsewhere, then moved to their places.

A stopped run, a full disk or a power cut leaves nothing half-written.

Files of a kill -9 may stay in a hidden folder, whose name begins with `PREFIX`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rs_srgan.durable import force_content, force_names

# Begins the names of temporary folders beside or in the place of a result.
PREFIX = ".rs_srgan_"


@contextmanager
def whole_files(folder: Path) -> Iterator[Path]:
    """Give an empty folder within a `with` block. If the block ends without an error, its files move into `folder`.

    A file of the same name is replaced. A link is replaced by the file; what it leads to stays as it is. The temporary
    folder is in `folder`, or where `folder` is created, so that moving copies nothing.

    Args:
        folder: the folder; it is created if it does not exist.

    Raises:
        OSError: the folder is a file or cannot be written, or the disk is full; `folder` stays as it was.
    """
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file")
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    with TemporaryDirectory(dir=existing, prefix=PREFIX) as fresh:
        yield Path(fresh)
        files = sorted(path for path in Path(fresh).rglob("*") if path.is_file())
        for file in files:
            force_content(file)
        targets = [folder / file.relative_to(fresh) for file in files]
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
        for changed in {target.parent for target in targets}:
            force_names(changed)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a path within a `with` block. If the block ends without an error, the file written there becomes `target`.

    Args:
        target: the final path, in a folder that exists; see `whole_files`.

    Raises:
        OSError: see `whole_files`.
    """
    with whole_files(target.parent) as folder:
        yield folder / target.name
