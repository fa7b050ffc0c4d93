"""Sentinel-2 products: their images, and the encoding of their pixels.

This module reads the product's own XML, and opens each band as its own JPEG 2000 file. GDAL's SENTINEL2 driver does not
report offsets, and reads zeros where the file of a band is missing.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import QUANTIFICATION, Encoding
from rs_srgan.reading.formats import find_driver
from rs_srgan.reading.gdal import driver_of, open_dataset
from rs_srgan.reading.safe_files import find_files, is_archive, is_metadata, read_ends
from rs_srgan.reading.safe_metadata import ProductMetadata, native_gsd_m, parse_metadata
from rs_srgan.reading.stated import NO_NODATA, Stated

# DN without data. 65535 means saturated and is kept, as a very bright pixel. Source: Sentinel-2 Products Specification.
NODATA = 0
# The metadata name images of JPEG 2000. Some archives, for example Microsoft's Planetary Computer, store GeoTIFF.
_STORED_SUFFIXES = (".jp2", ".tif", ".tiff", ".JP2", ".TIF")


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

    def encoding(self, bands: tuple[str, ...], stated: Stated = Stated()) -> Encoding:
        """Return how the images of `bands` store reflectance.

        Args:
            bands: names of the bands.
            stated: what the user states instead of the metadata.

        Raises:
            InputError: the metadata must list offsets, but there is none for one of the bands.
        """
        unknown = [] if stated.offset is not None else [band for band in bands if band not in self.offsets]
        if unknown:
            name = {"L1C": "RADIO_ADD_OFFSET", "L2A": "BOA_ADD_OFFSET"}[self.level]
            raise InputError(
                f"{self.path.name} has baseline {self.baseline} but gives no {name} for {', '.join(unknown)}, without "
                "which its numbers cannot be read. Download the product again, or state the offset: --offset -1000."
            )
        gain = stated.scale or 1 / self.quantification
        offsets = [self.offsets[band] if stated.offset is None else stated.offset for band in bands]
        bias = tuple(offset * gain for offset in offsets)
        nodata = NODATA if stated.nodata is None else None if stated.nodata == NO_NODATA else float(stated.nodata)
        plain = gain == 1 / QUANTIFICATION and not any(bias) and stated.offset is None
        return Encoding("uint16", (gain,) * len(bands), bias, nodata, tagged=not plain)  # readers assume the latter

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
            if not self.has_image(path):
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
        return next((path for path in found if path and self.has_image(path)), None)

    def has_image(self, image: str) -> bool:
        """Return whether the file of an image exists.

        Args:
            image: path for GDAL, from `images`.
        """
        if self.members is not None:
            return image in self.members
        try:
            return Path(image).is_file()
        except OSError:  # hostile metadata name a file that is longer than names may be
            return False

    def with_stored_images(self) -> "SafeProduct":
        """Return this product with the names under which its images are stored, where those exist."""
        stored = {}
        for key, image in self.images.items():
            stem = image.rpartition(".")[0]
            names = [image, *(f"{stem}{suffix}" for suffix in _STORED_SUFFIXES)]
            stored[key] = next((name for name in names if self.has_image(name)), image)
        return dataclasses.replace(self, images=stored)

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
    return path.is_dir() or is_archive(path) or is_metadata(path)


def open_product(path: str | Path) -> SafeProduct:
    """Read the metadata of a product.

    Args:
        path: a .SAFE folder, a folder or a zip archive with one in it, or the product's MTD_MSIL*.xml.

    Raises:
        InputError: there is no product or more than one, or its metadata lack a required element.
    """
    files = find_files(Path(path))
    metadata = f"{files.root}/{files.metadata}"
    product = SafeProduct(
        **vars(parse_metadata(files)),
        path=files.path,
        metadata=files.members[metadata] if files.members else metadata,
        members=files.members,
    )
    return product.with_stored_images()
