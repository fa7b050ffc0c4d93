"""The contents of a product and its quicklook, a small picture of all of it.

These functions run in a separate process, see `app.sandbox.reader`.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from app.jobs.survey import Box
from app.products.archive import checked_members
from rs_srgan.errors import InputError
from rs_srgan.maps.webp import webp
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Mask, Stretch
from rs_srgan.reading.gdal import WITHOUT_SIDECARS, driver_of, open_dataset
from rs_srgan.reading.safe import SafeProduct, open_product

QUICKLOOK_PX = 900
_RGB = ("B04", "B03", "B02")
# A band of 10 m has 10980 x 10980 pixels in blocks of 1024. To decode larger ones would take the process too long.
LARGEST_PX, LARGEST_BLOCK_PX = 10_980, 2048
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Contents:
    """The members of an archive that a product needs, by their exact names.

    Attributes:
        metadata: name of the MTD_MSIL*.xml.
        quick: names of the images for the quicklook.
        images: names of all images that the metadata lists and the archive contains, with those of the quicklook.
    """

    metadata: str
    quick: frozenset[str]
    images: frozenset[str]


def list_contents(archive: Path) -> Contents:
    """Return the contents of the product in an archive.

    Raises:
        InputError: the file is not an archive, is not safe to unpack, or contains no product.
    """
    checked_members(archive)
    product = open_product(archive)
    members = product.members or {}
    quick = {members[image] for image in _quick_images(product)}
    listed = {members[image] for image in product.images.values() if image in members}
    return Contents(product.metadata, frozenset(quick), frozenset(listed))


@dataclass(frozen=True)
class Glance:
    """The metadata of a product and its quicklook.

    Attributes:
        safe: the metadata.
        quicklook: the picture as a WebP file.
        bounds: left, bottom, right, top of the picture, in `crs`.
        crs: CRS of the product.
    """

    safe: SafeProduct
    quicklook: bytes
    bounds: Box
    crs: CRS


def glance_at(path: Path) -> Glance:
    """Read the metadata of an unpacked product and draw its quicklook.

    Raises:
        InputError: the folder contains no product, or its images cannot be read.
    """
    safe = open_product(path)
    layers = []
    encoding = safe.encoding(_RGB)
    for index, image in enumerate(_quick_images(safe)):
        name = f"{Path(image).name} in {safe.path.name}"
        with closing(open_dataset(image, name, driver_of(Path(image)))) as dataset:
            _refuse_large_image(name, dataset)
            layers.append(_averaged(dataset, name, encoding.of_band(index)))
            bounds, crs = tuple(dataset.bounds), dataset.crs
    reflectance = np.concatenate([layer for layer, _ in layers])
    valid = np.concatenate([known for _, known in layers])
    reflectance[~valid] = np.nan
    shown = Stretch.of(reflectance, percent=1, gamma=1.3).apply(reflectance)
    picture = webp(np.dstack([shown, np.where(valid.all(0), 255, 0).astype(np.uint8)]))
    return Glance(safe, picture, bounds, crs)


def _quick_images(safe: SafeProduct) -> list[str]:
    """Return the paths of a red, green and blue image of a product that exist, with the largest pixels."""
    listed = [gsd_m for gsd_m in (60, 20, 10) if all((band, gsd_m) in safe.images for band in _RGB)]
    if not listed:
        raise InputError(f"{safe.path.name} lists no image of {', '.join(_RGB)}, which the quicklook needs.")
    for gsd_m in listed:
        images = [safe.images[band, gsd_m] for band in _RGB]
        if all(safe.has_image(image) for image in images):
            return images
    missing = next(safe.images[band, listed[-1]] for band in _RGB if not safe.has_image(safe.images[band, listed[-1]]))
    raise InputError(f"{safe.path.name} is incomplete: {Path(missing).name} is missing. Download it again.")


def _refuse_large_image(name: str, dataset: DatasetReader) -> None:
    if max(dataset.shape) > LARGEST_PX or max(dataset.block_shapes[0]) > LARGEST_BLOCK_PX or dataset.count != 1:
        blocks = " x ".join(map(str, dataset.block_shapes[0]))
        raise InputError(
            f"{name} has {dataset.count} bands of {dataset.width} x {dataset.height} pixels in blocks of {blocks}; "
            "no band of Sentinel-2 is that large."
        )


def _averaged(dataset: DatasetReader, name: str, encoding: Encoding) -> tuple[FloatImage, Mask]:
    """Return reflectance at about QUICKLOOK_PX, (1, h, w), and where it is valid.

    All pixels are read and averaged here: a read at a smaller size would let the file name another one, see
    `rs_srgan.reading.gdal`.
    """
    step = max(1, max(dataset.shape) // QUICKLOOK_PX)
    width = dataset.width // step
    means, known = [], []
    rows = step * max(1, _ROWS_AT_ONCE // step)
    for top in range(0, dataset.height // step * step, rows):
        height = min(rows, dataset.height // step * step - top)
        with rasterio.Env(**WITHOUT_SIDECARS):
            try:
                dn = dataset.read([1], window=RasterioWindow(0, top, width * step, height))
            except RasterioError:
                raise InputError(f"{name} is damaged. Download it again.") from None
        reflectance, valid = encoding.decode(dn)
        blocks = (1, height // step, step, width, step)
        counts = valid.reshape(blocks).sum((2, 4))
        means.append(reflectance.reshape(blocks).sum((2, 4)) / np.maximum(counts, 1))
        known.append(counts > 0)
    return np.concatenate(means, axis=1), np.concatenate(known, axis=1)
