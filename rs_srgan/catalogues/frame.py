"""`Frame`: the rectangle that is cut out of the tiles of a scene, on the grid of Sentinel-2's tiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform_bounds
from shapely.geometry.base import BaseGeometry

from rs_srgan.catalogues.place import Place
from rs_srgan.errors import InputError
from rs_srgan.reading.grid import Grid

# The corners of tiles, and so the edges of pixels of every size, are multiples of this. Source: the tiling grid of
# Sentinel-2, whose corners in UTM are multiples of 60 m in all zones.
_UNIT_M = 60


@dataclass(frozen=True)
class Frame:
    """A rectangle in metres, whose sides are edges of 10 m, 20 m and 60 m pixels.

    Attributes:
        crs: CRS of the coordinates.
        left: smallest x.
        bottom: smallest y.
        right: largest x.
        top: largest y.
    """

    crs: CRS
    left: int
    bottom: int
    right: int
    top: int

    def outline(self) -> BaseGeometry:
        """Return the rectangle as a polygon."""
        return shapely.box(self.left, self.bottom, self.right, self.top)

    def grid(self, gsd_m: int) -> Grid:
        """Return the grid of pixels of a size in metres."""
        height, width = (self.top - self.bottom) // gsd_m, (self.right - self.left) // gsd_m
        return Grid(height, width, self.crs, Affine(gsd_m, 0, self.left, 0, -gsd_m, self.top))


def find_frame(place: Place, grids: Sequence[Grid], margin_m: int, name: str) -> Frame:
    """Return the smallest frame around a place and a margin, inside the tiles.

    Args:
        place: the place.
        grids: grids of the tiles; the first one's CRS is that of the frame.
        margin_m: metres around the place.
        name: name of the scene in error messages.

    Raises:
        InputError: the place is outside of the tiles, or their grids are not those of Sentinel-2.
    """
    crs = grids[0].crs
    if any(grid.transform.b or grid.transform.c % _UNIT_M or grid.transform.f % _UNIT_M for grid in grids):
        raise InputError(f"{name} is not on the grid of Sentinel-2's tiles. Download it, and give it to predict.")
    extents = [_extent(grid, crs) for grid in grids]
    west, south, east, north = place.projected(crs).bounds
    left, right = max(west - margin_m, min(e[0] for e in extents)), min(east + margin_m, max(e[2] for e in extents))
    bottom, top = max(south - margin_m, min(e[1] for e in extents)), min(north + margin_m, max(e[3] for e in extents))
    if left >= right or bottom >= top:
        raise InputError(f"{name} shows nothing of the area. Choose another scene: rs-srgan scenes.")
    return Frame(crs, _down(left), _down(bottom), -_down(-right), -_down(-top))


def _down(metres: float) -> int:
    return math.floor(metres / _UNIT_M) * _UNIT_M


def _extent(grid: Grid, crs: CRS) -> tuple[float, float, float, float]:
    left, top = grid.transform.c, grid.transform.f
    right, bottom = grid.corners[-1]
    if grid.crs == crs:
        return left, bottom, right, top
    own: tuple[float, float, float, float] = transform_bounds(grid.crs, crs, left, bottom, right, top)
    return own
