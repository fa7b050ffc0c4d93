"""The reference among revisits: the image that most others show, so that one image of another place is left out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.windows import Window, spread_windows
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.overlap import overlap_px
from rs_srgan.reading.region import find_region
from rs_srgan.reading.revisit import Revisit
from rs_srgan.season import MOST_DAYS, days_apart

# Shares of clear pixels are found from windows of this size, at most that many along each axis.
_SAMPLE_PX = 256
_SAMPLES = 4
# Overlaps that differ by less than this share are equal: footprints are projected.
_EQUAL = 1e-3


@dataclass(frozen=True)
class _Shown:
    """The wanted part of a revisit: its grid, and the share of it that shows the ground, 0..1."""

    grid: Grid
    clear: float


def choose_reference(
    revisits: Sequence[Revisit],
    copies: Collection[int],
    bbox: Sequence[float] | None,
    aoi: str | Path | None,
    max_days: float = MOST_DAYS,
) -> int:
    """Return the index of the revisit that the others show most: with the largest sum of clear overlaps.

    The clear overlap of two images is the area that both cover, times the share of clear pixels of each, and 0 if their
    seasons differ. Among images with equal sums, the one that shows most ground is the reference: of two images, the
    clearer one.

    Args:
        revisits: the revisits.
        copies: indexes of those that hold the same pixels as another one; they do not count.
        bbox: see `find_region`.
        aoi: see `find_region`.
        max_days: see `season_differs`.

    Raises:
        InputError: the wanted part lies outside all images.
    """
    shown = {index: _shown(each, bbox, aoi) for index, each in enumerate(revisits) if index not in copies}
    inside = {index: each for index, each in shown.items() if each is not None}
    if not inside:  # raise the error of a single image
        find_region(revisits[0].raster.grid, revisits[0].raster.name, bbox, aoi)
    sums = dict.fromkeys(inside, 0.0)
    for one in inside:
        for other in inside:
            if one < other and season_differs(revisits[one], revisits[other], max_days) is None:
                common = _clear_overlap(inside[one], inside[other])
                sums[one] += common
                sums[other] += common
    most = max(sums.values())
    best = [index for index, total in sums.items() if total >= most * (1 - _EQUAL)]
    return max(best, key=lambda index: (_ground_px(inside[index], inside[best[0]]), -index))


def _shown(revisit: Revisit, bbox: Sequence[float] | None, aoi: str | Path | None) -> _Shown | None:
    """Return the wanted part of a revisit; None if the revisit lies outside of it."""
    grid = revisit.raster.grid
    try:
        window = find_region(grid, revisit.raster.name, bbox, aoi).window
    except InputError:
        return None
    return _Shown(grid.cropped(window), clear_share(revisit, window))


def _clear_overlap(one: _Shown, other: _Shown) -> float:
    """Return the clear overlap of two revisits, pixels of the first."""
    return (overlap_px(one.grid, other.grid) or 0.0) * one.clear * other.clear


def _ground_px(shown: _Shown, like: _Shown) -> float:
    """Return the area of the ground that a revisit shows, pixels of another one if both have one CRS."""
    pixel = 1.0
    if shown.grid.crs == like.grid.crs and like.grid.transform.determinant:
        pixel = abs(shown.grid.transform.determinant / like.grid.transform.determinant)
    return shown.clear * shown.grid.height * shown.grid.width * pixel


def clear_share(revisit: Revisit, window: Window) -> float:
    """Return the share of a window that shows the ground, from samples of its pixels or all of its class mask."""
    if revisit.clear and not revisit.files:  # a product's own mask, which marks missing data, too
        return revisit.clear.share(window)
    shares = [revisit.read(sample)[1].mean() for sample in spread_samples(window)]  # a hole in any band is one
    if revisit.clear and revisit.clear.classes and any(shares):  # a class mask in a file, which marks missing data, too
        return revisit.clear.share(window)
    return float(np.mean(shares))


def spread_samples(window: Window) -> list[Window]:
    """Return windows that are spread over a larger one."""
    return [each.moved(window) for each in spread_windows(window.height, window.width, _SAMPLE_PX, _SAMPLES)]


def season_differs(one: Revisit, other: Revisit, max_days: float) -> int | None:
    """Return the days of the season between two revisits if they are more than `max_days`; None if not, or unknown."""
    if one.taken is None or other.taken is None:
        return None
    days = round(days_apart(one.taken, other.taken))
    return days if days > max_days else None


def shows_elsewhere(reference: Grid, window: Window, other: Grid) -> bool:
    """Return whether a grid shows nothing of a window of the reference; False if only one has a place on Earth."""
    return overlap_px(reference.cropped(window), other) == 0
