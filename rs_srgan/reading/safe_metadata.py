"""The metadata of a Sentinel-2 product, MTD_MSIL1C.xml or MTD_MSIL2A.xml.

Source: Sentinel-2 Products Specification Document.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from xml.etree import ElementTree

from rs_srgan.errors import InputError
from rs_srgan.reading.safe_files import ProductFiles

# Products since this baseline (January 2022) have an offset for every band.
_FIRST_BASELINE_WITH_OFFSET = (4, 0)
# The baseline of products that users made with their own Sen2Cor. Versions without a list of offsets knew no offset.
_OWN_SEN2COR = (99, 99)
# Bands by identifier, 0 to 12, for products that do not list them.
_BAND_IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_NATIVE_GSD_M = {"B02": 10, "B03": 10, "B04": 10, "B08": 10, "B01": 60, "B09": 60, "B10": 60}
_PHYSICAL_BAND = re.compile(r"B(\d\d?|8A)")
_IMAGE = re.compile(r"_(B\d[\dA]|SCL)(?:_(\d\d)m)?$")


@dataclass(frozen=True)
class ProductMetadata:
    """The metadata of a Sentinel-2 product.

    Attributes:
        level: processing level, "L1C" or "L2A".
        baseline: processing baseline, for example "04.00".
        sensed: start of the acquisition, UTC; None if the metadata do not state it.
        tile: tile of the military grid, for example "T29UNU"; empty if unknown.
        cloud_percent: cloud cover of the tile, 0 to 100; None if the metadata do not state it.
        images: paths for GDAL by band (or "SCL") and pixel size in metres; a file need not exist.
        quantification: DN per unit of reflectance.
        offsets: DN to add to a pixel, by band; empty if the metadata must list them and do not.
    """

    level: str
    baseline: str
    sensed: datetime | None
    tile: str
    cloud_percent: float | None
    images: dict[tuple[str, int], str]
    quantification: float
    offsets: dict[str, float]


def parse_metadata(files: ProductFiles) -> ProductMetadata:
    """Parse the metadata of a product.

    Raises:
        InputError: the content is no XML, or a required element is missing or has an impossible value.
    """
    return _Parser(files).metadata()


def native_gsd_m(band: str) -> int:
    """Return the smallest pixel size, in metres, in which a product stores a band."""
    return _NATIVE_GSD_M.get(band, 20)


class _Parser:
    """Elements of the XML by their name, without namespace."""

    def __init__(self, files: ProductFiles) -> None:
        self._files, self._name = files, files.path.name
        try:
            self._tree = ElementTree.fromstring(files.content)  # nosec B314  # expat bounds entities
        except (ElementTree.ParseError, ValueError, LookupError) as error:  # the latter two for an unknown encoding
            raise InputError(
                f"{files.metadata} of {self._name} is no valid XML ({error}). Download the product again."
            ) from None
        self._elements: dict[str, list[ElementTree.Element]] = {}  # by name, in one walk: a hostile file has millions
        for element in self._tree.iter():
            self._elements.setdefault(element.tag.rpartition("}")[2], []).append(element)
        self.level = "L1C" if "1C" in self._tree.tag.rpartition("}")[2].upper() else "L2A"

    def metadata(self) -> ProductMetadata:
        baseline = self._required("PROCESSING_BASELINE")
        number = re.fullmatch(r"(\d\d?)\.(\d\d?)", baseline)
        if number is None:
            raise InputError(f"{self._name} has the processing baseline {baseline!r}; expected one like 04.00.")
        granules = self._all("Granule") or self._all("Granules")
        tiles = {self._tile(granule) for granule in granules}
        if len(tiles) != 1:  # level 2A of 2017 and 2018 has a granule for each pixel size, all of one tile
            raise InputError(
                f"{self._name} has {len(granules)} granules of {len(tiles)} tiles; expected one tile, as in products "
                "since 2016. Give a product of one tile."
            )
        cloud = self._stated("Cloud_Coverage_Assessment")
        return ProductMetadata(
            level=self.level,
            baseline=baseline,
            sensed=self._sensed(),
            tile=tiles.pop(),
            cloud_percent=None if cloud is None else self._number(cloud, "Cloud_Coverage_Assessment"),
            images=self._images(granules),
            quantification=self._quantification(),
            offsets=self._offsets((int(number[1]), int(number[2]))),
        )

    @staticmethod
    def _tile(granule: ElementTree.Element) -> str:
        found = re.search(r"T\d\d[A-Z]{3}", granule.get("granuleIdentifier", ""))
        return found[0] if found else ""

    def _all(self, name: str) -> Sequence[ElementTree.Element]:
        return self._elements.get(name, ())

    def _stated(self, name: str) -> str | None:
        element = next(iter(self._all(name)), None)
        return (element.text or "").strip() or None if element is not None else None

    def _required(self, name: str) -> str:
        value = self._stated(name)
        if value is None:
            raise InputError(
                f"{self._files.metadata} of {self._name} has no {name}; expected the metadata of a Sentinel-2 product."
            )
        return value

    def _number(self, value: str | None, name: str) -> float:
        try:
            number = float(value or "")
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(f"{self._name} has {name} = {value!r}; expected a number.")
        return number

    def _sensed(self) -> datetime | None:
        value = self._stated("PRODUCT_START_TIME")
        try:
            return None if value is None else datetime.fromisoformat(value)
        except ValueError:
            raise InputError(
                f"{self._name} has PRODUCT_START_TIME = {value!r}; expected one like 2023-08-10T10:00:31.024Z."
            ) from None

    def _quantification(self) -> float:
        name = {"L1C": "QUANTIFICATION_VALUE", "L2A": "BOA_QUANTIFICATION_VALUE"}[self.level]
        value = self._stated(name) or self._stated(f"{self.level}_{name}")  # the latter in level 2A of 2017 and 2018
        quantification = self._number(value or self._required(name), name)
        if quantification <= 0:
            raise InputError(
                f"{self._name} has {name} = {quantification:g}; expected DN per reflectance, for example 10000."
            )
        return quantification

    def _offsets(self, baseline: tuple[int, int]) -> dict[str, float]:
        """Return the offset of every band: 0 in products of before baseline 04.00; nothing if a list is missing."""
        name = {"L1C": "RADIO_ADD_OFFSET", "L2A": "BOA_ADD_OFFSET"}[self.level]
        bands = {
            element.get("bandId", ""): _canonical(element.get("physicalBand", ""))
            for element in self._all("Spectral_Information")
            if _PHYSICAL_BAND.fullmatch(element.get("physicalBand", ""))
        }
        offsets = {}
        for element in self._all(name):
            identifier = element.get("band_id", "")
            offsets[bands.get(identifier) or self._band_by_id(identifier)] = self._number(element.text, name)
        if not offsets and _FIRST_BASELINE_WITH_OFFSET <= baseline != _OWN_SEN2COR:
            return {}
        return offsets or dict.fromkeys(_BAND_IDS, 0.0)

    def _band_by_id(self, identifier: str) -> str:
        if not identifier.isdecimal() or int(identifier) >= len(_BAND_IDS):
            raise InputError(
                f"{self._name} gives an offset for band {identifier!r}; expected 0 to {len(_BAND_IDS) - 1}. "
                "Download the product again."
            )
        return _BAND_IDS[int(identifier)]

    def _images(self, granules: Sequence[ElementTree.Element]) -> dict[tuple[str, int], str]:
        images = {}
        for granule in granules:
            suffix = ".tif" if granule.get("imageFormat", "").lower() == "geotiff" else ".jp2"
            for element in granule:
                relative = PurePosixPath((element.text or "").strip())
                if relative.is_absolute() or ".." in relative.parts:
                    raise InputError(
                        f"{self._name} names an image outside of itself, {relative}; expected one in its own folder. "
                        "Do not trust this product."
                    )
                found = _IMAGE.search(relative.name)
                if found:
                    gsd_m = int(found[2]) if found[2] else native_gsd_m(found[1])
                    images[found[1], gsd_m] = f"{self._files.root}/{relative}{suffix}"
        return images


def _canonical(physical_band: str) -> str:
    """Return the name of a band with three characters: B1 -> B01, B8A -> B8A."""
    return physical_band if len(physical_band) == 3 else f"B{physical_band[1:].zfill(2)}"
