"""Where the pixels of one raster lie in another one of the same place."""

import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import transform

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Image
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import PROJECTION_ERRORS

# Between two projections of the Earth, positions are computed for every so many pixels. Over 320 m they are linear to
# less than a thousandth of a pixel of 10 m.
_STEP_PX = 32
# Two UTM zones stretch a place differently, by less than this.
_LARGEST_STRETCH = 0.02
# Grids that differ by less are the same; their files are not written to more digits.
_SAME_PX = 1e-6


class Positions:
    """For pixels of `reference`, where they lie in `view`, in pixels of `view` from the centre of its first one.

    Where the grids differ, nothing is resampled: it is only said where a pixel lies.

    Attributes:
        turn: (2, 2), from steps of a pixel's row and column in `view` to those in `reference`, at its centre.
        reprojected: whether they are of different projections.

    Raises:
        InputError: one of them lies nowhere, or has other pixels.
    """

    def __init__(self, reference: Grid, view: Grid, name: str) -> None:
        self.reprojected = reference.crs != view.crs
        self._reference, self._view = reference, view
        if _nowhere(reference) != _nowhere(view):
            raise InputError(f"{name} says where it lies and another view does not, or the other way round.")
        if _nowhere(view) and (reference.height, reference.width) != (view.height, view.width):
            raise InputError(
                f"{name} has {view.width} x {view.height} pixels and another view {reference.width} x "
                f"{reference.height}, and none says where it lies. Georeference them, or cut them to one size."
            )
        middle = np.array([reference.height / 2, reference.width / 2])
        corner = self._exact(*middle)
        columns = [self._exact(*(middle + step)) - corner for step in np.eye(2)]
        jacobian = np.stack(columns, axis=1)
        if not np.isfinite(jacobian).all():
            raise InputError(f"{name} lies elsewhere: its place cannot be found in the other views' projection.")
        pixel = np.sqrt(abs(np.linalg.det(jacobian)))
        if not abs(pixel - 1) <= _LARGEST_STRETCH:
            raise InputError(
                f"{name} has pixels of {1 / max(pixel, 1e-9):.3g} times the size of another view's; expected one "
                "size. Give revisits by one sensor."
            )
        self.turn = np.linalg.inv(jacobian)
        if not self.reprojected:
            self.turn = np.round(self.turn, 9)

    def _exact(self, row: float, col: float) -> Image:
        """Of one point."""
        rows, cols = self._of(np.array([row]), np.array([col]))
        return np.array([rows[0], cols[0]])

    def _of(self, rows: Image, cols: Image) -> tuple[Image, Image]:
        if _nowhere(self._view):
            return rows, cols
        x, y = _applied(self._reference.transform, cols + 0.5, rows + 0.5)
        if self.reprojected:
            try:
                with rasterio.Env():  # else GDAL's own words reach the terminal
                    x, y = map(np.array, transform(self._reference.crs, self._view.crs, x, y))
            except PROJECTION_ERRORS:
                return np.full_like(rows, np.nan), np.full_like(cols, np.nan)
        col, row = _applied(~self._view.transform, x, y)
        return row - 0.5, col - 0.5

    def at(self, window: Window) -> Image:
        """Of the pixels of a window, rows and columns, (2, h, w); the same for a pixel in whatever window it is."""
        if not self.reprojected:
            return self._affine(window)
        first = [window.row // _STEP_PX, window.col // _STEP_PX]
        last = [(window.row + window.height) // _STEP_PX + 1, (window.col + window.width) // _STEP_PX + 1]
        knots = np.mgrid[first[0] : last[0] + 1, first[1] : last[1] + 1].astype(float) * _STEP_PX
        found = np.stack([each.reshape(knots.shape[1:]) for each in self._of(knots[0].ravel(), knots[1].ravel())])
        down, down_share = _between(window.row, window.height, first[0])
        right, right_share = _between(window.col, window.width, first[1])
        upper, lower = found[:, down], found[:, down + 1]
        rows = upper + (lower - upper) * down_share[:, None]
        left, beside = rows[:, :, right], rows[:, :, right + 1]
        positions: Image = left + (beside - left) * right_share
        return positions

    def _affine(self, window: Window) -> Image:
        rows, cols = np.mgrid[window.row : window.row + window.height, window.col : window.col + window.width].astype(
            float
        )
        if _nowhere(self._view):
            return np.stack([rows, cols])
        step = ~self._view.transform * self._reference.transform
        half = Affine.translation(-0.5, -0.5) * step * Affine.translation(0.5, 0.5)
        a, b, c, d, e, f = (round(float(value) / _SAME_PX) * _SAME_PX for value in half[:6])
        return np.stack([d * cols + e * rows + f, a * cols + b * rows + c])


def _nowhere(grid: Grid) -> bool:
    return grid.crs is None or grid.transform.is_identity


def _applied(transform: Affine, x: Image, y: Image) -> tuple[Image, Image]:
    """To arrays, for which the library has no types."""
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f


def _between(start: int, count: int, first: int) -> tuple[Image, Image]:
    """Index of the knot before each of `count` pixels, and how far beyond it they lie, in steps."""
    pixels = np.arange(start, start + count)
    return pixels // _STEP_PX - first, (pixels % _STEP_PX) / _STEP_PX
