"""Unpacking what strangers send: what a Sentinel-2 product needs, and nothing that an archive can be made to do."""

import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from rs_srgan import InputError

# A product has 100 to 200 files with 0.5 to 1.2 GB; text shrinks to a tenth, imagery hardly.
MAX_MEMBERS = 2000
MAX_BYTES = 4_000_000_000
MAX_RATIO = 200
_SMALL_BYTES = 1_000_000  # of which a high ratio does no harm


def checked_members(path: Path) -> list[zipfile.ZipInfo]:
    """What is in an archive.

    Raises:
        InputError: it is none, or one that no product comes in: too many or too large files, encrypted ones, links, or
            names that lead out of it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise InputError(f"{path.name} is no whole zip archive. Download it again.") from None
    if len(members) > MAX_MEMBERS:
        raise _refused(path, f"it holds {len(members)} files; a Sentinel-2 product has at most {MAX_MEMBERS}")
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        raise _refused(path, f"it would unpack to {total / 1e9:.1f} GB; at most {MAX_BYTES / 1e9:.0f} GB are taken")
    seen = set()
    for member in members:
        name = PurePosixPath(member.filename)
        unsafe = "\\" in member.filename or "\0" in member.orig_filename or ":" in member.filename
        if name.is_absolute() or ".." in name.parts or unsafe:
            raise _refused(path, f"it holds {member.filename!r:.80}, a name that leads out of it")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _refused(path, f"it holds a link, {name.name!r:.80}")
        if member.flag_bits & 1:
            raise _refused(path, "it is encrypted. Unpack it and pack it again without a password")
        if member.file_size > max(_SMALL_BYTES, MAX_RATIO * member.compress_size):
            raise _refused(
                path, f"{name.name!r:.80} in it unpacks to {member.file_size / 1e6:.0f} MB from next to nothing"
            )
        if name in seen:
            raise _refused(path, f"it holds {name.name!r:.80} twice")
        seen.add(name)
    return members


def unpack(path: Path, folder: Path, wanted: Collection[str]) -> None:
    """Write some members of an archive into a folder; files that are there already stay.

    Args:
        path: of the archive.
        folder: to write into.
        wanted: exact names of the members. Everything else stays packed, whatever its name.

    Raises:
        InputError: see `checked_members`; or a damaged archive, or no room for it.
    """
    members = [member for member in checked_members(path) if not member.is_dir() and member.filename in wanted]
    needed = sum(member.file_size for member in members)
    if needed > shutil.disk_usage(folder).free:
        raise InputError(f"There is no room here to unpack {path.name}. Try again later.")
    try:
        with zipfile.ZipFile(path) as archive:
            for member in members:
                target = folder / PurePosixPath(member.filename)
                if target.exists():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError):
        raise InputError(f"{path.name} is damaged. Download it again.") from None


def _refused(path: Path, reason: str) -> InputError:
    return InputError(f"{path.name} is not taken: {reason}.")
