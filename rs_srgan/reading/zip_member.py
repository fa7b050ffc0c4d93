"""`ZipMember`: an image that is given by its path inside a zip archive, and is read there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rs_srgan.errors import InputError
from rs_srgan.reading.safe_files import METADATA_NAME, is_archive, open_archive, path_inside, vsizip

_VSIZIP = "/vsizip/"
# GDAL's braces around the path of an archive: /vsizip/{a}/b.
_IN_BRACES = re.compile(r"\{(.+)\}/?(.*)", re.DOTALL)
_MOST_SHOWN = 3


@dataclass(frozen=True)
class ZipMember:
    """An image inside a zip archive.

    Attributes:
        archive: absolute path of the archive.
        name: name of the member as the archive stores it; empty for the archive itself, and for its product.
        address: path of the member for GDAL.
    """

    archive: Path
    name: str
    address: str


def find_member(path: str | Path) -> ZipMember | None:
    """Return the member of a zip archive that a path names.

    Args:
        path: "folder/a.zip/b/c.jp2", "/vsizip/folder/a.zip/b/c.jp2" or "/vsizip/{folder/a.zip}/b/c.jp2".

    Returns:
        None if no part of the path is a zip archive, or if the path of the archive itself is given without /vsizip/.

    Raises:
        InputError: the archive cannot be read, or has no such member.
    """
    text = str(path)
    virtual = text.startswith(_VSIZIP)
    archive, inside = _split(text.removeprefix(_VSIZIP))
    if archive is None or (not inside.parts and not virtual):
        return None
    address = vsizip(archive)
    with open_archive(archive) as opened:
        names = {path_inside(name): name for name in opened.namelist() if not name.endswith("/")}
    if not inside.parts or METADATA_NAME.fullmatch(inside.name) or _holds_metadata(inside, names):
        return ZipMember(archive, "", address)
    if inside not in names:
        raise InputError(_why_missing(archive, inside, list(names)))
    return ZipMember(archive, names[inside], f"{address}/{inside}")


def _split(text: str) -> tuple[Path | None, PurePosixPath]:
    """Return the zip archive in a path, None without one, and the path inside of it."""
    braced = _IN_BRACES.fullmatch(text)
    try:
        if braced:
            archive = Path(braced[1])
            return (archive.absolute() if is_archive(archive) else None), PurePosixPath(braced[2])
        whole = Path(text)
        for each in (*reversed(whole.parents), whole):
            if each.is_file():
                inside = PurePosixPath(*whole.relative_to(each).parts)
                return (each.absolute() if is_archive(each) else None), inside
    except (OSError, ValueError):  # whoever opens the path reports what is wrong with it
        pass
    return None, PurePosixPath()


def _holds_metadata(folder: PurePosixPath, names: Iterable[PurePosixPath]) -> bool:
    return any(name.parent == folder and METADATA_NAME.fullmatch(name.name) for name in names)


def _why_missing(archive: Path, inside: PurePosixPath, names: list[PurePosixPath]) -> str:
    below = [name for name in names if inside in name.parents]
    if below:
        return (
            f"{inside} in {archive.name} is a folder; expected an image. Name an image in it, or give {archive.name}."
        )
    same = [str(name) for name in names if name.name == inside.name]
    images = [str(name) for name in names if name.suffix.lower() in (".jp2", ".tif", ".tiff", ".png")]
    shown = ", ".join((same or images)[:_MOST_SHOWN]) or "no image"
    return f"{archive.name} has no {inside}; it has {shown}. Correct the path inside the archive."
