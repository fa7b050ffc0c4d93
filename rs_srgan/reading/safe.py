"""Sentinel-2 products: their images, and the encoding of their pixels.

This module reads the product's own XML, and opens each band as its own JPEG 2000 file. GDAL's SENTINEL2 driver does not
report offsets, and reads zeros where the file of a band is missing.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import QUANTIFICATION, Encoding
from rs_srgan.reading.formats import find_driver
from rs_srgan.reading.gdal import driver_of, open_dataset
from rs_srgan.reading.safe_files import METADATA_NAME, find_files, read_ends
from rs_srgan.reading.safe_metadata import ProductMetadata, native_gsd_m, parse_metadata

# DN without data. 65535 means saturated and is kept, as a very bright pixel. Source: Sentinel-2 Products Specification.
NODATA = 0


@dataclass(frozen=True)
class SafeProduct(ProductMetadata):
    """A Sentinel-2 product: its metadata and its files.

    Attributes:
        path: path that the user gave.
        metadata: path of the MTD_MSIL*.xml; for an archive the name of the member.
        members: names of an archive's members by their path for GDAL; None for a folder.
    """

    path: Path
    metadata: str
    members: dict[str, str] | None

    def encoding(self, bands: tuple[str, ...]) -> Encoding:
        """Return how the images of `bands` store reflectance.

        Raises:
            InputError: the metadata list offsets, but none for one of the bands.
        """
        unknown = [band for band in bands if band not in self.offsets]
        if unknown:
            raise InputError(
                f"{self.path.name} gives no offset for {', '.join(unknown)}, without which its numbers cannot be read. "
                "Download the product again."
            )
        gain = 1 / self.quantification
        bias = tuple(self.offsets[band] * gain for band in bands)
        tagged = any(bias) or self.quantification != QUANTIFICATION  # readers assume the latter without tags
        return Encoding("uint16", (gain,) * len(bands), bias, NODATA, tagged)

    def image_paths(self, bands: tuple[str, ...]) -> list[str]:
        """Return the paths, for GDAL, of the images of `bands`, all with the pixel size of the coarsest band.

        Raises:
            InputError: the metadata do not list an image, or its file is missing.
        """
        gsd_m = max(native_gsd_m(band) for band in bands)
        paths = []
        for band in bands:
            path = self.images.get((band, gsd_m))
            if path is None:
                raise InputError(f"{self.path.name} lists no image of {band} at {gsd_m} m, which the model needs.")
            if not self._exists(path):
                raise InputError(
                    f"{self.path.name} is incomplete: {PurePosixPath(path).name} ({band} at {gsd_m} m) is missing. "
                    "Download the product again."
                )
            paths.append(path)
        return paths

    @property
    def scene_classification(self) -> str | None:
        """The path, for GDAL, of the scene classification with the smallest pixels; None without one, as in L1C."""
        found = (self.images.get(("SCL", gsd_m)) for gsd_m in (20, 60))
        return next((path for path in found if path and self._exists(path)), None)

    def _exists(self, image: str) -> bool:
        return Path(image).is_file() if self.members is None else image in self.members

    def open_image(self, image: str) -> DatasetReader:
        """Open one image of the product.

        Args:
            image: path for GDAL, from `image_paths` or `scene_classification`.

        Raises:
            InputError: the image is truncated or corrupt, or its checksum in the archive is wrong.
        """
        name = PurePosixPath(image).name
        if self.members is None:
            driver = driver_of(Path(image))
        else:
            driver = find_driver(name, *read_ends(self.path, self.members[image]))
        return open_dataset(image, name, driver)


def is_product(path: Path) -> bool:
    """Return whether `path` is read as a product: a folder, a zip archive or a product's metadata file."""
    return path.is_dir() or path.suffix.lower() == ".zip" or METADATA_NAME.fullmatch(path.name) is not None


def open_product(path: str | Path) -> SafeProduct:
    """Read the metadata of a product.

    Args:
        path: a .SAFE folder, a zip archive with one in it, or the product's MTD_MSIL*.xml.

    Raises:
        InputError: there is no product or more than one, or its metadata lack a required element.
    """
    files = find_files(Path(path))
    metadata = f"{files.root}/{files.metadata}"
    return SafeProduct(
        **vars(parse_metadata(files)),
        path=files.path,
        metadata=files.members[metadata] if files.members else metadata,
        members=files.members,
    )
