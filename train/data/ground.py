"""Comparison of files by the ground they show, so that no place is in training and in validation."""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.warp import transform_bounds
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from rs_srgan.errors import InputError
from rs_srgan.reading.dates import before_date
from rs_srgan.reading.gdal import open_alone
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import require_proj

logger = logging.getLogger(__name__)

_Box = tuple[float, float, float, float]
_Boxes = np.ndarray[Any, np.dtype[np.float64]]

_WGS84 = "EPSG:4326"
_NOWHERE: _Box = (math.nan, math.nan, math.nan, math.nan)
# Tiles of one image may share a rim of a few pixels. Footprints overlap if they share more than this part of a side.
_RIM = 0.01
# Length of a degree of latitude, metres.
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Footprint:
    """Location of a raster on the ground.

    Attributes:
        crs: coordinate reference system of the raster, as WKT.
        box: west, south, east and north, in units of `crs`.
        degrees: the same box in WGS 84, to compare rasters of different systems; NaN where it cannot be computed.
        shape: height and width, pixels.
    """

    crs: str
    box: _Box
    degrees: _Box
    shape: tuple[int, int]

    @classmethod
    def of(cls, grid: Grid) -> "Footprint | None":
        """Return the footprint of a grid; None without coordinates."""
        if not grid.crs or grid.transform.is_identity:
            return None
        easts, norths = zip(*grid.corners, strict=True)
        box = (min(easts), min(norths), max(easts), max(norths))
        on_earth = grid.crs.is_geographic or grid.crs.is_projected
        degrees = transform_bounds(grid.crs, _WGS84, *box) if on_earth else _NOWHERE
        return cls(grid.crs.to_wkt(), box, degrees, (grid.height, grid.width))


def footprint(path: Path) -> Footprint | None:
    """Read the footprint of a file from its header; None without coordinates.

    Raises:
        InputError: the file is not a raster.
    """
    if path.suffix.lower() == ".npy":
        return None
    require_proj()
    with open_alone(path) as dataset:
        return Footprint.of(Grid.of(dataset))


def group_places(
    names: Sequence[str],
    files: Sequence[Sequence[Path]],
    footprints: Sequence[Footprint | None],
    distance_m: float = 0,
) -> list[str]:
    """Return the name of the place of each image.

    Images belong to one place if they share a name, a file or ground. Images without coordinates also belong to one
    place if their names are equal up to a year or date. With a distance, a warning counts them, because their distance
    is unknown.

    Args:
        names: names of the images.
        files: files of each image.
        footprints: footprint of each image; None without coordinates.
        distance_m: images nearer to each other than this also belong to one place, metres.
    """
    owners: dict[object, list[int]] = {}
    dated: dict[str, list[int]] = {}
    for index, (name, own) in enumerate(zip(names, files, strict=True)):
        for key in (name, *map(_identity, own)):
            owners.setdefault(key, []).append(index)
        dated.setdefault(before_date(name), []).append(index)
    unlocated = [members for members in dated.values() if not all(footprints[index] for index in members)]
    joined = [(members[0], other) for members in (*owners.values(), *unlocated) for other in members]
    joined += _overlapping(footprints, footprints)
    if distance_m:
        joined += _near(footprints, distance_m)
        if (unknown := sum(each is None for each in footprints)) > 1:
            logger.warning(
                "%d of %d images have no coordinates, so their names up to a year or date tell the places. If images "
                "of other names are neighbours, choose yourself which of them validate; else the figures are too good.",
                *(unknown, len(footprints)),
            )
    rows, cols = np.array(joined).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(rows)), (rows, cols)), shape=(len(names), len(names)))
    _, labels = connected_components(graph, directed=False)
    places: dict[int, str] = {}
    for label, name in zip(labels.tolist(), names, strict=True):
        places[label] = min(places.get(label, before_date(name)), before_date(name))
    return [places[label] for label in labels.tolist()]


def refuse_overlaps(train: Mapping[Path, Footprint | None], held_out: Mapping[Path, Footprint | None]) -> None:
    """Check that no file of one side is also on the other, under any name, or shows the same ground.

    Args:
        train: footprints of the files that train; None without coordinates.
        held_out: footprints of the files that validate.

    Raises:
        InputError: a file or ground is on both sides.
    """
    seen = {_identity(path): path for path in train}
    leaks = [(seen[_identity(path)], path) for path in held_out if _identity(path) in seen]
    trains, validates = list(train), list(held_out)
    leaks += [(trains[a], validates[b]) for a, b in _overlapping(list(train.values()), list(held_out.values()))]
    if leaks:
        (first, second), more = leaks[0], len(set(leaks)) - 1
        others = f" (and {more} more)" if more else ""
        raise InputError(
            f"The split leaks: {first} trains and {second} validates, and both show the same ground{others}. "
            "Put all images of a place on one side."
        )


def near_places(
    train: Mapping[Path, Footprint | None], held_out: Mapping[Path, Footprint | None], distance_m: float
) -> list[tuple[Path, Path]]:
    """Return the files of the two sides that are less than a distance apart, metres."""
    paths = [*train, *held_out]
    pairs = _near([*train.values(), *held_out.values()], distance_m)
    return [(paths[a], paths[b]) for a, b in pairs if a < len(train) <= b]


def warn_of_near_places(
    train: Mapping[Path, Footprint | None], held_out: Mapping[Path, Footprint | None], distance_m: float
) -> None:
    """Warn of a split that people chose if files of the two sides are less than a distance apart, metres."""
    if near := near_places(train, held_out, distance_m):
        logger.warning(
            "%s trains and %s validates, and they are less than %g m apart (%d such pairs): the figures of "
            "validation are too good.",
            *(near[0][0].name, near[0][1].name, distance_m, len(near)),
        )


def _identity(path: Path) -> tuple[int, int]:
    """Return device and inode of a file, which are equal for links and for all spellings of its path."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _overlapping(first: Sequence[Footprint | None], second: Sequence[Footprint | None]) -> Iterator[tuple[int, int]]:
    """Yield the indexes of footprints that show the same ground."""
    box, degrees = (
        np.array([getattr(each, name) if each else _NOWHERE for each in second]).reshape(-1, 4)
        for name in ("box", "degrees")
    )
    crs = np.array([each.crs if each else None for each in second], object)
    for index, each in enumerate(first):
        if each:
            # Boxes in degrees are rotated against boxes in metres, so those of neighbours in one CRS would overlap.
            hits = np.where(crs == each.crs, _shares(each.box, box), _shares(each.degrees, degrees))
            yield from ((index, int(other)) for other in np.flatnonzero(hits))


def _near(footprints: Sequence[Footprint | None], distance_m: float) -> Iterator[tuple[int, int]]:
    """Yield the indexes of footprints that are less than a distance apart, by their boxes in degrees."""
    boxes = np.array([each.degrees if each else _NOWHERE for each in footprints]).reshape(-1, 4)
    high = distance_m / _METRES_PER_DEGREE
    for index, (west, south, east, north) in enumerate(boxes):
        wide = high / max(math.cos(math.radians((south + north) / 2)), 0.01)
        gap_east = np.maximum(boxes[:, 0] - east, west - boxes[:, 2])
        gap_north = np.maximum(boxes[:, 1] - north, south - boxes[:, 3])
        gap = np.hypot(np.maximum(gap_east, 0) / wide, np.maximum(gap_north, 0) / high)
        yield from ((index, int(other)) for other in np.flatnonzero(gap < 1))


def _shares(own: _Box, others: _Boxes) -> np.ndarray[Any, np.dtype[np.bool_]]:
    west, south, east, north = own
    wide = np.minimum(east, others[:, 2]) - np.maximum(west, others[:, 0])
    high = np.minimum(north, others[:, 3]) - np.maximum(south, others[:, 1])
    least_wide = _RIM * np.minimum(east - west, others[:, 2] - others[:, 0])
    least_high = _RIM * np.minimum(north - south, others[:, 3] - others[:, 1])
    result: np.ndarray[Any, np.dtype[np.bool_]] = (wide > least_wide) & (high > least_high)
    return result
