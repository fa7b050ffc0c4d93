"""Tiles of web maps (EPSG:3857), 256 x 256 pixels each, and the pixels of an image that they show."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform

from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import LONGITUDE_LATITUDE, PROJECTION_ERRORS

TILE_PX = 256
# MapLibre knows no larger zoom.
LARGEST_ZOOM = 24
# Radius of the web map's sphere in metres, which is that of WGS 84, and half the width of the map.
_RADIUS_M = 6378137
_HALF_WORLD_M = _RADIUS_M * math.pi
_WEB_MAP = CRS.from_epsg(3857)
# Web maps end there, degrees of latitude.
_POLAR = 85.0
# Points along each side of a tile that are projected. Between them the error is 0.01 pixels at zoom 8.
_NODES = 17

Coordinates = np.ndarray[Any, np.dtype[np.floating[Any]]]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Places:
    """The centres of a tile's pixels, in an image.

    Attributes:
        rows: row of each centre, pixels of the image, (256, 256).
        cols: column of each centre, pixels of the image, (256, 256).
        step: distance of two neighbours, pixels of the image.
    """

    rows: Coordinates
    cols: Coordinates
    step: float


def has_place(grid: Grid) -> bool:
    """Return whether an image can be shown on a web map."""
    if grid.crs is None or grid.control_points or grid.transform.is_identity:
        return False
    try:
        corners = transform(grid.crs, LONGITUDE_LATITUDE, *_corners(grid))
    except PROJECTION_ERRORS:
        return False
    return bool(np.isfinite(corners).all()) and float(np.abs(corners[1]).max()) < _POLAR


def lon_lat_bounds(grid: Grid) -> Bounds:
    """Return west, south, east and north of an image in degrees."""
    lons, lats = transform(grid.crs, LONGITUDE_LATITUDE, *_corners(grid))
    return min(lons), min(lats), max(lons), max(lats)


def native_zoom(bounds: Bounds, height: int) -> float:
    """Return the zoom at which a tile's pixels are as large as those of an image.

    Args:
        bounds: west, south, east and north of the image, degrees.
        height: rows of the image.
    """
    _, south, _, north = bounds
    latitude = math.radians((south + north) / 2)
    gsd_m = math.radians(north - south) * _RADIUS_M / height
    return math.log2(2 * _HALF_WORLD_M * math.cos(latitude) / TILE_PX / gsd_m)


@lru_cache(maxsize=32)  # the layers of one view share them; each takes a megabyte
def earth_places(grid: Grid, z: int, x: int, y: int) -> Places:
    """Return the places of a tile's pixels in an image; NaN where its projection does not reach."""
    size = 2 * _HALF_WORLD_M / (1 << z)
    nodes = np.linspace(0, 1, _NODES)
    across, down = np.meshgrid(-_HALF_WORLD_M + (x + nodes) * size, _HALF_WORLD_M - (y + nodes) * size)
    try:
        xs, ys = transform(_WEB_MAP, grid.crs, across.ravel(), down.ravel())
    except PROJECTION_ERRORS:
        return Places(np.full((1, 1), np.nan), np.full((1, 1), np.nan), 1.0)
    cols, rows = grid.pixel(np.array(xs), np.array(ys))
    rows, cols = (_interpolated(values.reshape(_NODES, _NODES)) for values in (rows, cols))
    step = float(np.hypot(rows[0, -1] - rows[0, 0], cols[0, -1] - cols[0, 0])) / (TILE_PX - 1)
    return Places(rows, cols, step if math.isfinite(step) else 1.0)


def tiles_within(bounds: Bounds, z: int) -> Iterator[tuple[int, int]]:
    """Yield column and row of the tiles of a zoom that touch an area: west, south, east and north in degrees."""
    west, south, east, north = bounds
    count = 1 << z
    left, right = (min(count - 1, max(0, math.floor((lon + 180) / 360 * count))) for lon in (west, east))
    top, bottom = (min(count - 1, max(0, math.floor(_share(lat) * count))) for lat in (north, south))
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            yield x, y


def _share(latitude: float) -> float:
    """Return how far down on the web map a latitude is, 0 to 1."""
    return 0.5 - math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi)


def _interpolated(nodes: Coordinates) -> Coordinates:
    """Return values at the centres of a tile's pixels, interpolated between evenly spaced points of the tile."""
    at = (np.arange(TILE_PX) + 0.5) / TILE_PX * (_NODES - 1)
    before = np.minimum(at.astype(int), _NODES - 2)
    share = at - before
    down = nodes[before] * (1 - share)[:, None] + nodes[before + 1] * share[:, None]
    values: Coordinates = down[:, before] * (1 - share) + down[:, before + 1] * share
    return values


def _corners(grid: Grid) -> tuple[list[float], list[float]]:
    return [x for x, _ in grid.corners], [y for _, y in grid.corners]
