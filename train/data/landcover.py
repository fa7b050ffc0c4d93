"""Land cover of a place, to balance training between its kinds."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioError

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.reading.gdal import open_alone

# Classes of Sentinel-2's scene classification that describe the ground; the others are cloud, shadow, nodata and
# defects. Source: the L2A Algorithm Theoretical Basis Document.
_SCL_NAMES = {4: "vegetation", 5: "bare", 6: "water", 11: "snow"}

# Thresholds for the mean of an image: NDWI (McFeeters 1996) and NDVI (Rouse et al. 1974).
_WATER_NDWI, _FOREST_NDVI, _CROPS_NDVI = 0.0, 0.6, 0.3


def label_by_scl(path: Path) -> str:
    """Return the most frequent class of ground in a scene classification; "unclear" where there is none.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with open_alone(path) as dataset:
            counts = np.bincount(dataset.read(1).ravel(), minlength=12)
    except RasterioError as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    known = {name: int(counts[number]) for number, name in _SCL_NAMES.items()}
    return max(known, key=lambda name: known[name]) if any(known.values()) else "unclear"


def label_by_indices(image: FloatImage, bands: Sequence[str]) -> str:
    """Return "water", "dense vegetation", "sparse vegetation" or "bare", by spectral indices of the image's mean.

    Args:
        image: reflectance, (C, h, w), NaN where there is no data.
        bands: names of the bands of the image; B04, B03 and B08 must be among them.

    Raises:
        InputError: one of these three bands is missing.
    """
    missing = [band for band in ("B04", "B03", "B08") if band not in bands]
    if missing:
        raise InputError(
            f"Land cover by spectral indices needs B04, B03 and B08; {', '.join(missing)} is missing. "
            "Set land_cover to index or scl."
        )
    red, green, near_infrared = (float(np.nanmean(image[list(bands).index(b)])) for b in ("B04", "B03", "B08"))
    ndvi = (near_infrared - red) / max(near_infrared + red, 1e-6)
    ndwi = (green - near_infrared) / max(green + near_infrared, 1e-6)
    if ndwi > _WATER_NDWI:
        return "water"
    if ndvi > _FOREST_NDVI:
        return "dense vegetation"
    return "sparse vegetation" if ndvi > _CROPS_NDVI else "bare"


def balanced(labels: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return weights, with sum 1, that draw all labels equally often, and all places of one label equally often."""
    counts = Counter(labels)
    return np.array([1 / (len(counts) * counts[label]) for label in labels])
