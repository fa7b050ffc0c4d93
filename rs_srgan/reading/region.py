"""The part of a raster to process: a bounding box, or an area of interest from a GeoJSON file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.crs import CRS
from rasterio.features import geometry_mask
from rasterio.warp import transform, transform_bounds
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.area import only_polygons, read_area
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import LONGITUDE_LATITUDE, PROJECTION_ERRORS

Box = tuple[float, float, float, float]  # west, south, east, north

# A region is cut to the raster's bounds, grown by this share of their size, before it is projected: far from its
# own area a projection can put a point anywhere, also into the raster. The share covers errors of the sampled bounds.
_MARGIN = 0.01
# A straight line becomes a curve when it is projected. It gets so many corners over the size of a raster first; over a
# Sentinel-2 tile the curve is then met to a centimetre.
_PIECES = 256


@dataclass(frozen=True)
class Region:
    """A part of a raster.

    Attributes:
        window: LR pixels inside the raster that contain the region.
        area: GeoJSON geometry in the raster's CRS; pixels outside it become nodata. None for a whole window.
    """

    window: Window
    area: dict[str, Any] | None = None

    def mask(self, grid: Grid) -> Mask | None:
        """Return which pixels of `grid` have their centre in the area, (height, width); None without an area."""
        if self.area is None:
            return None
        shape = (grid.height, grid.width)
        inside: Mask = geometry_mask([self.area], out_shape=shape, transform=grid.transform, invert=True)
        return inside


def find_region(grid: Grid, name: str, bbox: Sequence[float] | None = None, aoi: str | Path | None = None) -> Region:
    """Return the part of a raster that a user asks for: all of it without `bbox` and `aoi`.

    Args:
        grid: grid of the raster.
        name: name of the raster in error messages.
        bbox: west, south, east, north, in degrees of longitude and latitude (WGS 84); west > east if it reaches across
            180 degrees.
        aoi: path of a GeoJSON file with polygons, in longitude and latitude unless it names another CRS.

    Raises:
        InputError: both are given, the raster is not georeferenced, or the part is unreadable, empty or outside.
    """
    if bbox is None and aoi is None:
        return Region(Window(0, 0, grid.height, grid.width))
    if bbox is not None and aoi is not None:
        raise InputError("Give a bounding box or an area of interest, not both.")
    if grid.crs is None or grid.control_points or grid.transform.is_identity:
        raise InputError(f"{name} is not georeferenced, so no part of it can be found. Leave bbox and aoi out.")
    area = None
    try:
        with rasterio.Env():  # else GDAL prints its own message
            if aoi is None:
                extents = _project_box(_checked_box(bbox), grid)
            else:
                near = _project_area(*read_area(aoi), grid)
                extents = [] if near.is_empty else [near.bounds]
                area = mapping(near)
    except PROJECTION_ERRORS:
        raise InputError(f"The CRS of {name} is not one of the Earth, so no part of it can be found.") from None
    window = _covering(extents, grid)
    if window is None:
        raise InputError(f"{'The bounding box' if aoi is None else Path(aoi).name} lies outside {name}{_reach(grid)}.")
    return Region(window, area)


def _reach(grid: Grid) -> str:
    west, south, east, north = _bounds(grid, LONGITUDE_LATITUDE)
    if not math.isfinite(west + south + east + north):
        return ""
    return f", which reaches from {west:.4f} {south:.4f} to {east:.4f} {north:.4f} (W S E N)"


def _bounds(grid: Grid, crs: CRS) -> Box:
    """Return the bounds of the raster in `crs`; infinite ones if its borders are not on Earth, as of a full disk."""
    try:
        box: Box = transform_bounds(grid.crs, crs, *_extent(grid))
    except PROJECTION_ERRORS:
        return -math.inf, -math.inf, math.inf, math.inf
    return box if all(map(math.isfinite, box)) else (-math.inf, -math.inf, math.inf, math.inf)


def _checked_box(bbox: Sequence[float] | None) -> Box:
    try:
        west, south, east, north = map(float, () if bbox is None or isinstance(bbox, str) else bbox)
    except (TypeError, ValueError):
        given = " ".join(repr(bbox).split())
        raise InputError(f"The bounding box is {given}; expected four numbers: west south east north.") from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and west != east and -90 <= south < north <= 90):
        raise InputError(
            f"The bounding box is {west:g} {south:g} {east:g} {north:g}; expected west and east within -180..180 and "
            "south < north within -90..90, in degrees."
        )
    if west < east:
        return west, south, east, north
    if west - east < 180:  # across the antimeridian it would reach around more than half of the Earth
        raise InputError(
            f"The bounding box is {west:g} {south:g} {east:g} {north:g}; expected west < east unless it crosses "
            "180 degrees. Exchange west and east."
        )
    return west, south, east + 360, north  # RFC 7946, section 5.2


def _project_box(bbox: Box, grid: Grid) -> list[Box]:
    """Return the parts of a box in degrees that are near the raster, as boxes in the raster's CRS."""
    near = (_overlap(bbox, box) for box in _surroundings(grid, LONGITUDE_LATITUDE))
    parts = (part for part in near if part[0] < part[2] and part[1] < part[3])
    return [transform_bounds(LONGITUDE_LATITUDE, grid.crs, *part) for part in parts]


def _project_area(area: BaseGeometry, crs: CRS, grid: Grid) -> BaseGeometry:
    """Return the part of an area that is near the raster, in the raster's CRS; empty if there is none."""
    parts = []
    for box in _surroundings(grid, crs):
        near = area
        if all(map(math.isfinite, box)):
            step = max(box[2] - box[0], box[3] - box[1]) / _PIECES
            near = shapely.segmentize(only_polygons(area.intersection(shapely.box(*box))), step)
        if not near.is_empty:
            projected = shapely.transform(near, lambda xy: np.column_stack(transform(crs, grid.crs, *xy.T)))
            if np.isfinite(shapely.get_coordinates(projected)).all():
                parts.append(only_polygons(shapely.make_valid(projected)))
    return shapely.union_all(parts)


def _overlap(one: Box, other: Box) -> Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _surroundings(grid: Grid, crs: CRS) -> list[Box]:
    """Return boxes that just contain the raster in another CRS: in degrees one for each way to count longitudes.

    A raster across the antimeridian reaches from 179 to 181 degrees, which is the same as from -181 to -179.
    """
    west, south, east, north = _bounds(grid, crs)
    if crs.is_geographic and east < west:
        east += 360
    margin = _MARGIN * max(east - west, north - south)
    south, north = south - margin, north + margin
    if crs.is_geographic:
        south, north = max(south, -90.0), min(north, 90.0)
    turns = (-360.0, 0.0, 360.0) if crs.is_geographic and math.isfinite(margin) else (0.0,)
    return [(west - margin + turn, south, east + margin + turn, north) for turn in turns]


def _extent(grid: Grid) -> Box:
    xs, ys = zip(*grid.corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _covering(extents: Sequence[Box], grid: Grid) -> Window | None:
    """Return the smallest window of the raster that contains the rectangles' pixels; None if they are outside."""
    if not extents or not np.isfinite(extents).all():
        return None
    corners = [
        grid.pixel(*corner)
        for left, bottom, right, top in extents
        for corner in ((left, top), (right, top), (left, bottom), (right, bottom))
    ]
    cols, rows = (np.array(axis) for axis in zip(*corners, strict=True))
    slack = 1e-6  # pixels: a border may miss that of a pixel by rounding
    first_row, last_row = max(0, math.floor(rows.min() + slack)), min(grid.height, math.ceil(rows.max() - slack))
    first_col, last_col = max(0, math.floor(cols.min() + slack)), min(grid.width, math.ceil(cols.max() - slack))
    if first_row >= last_row or first_col >= last_col:
        return None
    return Window(first_row, first_col, last_row - first_row, last_col - first_col)
