"""Single images of Sentinel-2 products: the product that they belong to, which knows their offset and their date."""

import logging
import re
from pathlib import Path

from rs_srgan.reading.safe import SafeProduct, open_product
from rs_srgan.reading.safe_files import METADATA_NAMES, holds_product
from rs_srgan.reading.zip_member import ZipMember

logger = logging.getLogger(__name__)

# Number of folders around an image of level 2A: R10m, IMG_DATA, the granule, GRANULE, the product.
_DEPTH = 5
# Names of images in products: since 2016, and before. Source: Sentinel-2 Products Specification Document.
_NAME = re.compile(r"(?:L2A_)?T\d\d[A-Z]{3}_\d{8}T\d{6}_B\d[\dA](_\d\dm)?|S2._\w+_MSI_L[12][AC]_\w+_B\d[\dA](_\d\dm)?")


def find_product_of(image: Path | ZipMember) -> tuple[SafeProduct, str] | None:
    """Return the product in whose folder or archive an image lies and whose metadata list it, and the image's band.

    Args:
        image: path of a file, which may be a link from or into the product; or a member of an archive.

    Returns:
        None if the file is no image of a band of a product.

    Raises:
        InputError: there are metadata around the image that cannot be read, or several products.
    """
    if isinstance(image, ZipMember):
        if not holds_product(image.archive):
            return None
        product = open_product(image.archive)
        return next(((product, band) for band, listed in _bands(product) if listed == image.address), None)
    place = image.resolve()
    for folder in dict.fromkeys((*[*image.absolute().parents][:_DEPTH], *[*place.parents][:_DEPTH])):
        for metadata in (folder / name for name in METADATA_NAMES):
            if not metadata.is_file():
                continue
            product = open_product(metadata)
            for band, listed in _bands(product):
                if Path(listed).resolve() == place:
                    return product, band
    return None


def _bands(product: SafeProduct) -> list[tuple[str, str]]:
    """Return the bands of a product with the paths of their images, for GDAL."""
    return [(band, listed) for (band, _), listed in product.images.items() if band != "SCL"]


def warn_of_lost_product(name: str) -> None:
    """Log a warning if an image has the name of a product's image: without the product its offset is unknown."""
    if _NAME.fullmatch(Path(name).stem):
        logger.warning(
            "%s is named like an image of a Sentinel-2 product, and no product around it lists it: read without an "
            "offset. Of products since baseline 04.00 (January 2022) state it: --offset -1000. Or give the product.",
            name,
        )
