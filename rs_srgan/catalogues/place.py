"""`Place`: an area on the Earth, checked before a catalogue is asked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from rasterio.crs import CRS
from rasterio.warp import transform
from shapely.geometry.base import BaseGeometry

from rs_srgan.errors import InputError
from rs_srgan.reading.area import only_polygons, read_area
from rs_srgan.reading.proj import LONGITUDE_LATITUDE

# One tile of Sentinel-2 has 12,000 square kilometres. More is work for products on disk.
MOST_KM2 = 12_500.0
# Tiles lie in zones of UTM, which reach from 80 degrees south to 84 degrees north.
_SOUTHERNMOST, _NORTHERNMOST = -80.0, 84.0
# Mean radius of the Earth in kilometres. Source: IUGG.
_EARTH_KM = 6371.0088
_PIECES = 64


@dataclass(frozen=True)
class Place:
    """An area: a box or polygons.

    Attributes:
        bbox: west, south, east, north, degrees; west > east across 180 degrees; None with `aoi`.
        aoi: path of a GeoJSON file with polygons; None with `bbox`.
        outline: the polygons, in degrees of longitude (-180 to 180) and latitude.
    """

    bbox: tuple[float, float, float, float] | None
    aoi: Path | None
    outline: BaseGeometry

    def area_km2(self) -> float:
        """Return the area in square kilometres, on a sphere."""
        lines = shapely.segmentize(self.outline, 0.5)
        # Lambert's cylindrical projection keeps areas.
        flat = shapely.transform(
            lines, lambda xy: np.column_stack((np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))))
        )
        return float(flat.area) * _EARTH_KM**2

    def projected(self, crs: CRS) -> BaseGeometry:
        """Return the outline in a projected CRS."""
        west, south, east, north = self.outline.bounds
        step = max(east - west, north - south) / _PIECES
        fine = shapely.segmentize(self.outline, step)
        moved = shapely.transform(fine, lambda xy: np.column_stack(transform(LONGITUDE_LATITUDE, crs, *xy.T)))
        return only_polygons(shapely.make_valid(moved))


def find_place(area: "Sequence[float] | str | Path | Place") -> Place:
    """Return the place that a user means.

    Args:
        area: west, south, east and north in degrees (WGS 84), or the path of a GeoJSON file with polygons.

    Raises:
        InputError: no box, near a pole, or too large; or the file has no polygon.
    """
    if isinstance(area, Place):
        return area
    if isinstance(area, str | Path):
        outline, crs = read_area(area)
        if crs != LONGITUDE_LATITUDE:
            outline = shapely.transform(outline, lambda xy: np.column_stack(transform(crs, LONGITUDE_LATITUDE, *xy.T)))
        place = Place(None, Path(area), outline)
    else:
        place = _of_box(area)
    _check(place)
    return place


def _of_box(area: Sequence[float]) -> Place:
    try:
        west, south, east, north = (float(value) for value in area)
    except (TypeError, ValueError):
        raise InputError(
            f"The area is {area!r:.80}; expected west, south, east and north, or a GeoJSON file."
        ) from None
    inside = all(map(math.isfinite, (west, south, east, north)))
    if not inside or not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90 and west != east):
        raise InputError(
            f"The area is {west:g} {south:g} {east:g} {north:g}; expected west and east within -180..180 and south < "
            "north within -90..90, in degrees."
        )
    if west > east and west - east < 180:
        raise InputError(
            f"The area is {west:g} {south:g} {east:g} {north:g}; expected west < east unless it crosses 180 degrees. "
            "Exchange west and east."
        )
    boxes = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]  # RFC 7946, section 3.1.9
    outline = shapely.union_all([shapely.box(left, south, right, north) for left, right in boxes])
    return Place((west, south, east, north), None, outline)


def _check(place: Place) -> None:
    _, south, _, north = place.outline.bounds
    if south < _SOUTHERNMOST or north > _NORTHERNMOST:
        raise InputError(
            f"The area reaches from latitude {south:g} to {north:g}; Sentinel-2 has no tiles beyond "
            f"{_SOUTHERNMOST:g} and {_NORTHERNMOST:g}. Choose an area between them."
        )
    size = place.area_km2()
    if size > MOST_KM2:
        raise InputError(
            f"The area has {size:,.0f} square kilometres; expected at most {MOST_KM2:,.0f}, about one tile. Choose a "
            "smaller area, or download products and give them to predict."
        )
