"""Return of chips from a geographic grid to the grid of the sensor, where they were cut out by nearest neighbour.

Such a chip repeats some pixels of Sentinel-2 and skips others, at places that no network can know. All its pixels are
measured ones, though, and the grid of the sensor is known: UTM, at whole multiples of 10 m or 20 m.
"""

from typing import Any

import numpy as np
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform as project

from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.reading.grid import applied

Coordinates = np.ndarray[Any, np.dtype[np.float64]]

# Least number of chip pixels that share a sensor pixel and are equal; with fewer, the equality may be chance.
_LEAST_REPEATED = 20
# Least share of filled sensor pixels in the middle of the chip; with fewer, the chip is coarser than the sensor.
_LEAST_FILLED = 0.8


def to_native_grid(image: FloatImage, crs: CRS | None, grid: Affine, pixel_m: int, align_m: int) -> FloatImage | None:
    """Return the pixels of the sensor that a chip consists of.

    Args:
        image: pixels of the chip, (C, H, W), NaN where there is no data.
        crs: coordinate reference system of the chip.
        grid: affine transform from pixels of the chip to `crs`.
        pixel_m: pixel size of the sensor's bands, metres.
        align_m: the result begins and ends at whole multiples of this, metres, so that bands of other sizes fit.

    Returns:
        (C, height, width), north up. The chip lies rotated in it, and pixels outside the chip are NaN. Skipped pixels
        are means of their neighbours. None if the chip was not made by nearest neighbour from that grid.
    """
    if crs is None or not crs.is_geographic:
        return None
    rows, cols = np.mgrid[: image.shape[1], : image.shape[2]]
    longitudes, latitudes = applied(grid, cols.ravel() + 0.5, rows.ravel() + 0.5)
    own_zone = int((longitudes.mean() + 180) // 6) + 1
    for zone in (own_zone, own_zone - 1, own_zone + 1):  # tiles extend into the next zone
        epsg = (32600 if latitudes.mean() >= 0 else 32700) + (zone - 1) % 60 + 1
        x, y = (np.asarray(each) for each in project(crs, CRS.from_epsg(epsg), longitudes, latitudes))
        native = _gathered(image.reshape(len(image), -1), x, y, pixel_m, align_m)
        if native is not None:
            return _filled(native)
    return None


def _gathered(values: FloatImage, x: Coordinates, y: Coordinates, pixel_m: int, align_m: int) -> FloatImage | None:
    left, top = np.floor(x.min() / align_m) * align_m, np.ceil(y.max() / align_m) * align_m
    width = int(np.ceil((x.max() - left) / align_m)) * align_m // pixel_m
    height = int(np.ceil((top - y.min()) / align_m)) * align_m // pixel_m
    cells = np.floor((top - y) / pixel_m).astype(int) * width + np.floor((x - left) / pixel_m).astype(int)
    native: FloatImage = np.full((len(values), height * width), np.nan, np.float32)
    native[:, cells] = values
    repeated = np.bincount(cells, minlength=height * width)[cells] > 1
    if repeated.sum() < _LEAST_REPEATED or not np.array_equal(native[:, cells], values, equal_nan=True):
        return None
    native = native.reshape(len(values), height, width)
    middle = native[0, height // 4 : -(height // 4), width // 4 : -(width // 4)]
    return native if np.isfinite(middle).mean() >= _LEAST_FILLED else None


def _filled(image: FloatImage) -> FloatImage:
    """Return an image with each missing pixel replaced by the mean of its two neighbours in the row or column."""
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    beside = (padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]) / 2
    above = (padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1]) / 2
    between = np.where(np.isfinite(beside), np.where(np.isfinite(above), (beside + above) / 2, beside), above)
    result: FloatImage = np.where(np.isfinite(image), image, between).astype(np.float32)
    return result


def inner_rectangle(image: FloatImage, step: int = 1) -> FloatImage:
    """Return a rectangle without nodata, found by cutting rows or columns off the side with most nodata.

    Args:
        image: pixels, (C, H, W), NaN where there is no data at the borders.
        step: number of rows or columns to cut off at a time.
    """
    while image.size and np.isnan(image[0]).any():
        missing = np.isnan(image[0])
        sides = {
            (step, None, 0, None): missing[:step].mean(),
            (0, -step, 0, None): missing[-step:].mean(),
            (0, None, step, None): missing[:, :step].mean(),
            (0, None, 0, -step): missing[:, -step:].mean(),
        }
        top, bottom, left, right = max(sides, key=lambda side: sides[side])
        image = image[:, top:bottom, left:right]
    return image
