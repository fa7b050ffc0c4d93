"""Survey of images before a job enters the queue: their grids, and how their DN are read."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.reading.formats import NPY_START
from rs_srgan.reading.gdal import start_of
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.inspection import Inspection, gather_warnings, inspect_raster
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.region import find_region
from rs_srgan.reading.revisit import open_revisit
from rs_srgan.reading.safe import is_product, open_product
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import find_sensor

Box = tuple[float, float, float, float]  # west, south, east, north

# Sentinel-2 has 13 bands.
_MAX_BANDS = 13


@dataclass(frozen=True)
class Surveyed:
    """What a survey found about an image.

    Attributes:
        grid: grid of the wanted part.
        read: what is read of the image, and how.
        scene_px: number of pixels of the whole image.
    """

    grid: Grid
    read: Inspection
    scene_px: int


def survey_images(
    sources: Sequence[Path],
    masks: Sequence[Path | None],
    bands: tuple[str, ...],
    sensor: str,
    stated: Stated,
    bbox: Box | None,
    aoi: Path | None,
    max_lr_px: int,
) -> list[Surveyed]:
    """Return, for each image, the grid of the wanted part, and what `rs-srgan inspect` says about the image.

    Args:
        sources: paths of the images.
        masks: a mask or None for each image; empty if no image has a mask.
        bands: names of the bands that the model takes.
        sensor: name of the sensor of these bands.
        stated: what the visitor states about the images.
        bbox: the wanted part in degrees, or None.
        aoi: a GeoJSON file of the wanted part, or None.
        max_lr_px: largest number of pixels that the server takes.

    Raises:
        InputError: an image or a mask cannot be used.
    """
    found = []
    for source, mask in zip_longest(sources, masks):
        _refuse_large_array(source, max_lr_px)
        with gather_warnings() as warnings, ExitStack() as files:
            if len(sources) > 1:  # checks the mask, too
                opened = open_revisit(source, bands, stated, mask, find_sensor(sensor))
                raster = files.enter_context(opened).raster
            else:
                raster = files.enter_context(open_raster(source, bands, stated, find_sensor(sensor)))
            grid = raster.grid
            window = find_region(grid, raster.name, bbox, aoi).window
            product = open_product(source.absolute()) if is_product(source) else None
            read = inspect_raster(raster, warnings, window, product)
            found.append(Surveyed(grid.cropped(window), read, grid.height * grid.width))
    return found


def _refuse_large_array(source: Path, max_lr_px: int) -> None:
    """Check the shape in the header of an NPY file, since to open the image reads all of it into memory."""
    if not source.is_file() or not start_of(source).startswith(NPY_START):
        return
    try:
        shape = np.lib.format.open_memmap(source, mode="r").shape
    except Exception:  # to open the image will raise a clear error
        return
    if math.prod(shape) > _MAX_BANDS * max_lr_px:
        raise InputError(f"{source.name} has shape {shape}; this server takes {max_lr_px / 1e6:.1f} million pixels.")
