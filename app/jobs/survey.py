"""Survey of images before a job enters the queue: their grids, and how their DN are read."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.reading.formats import NPY_START
from rs_srgan.reading.gdal import start_of
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.inspection import summarise
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.region import find_region
from rs_srgan.reading.revisit import open_revisit
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import Sensor, find_sensor

Box = tuple[float, float, float, float]  # west, south, east, north

# Words in the text of an 8-bit image, whose values are no reflectance.
DISPLAY = "display values"
# Sentinel-2 has 13 bands.
_MAX_BANDS = 13


@dataclass(frozen=True)
class Surveyed:
    """What a survey found about an image.

    Attributes:
        grid: grid of the wanted part.
        scaling: how the image is read, as text.
        scene_px: number of pixels of the whole image.
    """

    grid: Grid
    scaling: str
    scene_px: int


def survey_images(
    sources: Sequence[Path],
    masks: Sequence[Path | None],
    bands: tuple[str, ...],
    sensor: str,
    offset: float | None,
    bbox: Box | None,
    aoi: Path | None,
    max_lr_px: int,
) -> list[Surveyed]:
    """Return, for each image, the grid of the wanted part and how it is read, as text.

    The text of a single image is that of `rs-srgan inspect` in short: bands, formula, nodata and warnings.

    Args:
        sources: paths of the images.
        masks: a mask or None for each image; empty if no image has a mask.
        bands: names of the bands that the model takes.
        sensor: name of the sensor of these bands.
        offset: offset of the DN, or None to use the one in the file.
        bbox: the wanted part in degrees, or None.
        aoi: a GeoJSON file of the wanted part, or None.
        max_lr_px: largest number of pixels that the server takes.

    Raises:
        InputError: an image or a mask cannot be used.
    """
    found = []
    for source, mask in zip_longest(sources, masks):
        _refuse_large_array(source, max_lr_px)
        with _opened(source, mask, len(sources) > 1, bands, find_sensor(sensor), offset) as raster:
            region = find_region(raster.grid, raster.name, bbox, aoi)
            text = str(raster.encoding) if len(sources) > 1 else summarise(raster)
            if _shows_display_values(raster.encoding):
                text = text.replace("reflectance = ", f"{DISPLAY} = ")
                text += ". It is 8-bit, as photos are: the result is a picture, not reflectance"
            grid = raster.grid
            found.append(Surveyed(grid.cropped(region.window), text, grid.height * grid.width))
    return found


def _shows_display_values(encoding: Encoding) -> bool:
    """Return whether an image holds 8-bit values without a scale, which nobody measured as reflectance."""
    return encoding.dtype == "uint8" and not encoding.tagged and all(gain == 1 / 255 for gain in encoding.gain)


@contextmanager
def _opened(
    source: Path, mask: Path | None, several: bool, bands: tuple[str, ...], sensor: Sensor, offset: float | None
) -> Iterator[Raster]:
    """Open an image, and check its mask if there are several images."""
    if not several:
        with open_raster(source, bands, Stated(offset=offset), sensor) as raster:
            yield raster
        return
    with open_revisit(source, bands, Stated(offset=offset), mask, sensor) as revisit:
        yield revisit.raster


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
