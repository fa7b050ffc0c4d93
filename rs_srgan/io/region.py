"""Which part of a raster is wanted: a bounding box or an area of interest, given in longitude and latitude."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio._err import CPLE_BaseError  # what GDAL's own errors come as, here and there
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.features import bounds, geometry_mask, is_valid_geom
from rasterio.warp import transform_bounds, transform_geom

from rs_srgan.errors import InputError
from rs_srgan.io.raster import Grid
from rs_srgan.radiometry import Mask
from rs_srgan.tiling import Window

_LONGITUDE_LATITUDE = CRS.from_string("OGC:CRS84")
# An area of interest is drawn by hand; a file of more than this is something else.
_MAX_GEOJSON_BYTES = 50_000_000


@dataclass(frozen=True)
class Region:
    """A part of a raster.

    Attributes:
        window: its LR pixels, inside the raster.
        area: GeoJSON geometry in the raster's CRS beyond which nothing is wanted, or None.
    """

    window: Window
    area: dict[str, Any] | None = None

    def mask(self, grid: Grid) -> Mask | None:
        """Where the centres of `grid`'s pixels lie in the area, (height, width); None without an area."""
        if self.area is None:
            return None
        shape = (grid.height, grid.width)
        inside: Mask = geometry_mask([self.area], out_shape=shape, transform=grid.transform, invert=True)
        return inside


def find_region(grid: Grid, name: str, bbox: Sequence[float] | None = None, aoi: str | Path | None = None) -> Region:
    """The part of a raster that a user asks for; all of it if nothing is asked.

    Args:
        grid: of the raster.
        name: of the raster, for people.
        bbox: west, south, east, north, in degrees of longitude and latitude (WGS 84).
        aoi: a GeoJSON file with polygons, in longitude and latitude unless it names another CRS.

    Raises:
        InputError: both, a raster that lies nowhere, or a part that cannot be read, is empty, or lies outside.
    """
    if bbox is None and aoi is None:
        return Region(Window(0, 0, grid.height, grid.width))
    if bbox is not None and aoi is not None:
        raise InputError("Give a bounding box or an area of interest, not both.")
    if grid.crs is None or grid.control_points or grid.transform.is_identity:
        raise InputError(f"{name} does not say where it lies, so no part of it can be found. Leave bbox and aoi out.")
    if aoi is not None:
        area = _read_area(Path(aoi), grid.crs)
        window = _covering(bounds(area), grid)
    else:
        area = None
        window = _covering(_projected(bbox or (), grid.crs), grid)
    if window is None:
        raise InputError(f"{'The bounding box' if aoi is None else Path(aoi).name} lies outside {name}{_reach(grid)}.")
    return Region(window, area)


def _reach(grid: Grid) -> str:
    try:
        west, south, east, north = transform_bounds(grid.crs, _LONGITUDE_LATITUDE, *_extent(grid))
    except (RasterioError, CPLE_BaseError):  # a grid that lies nowhere on Earth
        return ""
    return f", which reaches from {west:.4f} {south:.4f} to {east:.4f} {north:.4f} (W S E N)"


def _projected(bbox: Sequence[float], crs: CRS) -> tuple[float, float, float, float]:
    given = " ".join(f"{value:g}" for value in bbox)
    if len(bbox) != 4 or not all(map(math.isfinite, bbox)):
        raise InputError(f"The bounding box is {given}; expected four numbers: west south east north.")
    west, south, east, north = bbox
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"The bounding box is {given}; expected west < east within -180..180 and south < north within -90..90, "
            "in degrees."
        )
    try:
        projected: tuple[float, float, float, float] = transform_bounds(_LONGITUDE_LATITUDE, crs, *bbox)
    except (RasterioError, CPLE_BaseError) as error:
        raise InputError(f"The bounding box {given} cannot be brought to {crs.to_string()} ({error}).") from None
    return projected


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    xs, ys = zip(*(grid.transform * (col, row) for col in (0, grid.width) for row in (0, grid.height)), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _covering(extent: tuple[float, float, float, float], grid: Grid) -> Window | None:
    """All pixels that the rectangle touches, or None."""
    left, bottom, right, top = extent
    if not all(map(math.isfinite, extent)):
        return None
    corners = [~grid.transform * corner for corner in ((left, top), (right, top), (left, bottom), (right, bottom))]
    cols, rows = (np.array(axis) for axis in zip(*corners, strict=True))
    slack = 1e-6  # a border that lies on a pixel's, but for rounding
    first_row, last_row = max(0, math.floor(rows.min() + slack)), min(grid.height, math.ceil(rows.max() - slack))
    first_col, last_col = max(0, math.floor(cols.min() + slack)), min(grid.width, math.ceil(cols.max() - slack))
    if first_row >= last_row or first_col >= last_col:
        return None
    return Window(first_row, first_col, last_row - first_row, last_col - first_col)


def _read_area(path: Path, crs: CRS) -> dict[str, Any]:
    """All polygons of a GeoJSON file as one geometry in `crs`. Source: RFC 7946, and its predecessor for "crs"."""
    try:
        size = path.stat().st_size
        if size > _MAX_GEOJSON_BYTES:
            raise InputError(f"{path.name} has {size:,} bytes; expected a GeoJSON file with a few polygons.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path.name} is no GeoJSON; expected polygons, as geojson.io or QGIS save them.") from None
    try:
        geometries = list(_geometries(content))
        polygons = [ring for geometry in geometries for ring in _polygons(geometry)]
        named = content.get("crs")
        source = CRS.from_user_input(named["properties"]["name"]) if named else _LONGITUDE_LATITUDE
        area: dict[str, Any] = {"type": "MultiPolygon", "coordinates": polygons}
        if not polygons or not is_valid_geom(area):
            raise InputError(f"{path.name} holds no valid polygon; expected Polygon or MultiPolygon.")
        area = transform_geom(source, crs, area)
    except (RasterioError, CPLE_BaseError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path.name} holds no polygons that can be used ({error}).") from None
    return area


def _geometries(content: dict[str, Any]) -> list[dict[str, Any]]:
    kind = content.get("type")
    if kind == "FeatureCollection":
        return [geometry for feature in content["features"] for geometry in _geometries(feature)]
    if kind == "Feature":
        return _geometries(content["geometry"] or {})
    if kind == "GeometryCollection":
        return [each for geometry in content["geometries"] for each in _geometries(geometry)]
    return [content]


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    kind = geometry.get("type")
    if kind == "Polygon":
        return [geometry["coordinates"]]
    return list(geometry["coordinates"]) if kind == "MultiPolygon" else []
