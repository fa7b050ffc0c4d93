"""The files of a Sentinel-2 product, in a folder or in a zip archive."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rs_srgan.errors import InputError
from rs_srgan.reading.formats import START_BYTES, TAIL_BYTES
from rs_srgan.reading.gdal import first_line

METADATA_NAME = re.compile(r"MTD_MSIL(1C|2A)\.xml", re.IGNORECASE)

# The metadata of a product have 50 kB. Larger files are not read.
_MAX_XML_BYTES = 16_000_000
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ProductFiles:
    """The metadata file of a product, and where its other files are.

    Attributes:
        path: path that the user gave.
        root: path of the product's folder, for GDAL.
        metadata: name of the MTD_MSIL*.xml in that folder.
        content: content of the MTD_MSIL*.xml.
        members: names of an archive's members by their path for GDAL; None for a folder.
    """

    path: Path
    root: str
    metadata: str
    content: bytes
    members: dict[str, str] | None


def find_files(path: Path) -> ProductFiles:
    """Find the metadata file of a product and read it.

    Args:
        path: a .SAFE folder, a zip archive with one in it, or the product's MTD_MSIL*.xml.

    Raises:
        InputError: there is no product or more than one, or the archive or the metadata cannot be read.
    """
    if path.suffix.lower() == ".zip" and not path.is_dir():
        return _find_in_zip(path)
    return _find_in_folder(path)


def _find_in_folder(path: Path) -> ProductFiles:
    folder = path if path.is_dir() else path.parent
    found = sorted(child for child in folder.iterdir() if METADATA_NAME.fullmatch(child.name))
    if not found:
        raise InputError(f"{path} holds no MTD_MSIL1C.xml or MTD_MSIL2A.xml; expected a Sentinel-2 .SAFE folder.")
    _refuse_huge_metadata(found[0].name, found[0].stat().st_size)
    return ProductFiles(path, str(folder.resolve()), found[0].name, found[0].read_bytes(), None)


def _find_in_zip(path: Path) -> ProductFiles:
    with open_archive(path) as archive:
        found = [info for info in archive.infolist() if METADATA_NAME.fullmatch(PurePosixPath(info.filename).name)]
        if len(found) != 1:
            raise InputError(f"{path.name} holds {len(found)} Sentinel-2 products; expected one.")
        _refuse_huge_metadata(f"{PurePosixPath(found[0].filename).name} in {path.name}", found[0].file_size)
        content = archive.read(found[0])
        names = archive.namelist()
    # without braces around the archive's path, though GDAL allows any name in them: it also counts braces in the name
    members = {f"/vsizip/{path.absolute()}/{PurePosixPath(name)}": name for name in names}
    root, _, metadata = next(image for image, name in members.items() if name == found[0].filename).rpartition("/")
    return ProductFiles(path, root, metadata, content, members)


def _refuse_huge_metadata(name: str, size: int) -> None:
    if size > _MAX_XML_BYTES:
        raise InputError(
            f"{name} has {size:,} bytes; expected at most {_MAX_XML_BYTES:,}, as in every product. Download it again."
        )


def read_ends(path: Path, member: str) -> tuple[bytes, bytes]:
    """Return the first and last bytes of an archive's member, after its checksum was verified.

    Args:
        path: path of the archive.
        member: name of the member.

    Raises:
        InputError: the checksum is wrong, or the member cannot be unpacked.
    """
    with open_archive(path, f"{PurePosixPath(member).name} in ") as archive, archive.open(member) as file:
        start = tail = file.read(START_BYTES)
        while chunk := file.read(_CHUNK_BYTES):  # zipfile verifies the checksum at the end
            tail = (tail + chunk)[-TAIL_BYTES:]
    return start, tail


@contextmanager
def open_archive(path: Path, what: str = "") -> Iterator[zipfile.ZipFile]:
    """Open a zip archive, and turn every error of reading it into an InputError.

    Args:
        path: path of the archive.
        what: the part that is read, for error messages: "B02.jp2 in ", or nothing for the archive itself.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except RuntimeError as error:  # encrypted, or compressed by a method unknown to Python, for example deflate64
        raise InputError(
            f"{what}{path.name} cannot be unpacked ({error}). Unpack it yourself and give the .SAFE folder."
        ) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or first_line(error)
        raise InputError(
            f"{what}{path.name} is {'damaged' if what else 'no whole zip archive'} ({reason}). Download it again."
        ) from None
