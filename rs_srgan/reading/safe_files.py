"""The files of a Sentinel-2 product, in a folder or in a zip archive."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rs_srgan.errors import InputError
from rs_srgan.reading.formats import START_BYTES, SUFFIXES, TAIL_BYTES, is_zip
from rs_srgan.reading.gdal import first_line

METADATA_NAME = re.compile(r"MTD_MSIL(1C|2A)\.xml", re.IGNORECASE)
METADATA_NAMES = ("MTD_MSIL1C.xml", "MTD_MSIL2A.xml")
# The root element of these metadata, which also tells a renamed file.
_METADATA_ROOT = re.compile(rb"<(?:\w+:)?Level-(?:1C|2A)_User_Product\b")
_MANIFEST = "manifest.safe"
_ROOT_BYTES = 4096
# Number of folders around R10m of level 2A that may be the product: IMG_DATA, the granule, GRANULE, the product.
_INSIDE = 4
# Where macOS puts its own notes about an archive's members, under the same names.
_MAC_FOLDER = "__MACOSX"

# The metadata of a product have 50 kB; of products until 2016, with many tiles, up to 1 MB. Larger files are not read.
_MAX_XML_BYTES = 4_000_000
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


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive by its content, whatever its name; or has the suffix of one."""
    if not path.is_file():
        return False
    return path.suffix.lower() == ".zip" or (is_zip(_start(path, START_BYTES)) and zipfile.is_zipfile(path))


def is_metadata(path: Path) -> bool:
    """Return whether a file is the metadata or the manifest of a product, by its name or its root element."""
    if METADATA_NAME.fullmatch(path.name) or path.name.lower() == _MANIFEST:
        return True
    start = _start(path, _ROOT_BYTES)
    return start.lstrip(b"\xef\xbb\xbf").lstrip().startswith(b"<") and _METADATA_ROOT.search(start) is not None


def holds_product(path: Path) -> bool:
    """Return whether a folder or a zip archive contains the metadata of a product."""
    if path.is_dir():
        try:
            return any(METADATA_NAME.fullmatch(child.name) for child in path.iterdir())
        except OSError:  # a folder of others, such as lost+found
            return False
    if not is_archive(path):
        return False
    try:
        with open_archive(path) as archive:
            return any(METADATA_NAME.fullmatch(path_inside(name).name) for name in archive.namelist())
    except InputError:
        return False


def _start(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, nothing if it cannot be read: to open it will raise a clear error."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def find_files(path: Path) -> ProductFiles:
    """Find the metadata file of a product and read it.

    Args:
        path: a .SAFE folder or a folder with one in it, a zip archive with one in it, or the product's MTD_MSIL*.xml.

    Raises:
        InputError: there is no product or more than one, or the archive or the metadata cannot be read.
    """
    if path.is_dir():
        return _find_in_folder(path, path)
    if is_archive(path):
        return _find_in_zip(path)
    if path.name.lower() == _MANIFEST:
        return _find_in_folder(path, path.parent)
    return _read_metadata(path, path)


def _find_in_folder(path: Path, folder: Path) -> ProductFiles:
    found = _metadata_in(folder)
    if not found:
        inside = [child for child in sorted(folder.iterdir()) if child.is_dir() and _metadata_in(child)]
        if len(inside) > 1:
            names = ", ".join(child.name for child in inside)
            raise InputError(f"{path} holds {len(inside)} Sentinel-2 products; expected one. Give one of {names}.")
        images = [child.name for child in sorted(folder.iterdir()) if child.suffix.lower() in SUFFIXES]
        if inside and images:
            raise InputError(
                f"{path} holds the product {inside[0].name} and other images ({', '.join(images[:3])}); expected a "
                "product alone. Name the image or the product."
            )
        found = _metadata_in(inside[0]) if inside else []
    if not found:
        parents = [*folder.resolve().parents][:_INSIDE]
        around = next((each for each in parents if any((each / name).is_file() for name in METADATA_NAMES)), None)
        remedy = f" Give the product around it: {around}." if around else _remedy_for_folder(folder)
        raise InputError(
            f"{path} holds no MTD_MSIL1C.xml or MTD_MSIL2A.xml; expected a Sentinel-2 .SAFE folder.{remedy}"
        )
    folder = found[0].parent.resolve()
    return _read_metadata(path, folder / _own_name([each.name for each in found], str(folder)))


def _remedy_for_folder(folder: Path) -> str:
    """Return what to give in place of a folder without a product, as a sentence after a space; empty if unknown."""
    children = sorted(folder.iterdir())
    if {".zgroup", ".zattrs", "zarr.json"} & {child.name for child in children}:
        return " This is a Zarr store: convert it to GeoTIFF (gdal_translate), or give a DataArray in Python."
    images = [child.name for child in children if child.suffix.lower() in SUFFIXES]
    if images:
        return f" It holds images, for example {images[0]}: name one, or all of one band each with --stack."
    return ""


def _metadata_in(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if METADATA_NAME.fullmatch(child.name))


def _own_name(names: Sequence[str], folder: str) -> str:
    """Return the name of a product's metadata among those of the level that it was made from.

    The folder's name tells the level. Without such a name it is 2A, which is made from 1C.
    """
    level = "L1C" if "MSIL1C" in PurePosixPath(folder).name.upper() else "L2A"
    return next((name for name in sorted(names) if level in name.upper()), sorted(names)[0])


def _read_metadata(path: Path, metadata: Path) -> ProductFiles:
    _refuse_huge_metadata(metadata.name, metadata.stat().st_size)
    return ProductFiles(path, str(metadata.parent.resolve()), metadata.name, metadata.read_bytes(), None)


def _find_in_zip(path: Path) -> ProductFiles:
    with open_archive(path) as archive:
        inside = {path_inside(name): name for name in archive.namelist()}
        names = {each: name for each, name in inside.items() if _MAC_FOLDER not in each.parts}
        found = [inside for inside in names if METADATA_NAME.fullmatch(inside.name)]
        if not found:
            raise InputError(_why_no_product(path, list(names)))
        if len({inside.parent for inside in found}) != 1:
            raise InputError(f"{path.name} holds {len(found)} Sentinel-2 products; expected one.")
        folder = found[0].parent
        metadata = folder / _own_name([each.name for each in found], str(folder))
        info = archive.getinfo(names[metadata])
        _refuse_huge_metadata(f"{metadata.name} in {path.name}", info.file_size)
        content = archive.read(info)
    base = vsizip(path)
    members = {f"{base}/{inside}": name for inside, name in names.items()}
    root = f"{base}/{metadata.parent}" if metadata.parent.parts else base
    return ProductFiles(path, root, metadata.name, content, members)


def _why_no_product(path: Path, names: Sequence[PurePosixPath]) -> str:
    if names and all(name.suffix == ".npy" for name in names):
        return f"{path.name} is NumPy's archive of arrays (.npz); expected one array. Save it with numpy.save (.npy)."
    images = [name for name in names if name.suffix.lower() in SUFFIXES]
    remedy = f"Unpack it and give the image, or name it: {path.name}/{images[0]}." if images else "Check the archive."
    return f"{path.name} holds 0 Sentinel-2 products; expected one. {remedy}"


def path_inside(name: str) -> PurePosixPath:
    """Return the path of an archive's member; some programs of Windows write backslashes."""
    return PurePosixPath(name.replace("\\", "/"))


def vsizip(path: Path) -> str:
    """Return the path of an archive for GDAL.

    Raises:
        InputError: the name has neither the suffix that GDAL knows, nor can it stand in braces.
    """
    whole = str(path.absolute())
    if path.suffix.lower() == ".zip":
        return f"/vsizip/{whole}"  # without braces, though GDAL allows any name in them: it counts braces in the name
    if "{" in whole or "}" in whole:
        raise InputError(f"{path.name} is a zip archive with braces in its path and without .zip. Rename it to .zip.")
    return f"/vsizip/{{{whole}}}"


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
