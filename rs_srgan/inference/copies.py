"""Copies: images that are given several times as revisits. They hold no further information, so each is used once."""

from collections.abc import Iterator, Sequence

import numpy as np

from rs_srgan.pixels.windows import Window, spread
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.raster import Raster

# Pixels are compared in windows of this size, at most that many along each axis, the middle ones first.
_SAMPLE_PX, _SAMPLES = 256, 4
# Largest difference of equal reflectance that was stored with another scale or offset: a fifth of a Sentinel-2 DN.
_ROUNDING = 2e-5
# Largest distance of the pixels of two grids, in pixels, that have the same places.
_SAME_PLACE_PX = 0.01


def find_copies(rasters: Sequence[Raster]) -> dict[int, int]:
    """Find images that show nothing else than another one: the same pixels at the same places, or a part of them.

    Names and dates play no role. Two acquisitions are never equal, because of their noise.

    Args:
        rasters: the images; the first one is always kept.

    Returns:
        for the index of each copy, the index of the image to use instead.
    """
    copies: dict[int, int] = {}
    for index, raster in enumerate(rasters):
        for earlier in range(index):
            if earlier in copies or not (common := _common(rasters[earlier].grid, raster.grid)):
                continue
            own, other = common
            whole = _covers(other, raster.grid), _covers(own, rasters[earlier].grid)
            if not any(whole) or not _same_pixels(rasters[earlier], own, raster, other):
                continue
            if earlier == 0 or whole[0]:
                copies[index] = earlier
                break
            copies[earlier] = index
    return copies


def _covers(window: Window, grid: Grid) -> bool:
    return (window.height, window.width) == (grid.height, grid.width)


def _common(grid: Grid, other: Grid) -> tuple[Window, Window] | None:
    """Return the windows of two grids that are the same places; None if they share no pixel or lie askew."""
    if grid.crs != other.crs or grid.control_points != other.control_points:
        return None
    step = ~other.transform * grid.transform
    shape = np.array([step.a - 1, step.b, step.d, step.e - 1]) * max(grid.height, grid.width)
    row, col = round(step.f), round(step.c)
    away = np.abs([*shape, step.f - row, step.c - col]).max()
    if not away <= _SAME_PLACE_PX:
        return None
    top, left = max(0, -row), max(0, -col)
    height, width = min(grid.height, other.height - row) - top, min(grid.width, other.width - col) - left
    if height <= 0 or width <= 0:
        return None
    own = Window(top, left, height, width)
    return own, Window(top + row, left + col, height, width)


def _same_pixels(first: Raster, own: Window, second: Raster, other: Window) -> bool:
    """Return whether samples of two windows are equal, and hold more than a single value."""
    varied = False
    for sample in _samples(own.height, own.width):
        (a, a_valid), (b, b_valid) = first.read(sample.moved(own)), second.read(sample.moved(other))
        if a.shape != b.shape or not np.array_equal(a_valid, b_valid) or np.abs(a - b).max() > _ROUNDING:
            return False
        varied |= bool(a_valid.any() and np.ptp(a[a_valid]) > _ROUNDING)
    return varied


def _samples(height: int, width: int) -> Iterator[Window]:
    """Yield windows that are spread over an image, beginning in its middle, where most images differ."""
    rows, cols = (
        spread(side, min(_SAMPLE_PX, side), max(min(_SAMPLE_PX, side), -(-(side - _SAMPLE_PX) // (_SAMPLES - 1))))
        for side in (height, width)
    )
    places = [(row, col) for row in rows for col in cols]
    for row, col in sorted(places, key=lambda place: abs(place[0] - height / 2) + abs(place[1] - width / 2)):
        yield Window(row, col, min(_SAMPLE_PX, height), min(_SAMPLE_PX, width))
