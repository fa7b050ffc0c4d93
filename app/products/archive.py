"""Archives of strangers: checks, and unpacking of the members that a Sentinel-2 product needs."""

import errno
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

from rs_srgan import InputError
from rs_srgan.reading.safe_files import path_inside

# A product has 100 to 200 files and 0.5 to 1.2 GB. Compression makes text ten times smaller, images hardly.
MAX_MEMBERS = 2000
MAX_BYTES = 4_000_000_000
MAX_RATIO = 200
_SMALL_BYTES = 1_000_000  # smaller members may have any ratio


def checked_members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the members of an archive.

    Raises:
        InputError: the file is not an archive, or unlike that of a product: too many or too large members, encrypted
            members, links, or names that point out of the archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise InputError(f"{path.name} is not a complete zip archive. Download it again.") from None
    if len(members) > MAX_MEMBERS:
        raise _refused(path, f"it contains {len(members)} files; a Sentinel-2 product has at most {MAX_MEMBERS}")
    total = sum(member.file_size for member in members)
    if total > MAX_BYTES:
        raise _refused(path, f"unpacked it has {total / 1e9:.1f} GB; at most {MAX_BYTES / 1e9:.0f} GB are allowed")
    seen = set()
    for member in members:
        name = path_inside(member.filename)
        unsafe = "\0" in member.orig_filename or ":" in member.filename or not member.filename
        if name.is_absolute() or ".." in name.parts or unsafe:
            raise _refused(path, f"it contains {member.filename!r:.80}, a name that points out of the archive")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _refused(path, f"it contains a link, {name.name!r:.80}")
        if member.flag_bits & 1:
            raise _refused(path, "it is encrypted. Unpack it and pack it again without a password")
        if member.file_size > max(_SMALL_BYTES, MAX_RATIO * member.compress_size):
            raise _refused(
                path, f"its member {name.name!r:.80} unpacks from almost nothing to {member.file_size / 1e6:.0f} MB"
            )
        if name in seen:
            raise _refused(path, f"it contains {name.name!r:.80} twice")
        seen.add(name)
    return members


def unpack(path: Path, folder: Path, wanted: Collection[str]) -> None:
    """Write some members of an archive into a folder. Existing files are kept.

    Args:
        path: the archive.
        folder: folder to write into.
        wanted: exact names of the members. No other member is unpacked.

    Raises:
        InputError: see `checked_members`; or the archive is damaged, or the disk has too little space.
    """
    members = [member for member in checked_members(path) if not member.is_dir() and member.filename in wanted]
    needed = sum(member.file_size for member in members)
    if needed > shutil.disk_usage(folder).free:
        raise InputError(f"The server has too little disk space to unpack {path.name}. Try again later.")
    try:
        with zipfile.ZipFile(path) as archive:
            for member in members:
                target = folder / path_inside(member.filename)
                if target.exists():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError):
        raise _damaged(path) from None
    except OSError as error:  # of bzip2 without a number; of a place outside the file with EINVAL; else of the disk
        if error.errno not in (None, errno.EINVAL):
            raise
        raise _damaged(path) from None


def _damaged(path: Path) -> InputError:
    return InputError(f"{path.name} is damaged. Download it again.")


def _refused(path: Path, reason: str) -> InputError:
    return InputError(f"{path.name} is refused: {reason}.")
