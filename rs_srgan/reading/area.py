"""Areas of interest: polygons in GeoJSON files.

Source: RFC 7946; the GeoJSON specification of 2008 for the member "crs".
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from rasterio.crs import CRS
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from rs_srgan.errors import InputError
from rs_srgan.reading.paths import existing
from rs_srgan.reading.proj import LONGITUDE_LATITUDE, PROJECTION_ERRORS, crs_by_name

# Corners of an area. Cutting and drawing it takes time with each of them.
MAX_CORNERS = 100_000
# People draw areas of interest by hand. A larger file is something else.
MAX_GEOJSON_BYTES = 50_000_000
# Repair takes a tenth of a second for so many crossings, and minutes for a star of 300 random corners.
_MOST_CROSSINGS, _LINES_AT_ONCE = 1000, 100
# JSON can hold anything as coordinates: other types, whole numbers too large for a float, nesting without end.
_NO_POLYGON = (
    *(TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError),
    shapely.errors.ShapelyError,
)


def read_area(path: str | Path) -> tuple[BaseGeometry, CRS]:
    """Read the polygons of a GeoJSON file.

    Returns:
        The union of all polygons, valid and not empty, and the CRS of its coordinates: longitude and latitude unless
        the file names another one.

    Raises:
        InputError: the file does not exist, is no GeoJSON, has no polygon or an invalid one, or names an unknown CRS.
    """
    path = existing(path)
    content = _read_json(path)
    area = _read_polygons(content, path.name)
    crs = _named_crs(content, path.name)
    if crs.is_geographic:
        _refuse_metres(area, path.name)
    return area, crs


def _read_json(path: Path) -> Any:  # noqa: ANN401
    size = path.stat().st_size
    if size > MAX_GEOJSON_BYTES:
        raise InputError(
            f"{path.name} has {size:,} bytes; expected at most {MAX_GEOJSON_BYTES:,}. Save a few polygons as GeoJSON."
        )
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise _no_geojson(path.name) from None


def _no_geojson(name: str) -> InputError:
    return InputError(f"{name} is no GeoJSON; expected polygons, as geojson.io or QGIS save them.")


def _read_polygons(content: Any, name: str) -> BaseGeometry:  # noqa: ANN401
    """Return the union of all polygons, two-dimensional."""
    try:
        geometries = [(str(each.get("type", "nothing")), each) for each in _geometries(content)]
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise _no_geojson(name) from None
    polygons = [geometry for kind, geometry in geometries if kind in ("Polygon", "MultiPolygon")]
    if not polygons:
        kinds = ", ".join(sorted({kind for kind, _ in geometries}))
        raise InputError(f"{name} contains no polygon but {kinds or 'nothing'}; expected Polygon or MultiPolygon.")
    area = union_of(polygons)
    corners = shapely.get_num_coordinates(area)
    if corners > MAX_CORNERS:
        raise InputError(
            f"{name} has {corners:,} corners; expected at most {MAX_CORNERS:,}. Simplify it, for example in QGIS."
        )
    if area.is_empty:
        raise InputError(
            f"{name} contains an invalid polygon; expected rings of four or more pairs of numbers around an area. "
            "Draw it again."
        )
    return area


def union_of(polygons: Iterable[object]) -> BaseGeometry:
    """Return the union of polygons in GeoJSON, valid and two-dimensional; empty if one of them is none."""
    try:
        with np.errstate(all="ignore"):  # NaN, and numbers whose products are too large
            valid = [only_polygons(_repaired(shapely.force_2d(shape(each)))) for each in polygons]
            area = shapely.union_all(valid)
    except _NO_POLYGON:
        return shapely.Polygon()
    return area if np.isfinite(shapely.get_coordinates(area)).all() else shapely.Polygon()


def _repaired(polygon: BaseGeometry) -> BaseGeometry:
    """Return a valid polygon; of one whose border crosses itself, the parts with an odd number of borders around.

    Raises:
        ValueError: the border crosses itself so often that the repair would take minutes.
    """
    if polygon.is_valid:
        return polygon
    if _crosses_too_often(polygon):
        raise ValueError(f"A border crosses itself more than {_MOST_CROSSINGS} times.")
    return shapely.make_valid(polygon)


def _crosses_too_often(polygon: BaseGeometry) -> bool:
    rings = map(shapely.get_coordinates, shapely.get_rings(shapely.get_parts(polygon)))
    lines = shapely.linestrings(np.concatenate([np.stack([ring[:-1], ring[1:]], 1) for ring in rings]))
    tree, found = shapely.STRtree(lines), 0
    for first in range(0, len(lines), _LINES_AT_ONCE):
        some = lines[first : first + _LINES_AT_ONCE]
        found += sum(tree.query(some, predicate).shape[1] for predicate in ("crosses", "overlaps"))
        if found > 2 * _MOST_CROSSINGS:  # each is found from both of its lines
            return True
    return False


def _geometries(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the single geometries of a GeoJSON object, however deep they are nested."""
    kind = content.get("type")
    if kind == "FeatureCollection":
        yield from chain.from_iterable(map(_geometries, content["features"]))
    elif kind == "Feature":
        yield from _geometries(content["geometry"]) if content["geometry"] else ()
    elif kind == "GeometryCollection":
        yield from chain.from_iterable(map(_geometries, content["geometries"]))
    else:
        yield content


def only_polygons(geometry: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a valid geometry without its points and lines, which cover no pixel."""
    return geometry.buffer(0)


def _named_crs(content: dict[str, Any], name: str) -> CRS:
    if not content.get("crs"):
        return LONGITUDE_LATITUDE
    try:
        crs = crs_by_name(content["crs"]["properties"]["name"])
    except (*PROJECTION_ERRORS, KeyError, TypeError):
        crs = None
    if crs is None:
        raise InputError(
            f"{name} names an unknown CRS, {json.dumps(content['crs']):.200}; expected a name like EPSG:32632. "
            "Save it in longitude and latitude (EPSG:4326), which needs no name."
        )
    return crs


def _refuse_metres(area: BaseGeometry, name: str) -> None:
    corners = shapely.get_coordinates(area)
    beyond = (np.abs(corners) > (360, 90)).any(1)  # longitudes of 181 and -179 are the same
    if beyond.any():
        x, y = corners[beyond.argmax()]
        raise InputError(
            f"{name} has a corner at {x:.10g}, {y:.10g}; expected degrees, the unit of GeoJSON unless the file names "
            "another CRS. Save it in longitude and latitude (EPSG:4326)."
        )
