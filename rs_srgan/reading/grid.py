"""Grids: the size, transform and coordinate reference system of a raster."""

from dataclasses import dataclass

from affine import Affine
from rasterio.crs import CRS
from rasterio.io import DatasetReader

from rs_srgan.pixels.windows import Window


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
