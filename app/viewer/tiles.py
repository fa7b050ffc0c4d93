"""Map tiles of a result, 256 x 256 pixels each, on one of two planes.

Tiles on the plane "earth" are those of web maps (EPSG:3857), so that they fit other maps. Tiles on the plane "pixels"
have the grid of the result and are not resampled: at zoom PIXEL_ZOOM one pixel of a tile is one SR pixel, and the upper
left corner of the image is at the middle of the web map.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform

from app.viewer.colours import Style, colour
from app.viewer.layers import View
from rs_srgan import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import PROJECTION_ERRORS

TILE_PX = 256
EARTH, PIXELS = "earth", "pixels"
PIXEL_ZOOM = 20
# Half the width of a web map, metres: pi times the radius of its sphere, which is that of WGS 84.
_HALF_WORLD = 6378137 * math.pi
_WEB_MAP, DEGREES = CRS.from_epsg(3857), CRS.from_string("OGC:CRS84")
# Points along each side of a tile that are projected. Between them the error is 0.01 pixels at zoom 8.
_NODES = 17
# The server draws tiles up to this zoom beyond that of SR pixels; the browser enlarges them further.
_EXTRA_ZOOM = 1
BEYOND = "This place is outside of the image."

Coordinates = np.ndarray[Any, np.dtype[np.floating[Any]]]


@dataclass(frozen=True)
class Places:
    """The centres of a tile's pixels.

    Attributes:
        rows: row of each centre, SR pixels, (256, 256).
        cols: column of each centre, SR pixels, (256, 256).
        step: distance of two neighbours, SR pixels.
    """

    rows: Coordinates
    cols: Coordinates
    step: float


def has_place(grid: Grid) -> bool:
    """Return whether an image can be shown on a web map."""
    if grid.crs is None or grid.control_points or grid.transform.is_identity:
        return False
    try:
        corners = transform(grid.crs, DEGREES, *_corners(grid))
    except PROJECTION_ERRORS:
        return False
    return bool(np.isfinite(corners).all()) and float(np.abs(corners[1]).max()) < 85  # where web maps end


def lon_lat_bounds(grid: Grid) -> tuple[float, float, float, float]:
    """Return west, south, east and north of an image in degrees."""
    lons, lats = transform(grid.crs, DEGREES, *_corners(grid))
    return min(lons), min(lats), max(lons), max(lats)


def earth_zooms(view: View) -> tuple[int, float]:
    """Return the largest zoom of tiles on the Earth, and the zoom at which an SR pixel is one pixel of the screen.

    The second is MapLibre's zoom, in which the world at zoom 0 is 512 pixels wide, not 256.
    """
    _, south, _, north = lon_lat_bounds(view.grid)
    latitude = math.radians((south + north) / 2)
    span_m = math.radians(north - south) * 6378137
    zoom = math.log2(2 * _HALF_WORLD * math.cos(latitude) / TILE_PX / (span_m / view.shape[0]))
    return min(24, max(1, math.ceil(zoom) + _EXTRA_ZOOM)), zoom - 1


def to_pixel(view: View, lon: float, lat: float) -> tuple[float, float]:
    """Return row and column of a place on Earth, SR pixels.

    Raises:
        InputError: the projection of the image does not reach the place.
    """
    try:
        xs, ys = transform(DEGREES, view.grid.crs, [lon], [lat])
    except PROJECTION_ERRORS:
        raise InputError(BEYOND) from None
    col, row = ~view.grid.scaled(view.scale).transform * (xs[0], ys[0])
    return row, col


def to_lon_lat(view: View, row: float, col: float) -> tuple[float, float]:
    """Return longitude and latitude of a place, given in SR pixels."""
    x, y = view.grid.scaled(view.scale).transform * (col, row)
    lons, lats = transform(view.grid.crs, DEGREES, [x], [y])
    return lons[0], lats[0]


def draw(view: View, plane: str, layer: str, z: int, x: int, y: int, style: Style) -> np.ndarray[Any, Any] | None:
    """Return a tile, (256, 256, 4), or None if it is outside of the image.

    Raises:
        InputError: there is no such plane, tile, layer or style.
    """
    if plane not in (EARTH, PIXELS) or (plane == EARTH and not has_place(view.grid)):
        raise InputError(f"There is no plane {plane!r:.20} of this image.")
    if not (0 <= z <= 24 and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise InputError(f"There is no tile {z}/{x}/{y}.")
    places = _own_places(z, x, y) if plane == PIXELS else _earth_places(view.grid.scaled(view.scale), z, x, y)
    pixels = sample(view, layer, places)
    return None if pixels is None else colour(view, layer, pixels, style)


def sample(view: View, layer: str, places: Places) -> FloatImage | None:
    """Return the pixels of a layer at some places, (C, *shape), or None if all places are outside of the image."""
    height, width = view.shape
    finite = np.isfinite(places.rows) & np.isfinite(places.cols)
    if not finite.any():
        return None
    rows, cols = places.rows[finite], places.cols[finite]
    top, left = max(0, math.floor(rows.min())), max(0, math.floor(cols.min()))
    bottom, right = min(height, math.floor(rows.max()) + 1), min(width, math.floor(cols.max()) + 1)
    if top >= bottom or left >= right:
        return None
    shrink = 1 << max(0, math.floor(math.log2(places.step) + 0.25))
    block = view.read(layer, Window(top, left, bottom - top, right - left), shrink)
    return block.at(np.where(finite, places.rows, -1e9), np.where(finite, places.cols, -1e9))


def whole(view: View, largest: int) -> Places:
    """Return places for a picture of the whole image, at most `largest` pixels high and wide."""
    height, width = view.shape
    step = max(1.0, max(height, width) / largest)
    rows, cols = ((np.arange(max(1, round(size / step))) + 0.5) * step for size in (height, width))
    return _crossed(rows, cols, step)


def _crossed(rows: Coordinates, cols: Coordinates, step: float) -> Places:
    """Return places at all crossings of some rows and columns."""
    down, across = np.broadcast_arrays(rows[:, None], cols[None])
    return Places(down, across, step)


def _own_places(z: int, x: int, y: int) -> Places:
    step = 2.0 ** (PIXEL_ZOOM - z)
    origin = 1 << max(z - 1, 0) if z else 0.5
    centres = (np.arange(TILE_PX) + 0.5) * step
    rows, cols = ((tile - origin) * TILE_PX * step + centres for tile in (y, x))
    return _crossed(rows, cols, step)


@lru_cache(maxsize=256)
def _earth_places(grid: Grid, z: int, x: int, y: int) -> Places:
    size = 2 * _HALF_WORLD / (1 << z)
    nodes = np.linspace(0, 1, _NODES)
    across, down = np.meshgrid(-_HALF_WORLD + (x + nodes) * size, _HALF_WORLD - (y + nodes) * size)
    try:
        xs, ys = transform(_WEB_MAP, grid.crs, across.ravel(), down.ravel())
    except PROJECTION_ERRORS:  # the projection does not reach so far
        return Places(np.full((1, 1), np.nan), np.full((1, 1), np.nan), 1.0)
    cols, rows = ~grid.transform * (np.array(xs), np.array(ys))
    rows, cols = (_interpolated(values.reshape(_NODES, _NODES)) for values in (rows, cols))
    step = float(np.hypot(rows[0, -1] - rows[0, 0], cols[0, -1] - cols[0, 0])) / (TILE_PX - 1)
    return Places(rows, cols, step if math.isfinite(step) else 1.0)


def _interpolated(nodes: Coordinates) -> Coordinates:
    """Return values at the centres of a tile's pixels, interpolated between evenly spaced points of the tile."""
    at = (np.arange(TILE_PX) + 0.5) / TILE_PX * (_NODES - 1)
    before = np.minimum(at.astype(int), _NODES - 2)
    share = at - before
    down = nodes[before] * (1 - share)[:, None] + nodes[before + 1] * share[:, None]
    values: Coordinates = down[:, before] * (1 - share) + down[:, before + 1] * share
    return values


def _corners(grid: Grid) -> tuple[list[float], list[float]]:
    corners = [grid.transform * (col, row) for col in (0, grid.width) for row in (0, grid.height)]
    return [corner[0] for corner in corners], [corner[1] for corner in corners]
