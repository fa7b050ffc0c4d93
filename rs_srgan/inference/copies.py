"""Copies among files: the same image several times as revisits, see `registration.copies`."""

from collections.abc import Sequence

import numpy as np

from rs_srgan.pixels.windows import Window, spread_windows
from rs_srgan.reading.grid import Grid, composed
from rs_srgan.reading.raster import Raster
from rs_srgan.registration.copies import holds_no_more, varies

# Pixels are compared in windows of this size, at most that many along each axis, the middle ones first.
_SAMPLE_PX, _SAMPLES = 256, 4
# Largest distance of the pixels of two grids, in pixels, that have the same places.
_SAME_PLACE_PX = 0.01


def find_copies(rasters: Sequence[Raster]) -> dict[int, int]:
    """Find images that show nothing else than another one: the same pixels at the same places, or a part of them.

    A part can be a smaller file, or one with more nodata, for example under clouds. Names and dates play no role. Two
    acquisitions are never equal, because of their noise.

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
            earlier_in_this, this_in_earlier = _parts_of_each_other(rasters[earlier], own, raster, other)
            if this_in_earlier or (earlier_in_this and earlier == 0):
                copies[index] = earlier
                break
            if earlier_in_this:
                copies[earlier] = index
    return copies


def _covers(window: Window, grid: Grid) -> bool:
    return (window.height, window.width) == (grid.height, grid.width)


def _common(grid: Grid, other: Grid) -> tuple[Window, Window] | None:
    """Return the windows of two grids that are the same places; None if they share no pixel or lie askew."""
    if grid.crs != other.crs or grid.control_points != other.control_points:
        return None
    step = composed(~other.transform, grid.transform)
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


def _parts_of_each_other(first: Raster, own: Window, second: Raster, other: Window) -> tuple[bool, bool]:
    """Return whether the first of two images is a part of the second, and the second one of the first, by samples.

    Args:
        first: the first image.
        own: the window of the first image that shows the places that both show.
        second: the second image.
        other: the same places in the second image.
    """
    part = [_covers(own, first.grid), _covers(other, second.grid)]
    varied = False
    for sample in _samples(own.height, own.width):
        if not any(part):
            break
        a, b = first.read(sample.moved(own)), second.read(sample.moved(other))
        part = [part[0] and holds_no_more(*a, *b), part[1] and holds_no_more(*b, *a)]
        varied |= varies(a[0], a[1] & b[1])
    return part[0] and varied, part[1] and varied


def _samples(height: int, width: int) -> list[Window]:
    """Return windows that are spread over an image, beginning in its middle, where most images differ."""
    windows = spread_windows(height, width, _SAMPLE_PX, _SAMPLES)
    return sorted(windows, key=lambda window: abs(window.row - height / 2) + abs(window.col - width / 2))
