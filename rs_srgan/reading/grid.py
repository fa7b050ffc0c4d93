"""Grids: the size, transform and coordinate reference system of a raster."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.io import DatasetReader

from rs_srgan.pixels.windows import Window

Coordinate = TypeVar("Coordinate", float, np.ndarray[Any, Any])


@dataclass(frozen=True)
class Grid:
    """The grid of a raster.

    Attributes:
        height: number of rows.
        width: number of columns.
        crs: CRS of the transform or of the control points; None if the raster states none.
        transform: transform from (column, row) to (x, y); the identity if the raster states none.
        control_points: ground control points (row, column, x, y, z).
    """

    height: int
    width: int
    crs: CRS | None
    transform: Affine
    control_points: tuple[tuple[float, float, float, float, float], ...] = ()

    @property
    def has_place(self) -> bool:
        """True if the raster states a CRS and a transform."""
        return self.crs is not None and not self.transform.is_identity

    @property
    def corners(self) -> list[tuple[float, float]]:
        """Coordinates of the upper left, lower left, upper right and lower right corner."""
        return [self.place(float(col), float(row)) for col in (0, self.width) for row in (0, self.height)]

    def place(self, col: Coordinate, row: Coordinate) -> tuple[Coordinate, Coordinate]:
        """Return the coordinates x and y of columns and rows, which count from the corner of the grid."""
        return applied(self.transform, col, row)

    def pixel(self, x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
        """Return the columns and rows, from the corner of the grid, of coordinates."""
        return applied(~self.transform, x, y)

    @classmethod
    def of(cls, dataset: DatasetReader) -> "Grid":
        """Return the grid of an open file."""
        points, points_crs = dataset.gcps
        kept = tuple((point.row, point.col, point.x, point.y, point.z or 0.0) for point in points)
        return cls(dataset.height, dataset.width, dataset.crs or points_crs, dataset.transform, kept)

    def scaled(self, scale: int) -> "Grid":
        """Return the grid with the same footprint and `scale` times the pixels along each axis."""
        a, b, c, d, e, f = self.transform[:6]
        finer = Affine(a / scale, b / scale, c, d / scale, e / scale, f)
        transform = self.transform if self.transform.is_identity else finer
        points = tuple((row * scale, col * scale, x, y, z) for row, col, x, y, z in self.control_points)
        return Grid(self.height * scale, self.width * scale, self.crs, transform, points)

    def cropped(self, window: Window) -> "Grid":
        """Return the grid of a window."""
        a, b, c, d, e, f = self.transform[:6]
        col, row = window.col, window.row
        moved = Affine(a, b, a * col + b * row + c, d, e, d * col + e * row + f)
        transform = self.transform if self.transform.is_identity else moved
        points = tuple((row - window.row, col - window.col, x, y, z) for row, col, x, y, z in self.control_points)
        return Grid(window.height, window.width, self.crs, transform, points)


def composed(outer: Affine, inner: Affine) -> Affine:
    """Return the transform that applies `inner`, then `outer`.

    affine 3 warns of the operator `*` of transforms, and affine 2 has no other.
    """
    a, b, _, d, e, _ = inner[:6]
    x, y = applied(outer, inner.c, inner.f)
    return Affine(
        outer.a * a + outer.b * d, outer.a * b + outer.b * e, x, outer.d * a + outer.e * d, outer.d * b + outer.e * e, y
    )


def applied(transform: Affine, x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    """Apply a transform to columns and rows, or to the places where it leads from; see `composed` for the reason."""
    a, b, c, d, e, f = transform[:6]
    with np.errstate(invalid="ignore"):  # places outside of a projection are infinite
        return a * x + b * y + c, d * x + e * y + f
