"""Sentinel-2 products: what is in them, where, and what their numbers mean.

GDAL's SENTINEL2 driver reports no offset, opens products whose band files are missing and reads zeros from them. So the
product's own XML is read here, and each band is its own JPEG 2000 file.
"""

import lzma
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import QUANTIFICATION, Encoding
from rs_srgan.reading.formats import START_BYTES, TAIL_BYTES
from rs_srgan.reading.gdal import first_line

# Sentinel-2 Products Specification Document: 0 is no data; 65535, saturated, is kept as what it is, very bright.
NODATA = 0
# Since this baseline products carry an offset for every band (January 2022).
_FIRST_BASELINE_WITH_OFFSET = (4, 0)
# A product's XML has 50 kB; one of more than this is not read.
_MAX_XML_BYTES = 16_000_000
_CHUNK_BYTES = 1 << 20
# Order of the band identifiers where a product does not list them, after the product specification.
_BAND_IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_METADATA = re.compile(r"MTD_MSIL(1C|2A)\.xml", re.IGNORECASE)
_PHYSICAL_BAND = re.compile(r"B(\d\d?|8A)")
_IMAGE = re.compile(r"_(B\d[\dA]|SCL)(?:_(\d\d)m)?$")
_NATIVE_GSD_M = {"B02": 10, "B03": 10, "B04": 10, "B08": 10, "B01": 60, "B09": 60, "B10": 60}  # the others: 20


@dataclass(frozen=True)
class SafeProduct:
    """A Sentinel-2 product as its metadata describe it.

    Attributes:
        path: what the user gave.
        metadata: path of the MTD_MSIL*.xml; in an archive its name there.
        level: "L1C" or "L2A".
        baseline: of the processing, "04.00".
        sensed: when the image was taken, UTC; None if it is not said.
        tile: of the military grid, "T29UNU".
        cloud_percent: over the tile; None if it is not said.
        images: path for GDAL by band (or "SCL") and pixel size in metres; not all need exist.
        quantification: DN per unit of reflectance.
        offsets: DN to add, by band.
        members: of the archive, their names by path for GDAL; None for a folder.
    """

    path: Path
    metadata: str
    level: str
    baseline: str
    sensed: datetime | None
    tile: str
    cloud_percent: float | None
    images: dict[tuple[str, int], str]
    quantification: float
    offsets: dict[str, float]
    members: dict[str, str] | None

    def encoding(self, bands: tuple[str, ...]) -> Encoding:
        """How the images of `bands` store reflectance.

        Raises:
            InputError: a band without an offset, where others have one.
        """
        unknown = [band for band in bands if band not in self.offsets]
        if unknown:
            raise InputError(
                f"{self.path.name} gives no offset for {', '.join(unknown)}, without which its numbers cannot be read. "
                "Download the product again."
            )
        gain = 1 / self.quantification
        bias = tuple(self.offsets[band] * gain for band in bands)
        tagged = any(bias) or self.quantification != QUANTIFICATION  # what a file without tags is taken for
        return Encoding("uint16", (gain,) * len(bands), bias, NODATA, tagged)

    def image_paths(self, bands: tuple[str, ...]) -> list[str]:
        """Paths for GDAL of the images of `bands`, all with the pixel size of the coarsest of them.

        Raises:
            InputError: an image that is not listed or not there.
        """
        gsd_m = max(_NATIVE_GSD_M.get(band, 20) for band in bands)
        paths = []
        for band in bands:
            path = self.images.get((band, gsd_m))
            if path is None:
                raise InputError(f"{self.path.name} lists no image of {band} at {gsd_m} m, which the model needs.")
            if not self._holds(path):
                raise InputError(
                    f"{self.path.name} is incomplete: {PurePosixPath(path).name} ({band} at {gsd_m} m) is missing. "
                    "Download the product again."
                )
            paths.append(path)
        return paths

    @property
    def scene_classification(self) -> str | None:
        """Path for GDAL of the finest scene classification that is there; None where there is none, as in L1C."""
        found = (self.images.get(("SCL", gsd_m)) for gsd_m in (20, 60))
        return next((path for path in found if path and self._holds(path)), None)

    def _holds(self, image: str) -> bool:
        return Path(image).is_file() if self.members is None else image in self.members

    def read_ends(self, image: str) -> tuple[bytes, bytes]:
        """The first and last bytes of an image in an archive; all between are read, too, for their checksum.

        Raises:
            InputError: a checksum that does not hold, or an image that cannot be unpacked.
        """
        members = self.members or {}
        with (
            _open_archive(self.path, f"{PurePosixPath(image).name} in ") as archive,
            archive.open(members[image]) as file,
        ):
            start = tail = file.read(START_BYTES)
            while chunk := file.read(_CHUNK_BYTES):
                tail = (tail + chunk)[-TAIL_BYTES:]
        return start, tail


def is_product(path: Path) -> bool:
    """Whether `path` is to be read as a product: a folder, a zip archive or a product's metadata file."""
    return path.is_dir() or path.suffix.lower() == ".zip" or _METADATA.fullmatch(path.name) is not None


def open_product(path: str | Path) -> SafeProduct:
    """Read the metadata of a product: a .SAFE folder, a zip archive with one in it, or its MTD_MSIL*.xml.

    Raises:
        InputError: no product, several of them, or metadata that do not say what is needed.
    """
    path = Path(path)
    members = None
    if path.suffix.lower() == ".zip" and not path.is_dir():
        root, metadata, content, members = _find_in_zip(path)
    else:
        root, metadata, content = _find_in_folder(path)
    try:
        tree = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # the latter two: of an unknown encoding
        raise InputError(f"{metadata} of {path.name} is no valid XML ({error}). Download the product again.") from None
    return _parse(path, root, metadata, tree, members)


def _find_in_folder(path: Path) -> tuple[str, str, bytes]:
    folder = path if path.is_dir() else path.parent
    found = sorted(child for child in folder.iterdir() if _METADATA.fullmatch(child.name))
    if not found:
        raise InputError(f"{path} holds no MTD_MSIL1C.xml or MTD_MSIL2A.xml; expected a Sentinel-2 .SAFE folder.")
    if found[0].stat().st_size > _MAX_XML_BYTES:
        raise InputError(f"{found[0].name} has {found[0].stat().st_size:,} bytes; a product's metadata have fewer.")
    return str(folder.resolve()), found[0].name, found[0].read_bytes()


def _find_in_zip(path: Path) -> tuple[str, str, bytes, dict[str, str]]:
    with _open_archive(path) as archive:
        found = [info for info in archive.infolist() if _METADATA.fullmatch(PurePosixPath(info.filename).name)]
        if len(found) != 1:
            raise InputError(f"{path.name} holds {len(found)} Sentinel-2 products; expected one.")
        if found[0].file_size > _MAX_XML_BYTES:
            raise InputError(f"{path.name}: the product's metadata are far too large to be real.")
        content = archive.read(found[0])
        names = archive.namelist()
    # not in braces, as GDAL has it for archives of any name: it counts those in the name, too
    members = {f"/vsizip/{path.absolute()}/{PurePosixPath(name)}": name for name in names}
    root, _, metadata = next(image for image, name in members.items() if name == found[0].filename).rpartition("/")
    return root, metadata, content, members


@contextmanager
def _open_archive(path: Path, what: str = "") -> Iterator[zipfile.ZipFile]:
    """A zip archive; whatever goes wrong with it is an InputError, of `what` in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except RuntimeError as error:  # encrypted, or by a method that Python does not know, such as deflate64
        raise InputError(
            f"{what}{path.name} cannot be unpacked ({error}). Unpack it yourself and give the .SAFE folder."
        ) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or first_line(error)
        raise InputError(
            f"{what}{path.name} is {'damaged' if what else 'no whole zip archive'} ({reason}). Download it again."
        ) from None


def _parse(
    path: Path, root: str, metadata: str, tree: ElementTree.Element, members: dict[str, str] | None
) -> SafeProduct:
    def all_named(name: str) -> Iterator[ElementTree.Element]:
        return (element for element in tree.iter() if element.tag.rpartition("}")[2] == name)

    def stated(name: str) -> str | None:
        element = next(all_named(name), None)
        return (element.text or "").strip() or None if element is not None else None

    def text(name: str) -> str:
        value = stated(name)
        if value is None:
            raise InputError(f"{metadata} of {path.name} has no {name}; expected a Sentinel-2 product's metadata.")
        return value

    level = "L1C" if "1C" in metadata.upper() else "L2A"
    baseline = text("PROCESSING_BASELINE")
    number = re.fullmatch(r"(\d\d)\.(\d\d)", baseline)
    if number is None:
        raise InputError(f"{path.name} has the processing baseline {baseline!r}; expected one like 04.00.")
    granules = list(all_named("Granule")) or list(all_named("Granules"))
    if len(granules) != 1:
        raise InputError(f"{path.name} has {len(granules)} granules; expected one, as in every product since 2016.")
    prefix = {"L1C": "RADIO", "L2A": "BOA"}[level]
    quantity = "QUANTIFICATION_VALUE" if level == "L1C" else "BOA_QUANTIFICATION_VALUE"
    quantification = _number(text(quantity), quantity, path)
    if quantification <= 0:
        raise InputError(
            f"{path.name} has {quantity} = {quantification:g}; expected DN per reflectance, such as 10000."
        )
    names = {
        element.get("bandId", ""): _canonical(element.get("physicalBand", ""))
        for element in all_named("Spectral_Information")
        if _PHYSICAL_BAND.fullmatch(element.get("physicalBand", ""))
    }
    offsets = {}
    listed = list(all_named(f"{prefix}_ADD_OFFSET"))
    for element in listed:
        identifier = element.get("band_id", "")
        band = names.get(identifier) or _band_by_id(identifier, path)
        offsets[band] = _number(element.text, f"{prefix}_ADD_OFFSET", path)
    if not listed and (int(number[1]), int(number[2])) >= _FIRST_BASELINE_WITH_OFFSET:
        raise InputError(
            f"{path.name} is of baseline {baseline} but {metadata} gives no {prefix}_ADD_OFFSET, without which its "
            "numbers cannot be read. Download the product again."
        )
    sensed, cloud = stated("PRODUCT_START_TIME"), stated("Cloud_Coverage_Assessment")
    images = _images(path, root, granules[0])
    tile = re.search(r"T\d\d[A-Z]{3}", granules[0].get("granuleIdentifier", ""))
    return SafeProduct(
        path=path,
        metadata=members[f"{root}/{metadata}"] if members else f"{root}/{metadata}",
        level=level,
        baseline=baseline,
        sensed=None if sensed is None else _time(sensed, "PRODUCT_START_TIME", path),
        tile=tile[0] if tile else "",
        cloud_percent=None if cloud is None else _number(cloud, "Cloud_Coverage_Assessment", path),
        images=images,
        quantification=quantification,
        offsets=offsets if listed else dict.fromkeys(_BAND_IDS, 0.0),
        members=members,
    )


def _images(path: Path, root: str, granule: ElementTree.Element) -> dict[tuple[str, int], str]:
    suffix = ".tif" if granule.get("imageFormat", "").lower() == "geotiff" else ".jp2"
    images = {}
    for element in granule:
        relative = PurePosixPath((element.text or "").strip())
        if relative.is_absolute() or ".." in relative.parts:
            raise InputError(f"{path.name} names an image outside of itself, {relative}. It is not to be trusted.")
        found = _IMAGE.search(relative.name)
        if found:
            gsd_m = int(found[2]) if found[2] else _NATIVE_GSD_M.get(found[1], 20)
            images[found[1], gsd_m] = f"{root}/{relative}{suffix}"
    return images


def _canonical(physical_band: str) -> str:
    """B1 -> B01, B8A -> B8A."""
    return physical_band if len(physical_band) == 3 else f"B{physical_band[1:].zfill(2)}"


def _band_by_id(identifier: str, path: Path) -> str:
    if not identifier.isdecimal() or int(identifier) >= len(_BAND_IDS):
        raise InputError(f"{path.name} gives an offset for band {identifier!r}, which Sentinel-2 does not have.")
    return _BAND_IDS[int(identifier)]


def _number(value: str | None, name: str, path: Path) -> float:
    try:
        number = float(value or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{path.name} has {name} = {value!r}; expected a number.")
    return number


def _time(value: str, name: str, path: Path) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise InputError(f"{path.name} has {name} = {value!r}; expected one like 2023-08-10T10:00:31.024Z.") from None
