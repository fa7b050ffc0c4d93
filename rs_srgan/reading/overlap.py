"""Overlap: how much of one grid another grid shows, without reading pixels."""

import numpy as np
import rasterio
import shapely
from rasterio.warp import transform
from shapely.geometry.base import BaseGeometry

from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import PROJECTION_ERRORS

# Straight edges become curves in another projection. Each edge gets so many corners first.
_PIECES = 16
# Rounding makes neighbours overlap by less than this, pixels.
_LEAST_PX = 0.01


def overlap_px(grid: Grid, other: Grid) -> float | None:
    """Return how many pixels of a grid lie on another grid, as an area; fractions count.

    Two grids without a place on Earth are laid on each other by their first pixels.

    Args:
        grid: the grid whose pixels are counted.
        other: the other grid.

    Returns:
        0 to the number of pixels of `grid`; None if only one of the two has a place on Earth.
    """
    if grid.has_place != other.has_place:
        return None
    own, place = _footprint(grid), _footprint(other)
    if grid.has_place and grid.crs != other.crs:
        projected = _projected(place, other, grid)
        if projected is None:
            return 0.0
        place = projected
    pixel = abs(grid.transform.determinant) if grid.has_place else 1.0
    shared = float(own.intersection(place).area) / pixel
    return min(shared, float(grid.height * grid.width)) if shared > _LEAST_PX else 0.0


def _footprint(grid: Grid) -> BaseGeometry:
    """Return the outline of a grid in its own CRS, or in pixels without one."""
    corners = [(0, 0), (grid.width, 0), (grid.width, grid.height), (0, grid.height)]
    return shapely.Polygon([grid.place(*corner) for corner in corners] if grid.has_place else corners)


def _projected(outline: BaseGeometry, grid: Grid, target: Grid) -> BaseGeometry | None:
    """Return the outline of a grid in the CRS of another one; None beyond the projection's reach."""
    fine = shapely.segmentize(outline, max(outline.length / (4 * _PIECES), 1e-9))
    try:
        with rasterio.Env():  # else GDAL prints its own message
            moved = shapely.transform(fine, lambda xy: np.column_stack(transform(grid.crs, target.crs, *xy.T)))
    except PROJECTION_ERRORS:
        return None
    return shapely.make_valid(moved) if np.isfinite(shapely.get_coordinates(moved)).all() else None
