"""Map tiles of a result, 256 x 256 pixels each, on one of two planes.

Tiles on the plane "earth" are those of web maps (EPSG:3857), so that they fit other maps. Tiles on the plane "pixels"
have the grid of the result and are not resampled: at zoom PIXEL_ZOOM one pixel of a tile is one SR pixel, and the upper
left corner of the image is at the middle of the web map.
"""

import math
from typing import Any

import numpy as np
from rasterio.warp import transform

from app.viewer.colours import Style, colour
from app.viewer.layers import View
from rs_srgan import InputError
from rs_srgan.maps.web_tiles import (
    LARGEST_ZOOM,
    TILE_PX,
    Coordinates,
    Places,
    earth_places,
    has_place,
    lon_lat_bounds,
    native_zoom,
)
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.proj import LONGITUDE_LATITUDE, PROJECTION_ERRORS

EARTH, PIXELS = "earth", "pixels"
PIXEL_ZOOM = 20
# The server draws tiles up to this zoom beyond that of SR pixels; the browser enlarges them further.
_EXTRA_ZOOM = 1
BEYOND = "This place is outside of the image."


def earth_zooms(view: View) -> tuple[int, float]:
    """Return the largest zoom of tiles on the Earth, and the zoom at which an SR pixel is one pixel of the screen.

    The second is MapLibre's zoom, in which the world at zoom 0 is 512 pixels wide, not 256.
    """
    zoom = native_zoom(lon_lat_bounds(view.grid), view.shape[0])
    return min(LARGEST_ZOOM, max(1, math.ceil(zoom) + _EXTRA_ZOOM)), zoom - 1


def to_pixel(view: View, lon: float, lat: float) -> tuple[float, float]:
    """Return row and column of a place on Earth, SR pixels.

    Raises:
        InputError: the projection of the image does not reach the place.
    """
    try:
        xs, ys = transform(LONGITUDE_LATITUDE, view.grid.crs, [lon], [lat])
    except PROJECTION_ERRORS:
        raise InputError(BEYOND) from None
    col, row = view.grid.scaled(view.scale).pixel(xs[0], ys[0])
    return row, col


def to_lon_lat(view: View, row: float, col: float) -> tuple[float, float]:
    """Return longitude and latitude of a place, given in SR pixels."""
    x, y = view.grid.scaled(view.scale).place(col, row)
    lons, lats = transform(view.grid.crs, LONGITUDE_LATITUDE, [x], [y])
    return lons[0], lats[0]


def draw(view: View, plane: str, layer: str, z: int, x: int, y: int, style: Style) -> np.ndarray[Any, Any] | None:
    """Return a tile, (256, 256, 4), or None if it is outside of the image.

    Raises:
        InputError: there is no such plane, tile, layer or style.
    """
    if plane not in (EARTH, PIXELS) or (plane == EARTH and not has_place(view.grid)):
        raise InputError(f"There is no plane {plane!r:.20} of this image.")
    if not (0 <= z <= LARGEST_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise InputError(f"There is no tile {z}/{x}/{y}.")
    places = _own_places(z, x, y) if plane == PIXELS else earth_places(view.grid.scaled(view.scale), z, x, y)
    pixels = sample(view, layer, places)
    return None if pixels is None else colour(view, layer, pixels, style)


def sample(view: View, layer: str, places: Places) -> FloatImage | None:
    """Return the pixels of a layer at some places, (C, *shape), or None if all places are outside of the image."""
    height, width = view.shape
    finite = np.isfinite(places.rows) & np.isfinite(places.cols)
    with np.errstate(invalid="ignore"):
        inside = (places.rows >= 0) & (places.rows < height) & (places.cols >= 0) & (places.cols < width)
    if not inside.any():  # also where PROJ gives only some of the places outside of the projection
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


def part(window: Window, largest: int) -> Places:
    """Return places for a picture of a window in SR pixels whose longer side has `largest` pixels."""
    step = max(window.height, window.width) / largest
    rows, cols = (
        first + (np.arange(max(1, round(size / step))) + 0.5) * step
        for first, size in ((window.row, window.height), (window.col, window.width))
    )
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
