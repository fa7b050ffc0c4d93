"""Sentinel-2 products with real pixels, up to full size, made once and kept: python -m benchmarks.mosaic FOLDER."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window

from rs_srgan.reading.safe import open_product
from rs_srgan.sensors import RGBN
from tests.safe_builder import build_safe
from train.data.native import native_images
from train.data.sources import data_root

SIDE_PX = 10980  # side of a tile of the military grid at 10 m
BLOCK_PX = 1024  # side of the blocks in the JPEG 2000 images that ESA distributes
CELL_PX = 366  # side of a cell of the mosaic: a tile has 30 x 30 cells
SMALLEST_PX = 400  # least side of the images that the cells are cut from
OFFSET = -1000
_NOISE_DN = 8  # of a revisit, standard deviation

Image = np.ndarray[Any, np.dtype[np.uint16]]


def product(cache: Path, side_px: int = SIDE_PX, coarse: Sequence[str] = (), date: int = 0) -> Path:
    """Return a .SAFE folder of level 2A with the four 10 m bands, made from RS_SRGAN_DATA unless the cache has it.

    Args:
        cache: a folder for products, with room for 1 GB.
        side_px: side of the 10 m images, pixels, even.
        coarse: 20 m bands that it also has, for measures of speed and size: averages of the 10 m bands, in turn.
        date: 0, or the number of a revisit: the same ground with other brightness, noise and a small shift.
    """
    cache = cache / (f"{side_px}" + "_20m" * bool(coarse) + f"_{date}" * bool(date))
    cache.mkdir(parents=True, exist_ok=True)
    found = sorted(cache.glob("*.SAFE"))
    if found:
        return found[0]
    # in a process of its own: Linux counts the memory of a process as that of the commands that it starts
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_make, cache, side_px, tuple(coarse), date).result()


def _make(cache: Path, side_px: int, coarse: tuple[str, ...], date: int) -> Path:
    """Make a product in an existing folder."""
    images = _images(data_root())
    random = np.random.default_rng(0)
    cells = -(-side_px // CELL_PX)
    mosaic = np.empty((len(RGBN), cells * CELL_PX, cells * CELL_PX), np.uint16)
    for row in range(0, cells * CELL_PX, CELL_PX):
        for col in range(0, cells * CELL_PX, CELL_PX):
            mosaic[:, row : row + CELL_PX, col : col + CELL_PX] = _cell(images, random)
    if date:
        _revisit(mosaic, date)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        bands = {(band, 10): mosaic[index, :side_px, :side_px] for index, band in enumerate(RGBN)}
        half = side_px // 2
        means = mosaic[:, : 2 * half, : 2 * half].reshape(len(RGBN), half, 2, half, 2).mean((2, 4)).astype(np.uint16)
        bands |= {(band, 20): means[index % len(RGBN)] for index, band in enumerate(coarse)}
        safe = build_safe(Path(folder), bands, offset=OFFSET, block_px=BLOCK_PX)
        return Path(shutil.move(safe, cache))


def _revisit(mosaic: Image, date: int) -> None:
    """Change the DN of a mosaic to those of another date, in place; values of speed and memory, not of quality.

    Each band is shifted by the same part of a pixel, up to 0.3 along rows and columns, by linear interpolation.
    """
    random = np.random.default_rng(date)
    shifts = random.uniform(0, 0.3, 2).astype(np.float32)
    for band in mosaic:
        dn = band.astype(np.float32)
        for axis, shift in enumerate(shifts):
            dn += shift * (np.roll(dn, 1, axis) - dn)
        dn += random.standard_normal(dn.shape, np.float32) * _NOISE_DN
        band[:] = ((dn + OFFSET) * random.uniform(0.95, 1.05) - OFFSET).clip(1).round()


def geotiff(cache: Path, side_px: int) -> Path:
    """Write the middle of the full-size product as a compressed GeoTIFF.

    Its DN have no offset, because the peers do not read offsets.

    Args:
        cache: see `product`.
        side_px: side of the image, pixels.
    """
    target = cache / f"{side_px}.tif"
    if target.exists():
        return target
    paths = open_product(product(cache)).image_paths(RGBN)
    start = (SIDE_PX - side_px) // 2
    window = Window(start, start, side_px, side_px)
    with rasterio.open(paths[0]) as first:
        place = {"crs": first.crs, "transform": first.window_transform(window)}
    layout = {"driver": "GTiff", "tiled": True, "compress": "deflate", "predictor": 2}
    size = {"count": len(paths), "height": side_px, "width": side_px, "dtype": "uint16"}
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        fresh = Path(folder) / target.name
        with rasterio.open(fresh, "w", **layout, **size, **place) as out:
            for index, path in enumerate(paths, start=1):
                with rasterio.open(path) as band:
                    dn = band.read(1, window=window)
                out.write(dn - dn.clip(max=-OFFSET), index)
                out.set_band_description(index, RGBN[index - 1])
        return fresh.rename(target)


def _images(root: Path) -> list[Image]:
    """Read all large images on the sensor's own 10 m grid: DN without offset.

    Resampled images would be another task: they overshoot, and their DN have to be clipped. Holes get the mean of their
    band, so a tile takes as much work as possible.
    """
    images = []
    for entry in native_images(root):
        if entry.gsd_m != 10 or entry.nn_resampled or not set(RGBN) <= set(entry.bands):
            continue
        with rasterio.open(entry.path) as dataset:
            if min(dataset.shape) >= SMALLEST_PX:
                dn = dataset.read([entry.bands.index(band) + 1 for band in RGBN])
                means = [band[band > 0].mean() for band in dn]
                images.append(np.where(dn == 0, np.array(means, np.uint16)[:, None, None], dn))
    return images


def _cell(images: list[Image], random: np.random.Generator) -> Image:
    """Cut a random cell, and rotate, mirror and brighten it at random."""
    image = images[random.integers(len(images))]
    row, col = (random.integers(side - CELL_PX + 1) for side in image.shape[1:])
    cut = np.rot90(image[:, row : row + CELL_PX, col : col + CELL_PX], random.integers(4), axes=(1, 2))
    if random.integers(2):
        cut = cut[:, :, ::-1]
    return (cut * random.uniform(0.8, 1.25) - OFFSET).round().astype(np.uint16)


if __name__ == "__main__":
    print(product(Path(sys.argv[1])))
