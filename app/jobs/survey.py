"""Looking at images before a job enters the queue: their size and how their numbers are read."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.region import find_region
from rs_srgan.reading.revisit import open_revisit

Box = tuple[float, float, float, float]  # west, south, east, north


_MAX_BANDS = 13


def survey_images(
    sources: Sequence[Path],
    masks: Sequence[Path | None],
    bands: tuple[str, ...],
    offset: float | None,
    bbox: Box | None,
    aoi: Path | None,
    max_lr_px: int,
) -> list[tuple[Grid, str]]:
    """Return, for each image, the grid of the part that is wanted and how its numbers are read.

    Raises:
        InputError: an image or a mask cannot be used.
    """
    found = []
    for source, mask in zip_longest(sources, masks):
        _refuse_large_array(source, max_lr_px)
        with _opened(source, mask, len(sources) > 1, bands, offset) as raster:
            region = find_region(raster.grid, raster.name, bbox, aoi)
            found.append((raster.grid.cropped(region.window), str(raster.encoding)))
    return found


@contextmanager
def _opened(
    source: Path, mask: Path | None, several: bool, bands: tuple[str, ...], offset: float | None
) -> Iterator[Raster]:
    """Open an image; if there are several, their masks are checked as well."""
    if not several:
        with open_raster(source, bands, offset) as raster:
            yield raster
        return
    with open_revisit(source, bands, offset, mask) as revisit:
        yield revisit.raster


def _refuse_large_array(source: Path, max_lr_px: int) -> None:
    """Check the header of an .npy file, which is in memory as soon as it is opened."""
    if source.suffix.lower() != ".npy":
        return
    try:
        shape = np.lib.format.open_memmap(source, mode="r").shape
    except Exception:  # opening it says what is wrong, in words
        return
    if math.prod(shape) > _MAX_BANDS * max_lr_px:
        raise InputError(f"{source.name} has shape {shape}; this server takes {max_lr_px / 1e6:.1f} million pixels.")
