"""Which part of a raster is wanted: a bounding box or an area of interest, given in longitude and latitude."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError  # what GDAL's own errors come as, here and there
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError
from rasterio.features import bounds, geometry_mask
from rasterio.warp import transform, transform_bounds

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import existing

Box = tuple[float, float, float, float]  # west, south, east, north
Ring = np.ndarray[Any, np.dtype[np.float64]]  # (corners, 2), x and y

_LONGITUDE_LATITUDE = CRS.from_string("OGC:CRS84")
PROJECTION_ERRORS = (RasterioError, CRSError, CPLE_BaseError)
# An area of interest is drawn by hand; a file of more than this is something else.
_MAX_GEOJSON_BYTES = 50_000_000
# What lies farther from a raster than this share of its extent is cut off before it is projected: far from where they
# belong projections give anything, also places in the raster. The share is what sampling the borders may miss.
_MARGIN = 0.01
# Pieces of a raster's extent that a straight line is cut into before it is projected, and no longer straight.
# Over a Sentinel-2 tile the curve is then met to a centimetre.
_PIECES = 256


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
    area = None
    try:
        with rasterio.Env():  # else GDAL's own words reach the terminal
            if aoi is None:
                extents = _projected(_checked_box(bbox), grid)
            else:
                area = _read_area(existing(aoi), grid)
                extents = [bounds(area)] if area["coordinates"] else []
    except PROJECTION_ERRORS:
        raise InputError(f"The CRS of {name} is not one of the Earth, so no part of it can be found.") from None
    window = _covering(extents, grid)
    if window is None:
        raise InputError(f"{'The bounding box' if aoi is None else Path(aoi).name} lies outside {name}{_reach(grid)}.")
    return Region(window, area)


def _reach(grid: Grid) -> str:
    west, south, east, north = _bounds(grid, _LONGITUDE_LATITUDE)
    if not math.isfinite(west + south + east + north):
        return ""
    return f", which reaches from {west:.4f} {south:.4f} to {east:.4f} {north:.4f} (W S E N)"


def _bounds(grid: Grid, crs: CRS) -> Box:
    """Of the raster in another CRS; everything for one whose borders do not lie on Earth, such as a full disk."""
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
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"The bounding box is {west:g} {south:g} {east:g} {north:g}; expected west < east within -180..180 and "
            "south < north within -90..90, in degrees."
        )
    return west, south, east, north


def _projected(bbox: Box, grid: Grid) -> list[Box]:
    """What of the box, in degrees, is near the raster, in the raster's CRS."""
    near = (_overlap(bbox, box) for box in _surroundings(grid, _LONGITUDE_LATITUDE))
    parts = (part for part in near if part[0] < part[2] and part[1] < part[3])
    return [transform_bounds(_LONGITUDE_LATITUDE, grid.crs, *part) for part in parts]


def _overlap(one: Box, other: Box) -> Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _surroundings(grid: Grid, crs: CRS) -> list[Box]:
    """Boxes that hold the raster in another CRS and little more: in degrees one for each way to count them.

    A raster across the line at 180 degrees reaches from 179 to 181, which is the same as from -181 to -179.
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


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    xs, ys = zip(*(grid.transform * (col, row) for col in (0, grid.width) for row in (0, grid.height)), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _covering(extents: Sequence[Box], grid: Grid) -> Window | None:
    """All pixels between the outermost that the rectangles touch, or None."""
    if not extents or not np.isfinite(extents).all():
        return None
    corners = [
        ~grid.transform * corner
        for left, bottom, right, top in extents
        for corner in ((left, top), (right, top), (left, bottom), (right, bottom))
    ]
    cols, rows = (np.array(axis) for axis in zip(*corners, strict=True))
    slack = 1e-6  # a border that lies on a pixel's, but for rounding
    first_row, last_row = max(0, math.floor(rows.min() + slack)), min(grid.height, math.ceil(rows.max() - slack))
    first_col, last_col = max(0, math.floor(cols.min() + slack)), min(grid.width, math.ceil(cols.max() - slack))
    if first_row >= last_row or first_col >= last_col:
        return None
    return Window(first_row, first_col, last_row - first_row, last_col - first_col)


def _read_area(path: Path, grid: Grid) -> dict[str, Any]:
    """What of a GeoJSON file's polygons is near the raster, as one geometry in the raster's CRS.

    Their edges are straight in the file's CRS, so they are cut into pieces before they are projected.

    Source: RFC 7946, and its predecessor for "crs".
    """
    content = _read_json(path)
    polygons = _read_polygons(content, path.name)
    crs = _named_crs(content, path.name)
    if crs.is_geographic:
        _refuse_metres(polygons, path.name)
    near = []
    for box in _surroundings(grid, crs):
        step = max(box[2] - box[0], box[3] - box[1]) / _PIECES
        for polygon in polygons:
            rings = [_in_pieces(clipped, step) for ring in polygon if len(clipped := _clipped(ring, box)) > 2]
            near.append([_closed(ring, crs, grid.crs) for ring in rings])
    return {"type": "MultiPolygon", "coordinates": [rings for rings in near if rings]}


def _read_json(path: Path) -> Any:  # noqa: ANN401
    size = path.stat().st_size
    if size > _MAX_GEOJSON_BYTES:
        raise InputError(f"{path.name} has {size:,} bytes; expected a GeoJSON file with a few polygons.")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise _no_geojson(path.name) from None


def _no_geojson(name: str) -> InputError:
    return InputError(f"{name} is no GeoJSON; expected polygons, as geojson.io or QGIS save them.")


def _read_polygons(content: Any, name: str) -> list[list[Ring]]:  # noqa: ANN401
    """All of them, ring by ring, the outer one first."""
    try:
        geometries = list(_geometries(content))
        coordinates = list(chain.from_iterable(map(_polygons, geometries)))
        polygons = [[np.array([corner[:2] for corner in ring], float) for ring in rings] for rings in coordinates]
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):  # whatever else JSON can hold
        raise _no_geojson(name) from None
    if not polygons:
        kinds = sorted({str(geometry["type"]) for geometry in geometries if "type" in geometry})
        but = f" but {', '.join(kinds)}" if kinds else ""
        raise InputError(f"{name} holds no polygon{but}; expected Polygon or MultiPolygon.")
    if not all(rings and all(map(_is_ring, rings)) for rings in polygons):
        raise InputError(f"{name} holds a polygon that is none; expected rings of four or more pairs of numbers.")
    return polygons


def _is_ring(corners: Ring) -> bool:
    return corners.ndim == 2 and corners.shape[1] == 2 and len(corners) >= 4 and bool(np.isfinite(corners).all())


def _geometries(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = content.get("type")
    if kind == "FeatureCollection":
        yield from chain.from_iterable(map(_geometries, content["features"]))
    elif kind == "Feature":
        yield from _geometries(content["geometry"]) if content["geometry"] else ()
    elif kind == "GeometryCollection":
        yield from chain.from_iterable(map(_geometries, content["geometries"]))
    else:
        yield content


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    kind = geometry.get("type")
    if kind == "Polygon":
        return [geometry["coordinates"]]
    return list(geometry["coordinates"]) if kind == "MultiPolygon" else []


def _named_crs(content: dict[str, Any], name: str) -> CRS:
    if not content.get("crs"):
        return _LONGITUDE_LATITUDE
    try:
        return CRS.from_user_input(content["crs"]["properties"]["name"])
    except (*PROJECTION_ERRORS, KeyError, TypeError):
        raise InputError(
            f"{name} names a CRS that is none, {json.dumps(content['crs'])}; expected a name like EPSG:32632. "
            "Save it in longitude and latitude (EPSG:4326), which needs no name."
        ) from None


def _refuse_metres(polygons: list[list[Ring]], name: str) -> None:
    for ring in chain.from_iterable(polygons):
        beyond = (np.abs(ring) > (360, 90)).any(1)  # 181 is a way to write -179
        if beyond.any():
            x, y = ring[beyond.argmax()]
            raise InputError(
                f"{name} has a corner at {x:.10g}, {y:.10g}; expected degrees, which GeoJSON is in unless it names "
                "another CRS. Save it in longitude and latitude (EPSG:4326)."
            )


def _clipped(ring: Ring, box: Box) -> Ring:
    """The part of a ring in a box, whose borders it then follows. Source: Sutherland and Hodgman 1974."""
    for axis, limit, sign in ((0, box[0], 1), (1, box[1], 1), (0, box[2], -1), (1, box[3], -1)):
        along = np.roll(ring, -1, axis=0) - ring
        beyond = sign * (ring[:, axis] - limit) < 0
        crossing = beyond != np.roll(beyond, -1)
        share = np.divide(limit - ring[:, axis], along[:, axis], out=np.zeros(len(ring)), where=crossing)
        corners = np.stack([ring, ring + share[:, None] * along], axis=1).reshape(-1, 2)
        ring = corners[np.stack([~beyond, crossing], axis=1).ravel()]
    return ring


def _in_pieces(ring: Ring, step: float) -> Ring:
    """The same ring, with a corner at least every `step`."""
    along = np.roll(ring, -1, axis=0) - ring
    pieces = np.maximum(1, np.ceil(np.abs(along).max(1) / step)).astype(int)
    edge = np.repeat(np.arange(len(ring)), pieces)
    share = (np.arange(len(edge)) - (np.cumsum(pieces) - pieces)[edge]) / pieces[edge]
    cut: Ring = ring[edge] + share[:, None] * along[edge]
    return cut


def _closed(ring: Ring, source: CRS, target: CRS) -> list[tuple[float, float]]:
    """A ring in another CRS, as GeoJSON has it: its last corner is its first."""
    xs, ys = transform(source, target, *np.vstack([ring, ring[:1]]).T.tolist())
    return list(zip(xs, ys, strict=True))
