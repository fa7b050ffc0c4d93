"""Positions of the pixels of one raster in another raster of the same place."""

import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import transform

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Image
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid, composed
from rs_srgan.reading.proj import PROJECTION_ERRORS

# Distance of the pixels whose positions are computed exactly between two projections; others are interpolated. Over
# 320 m positions are linear to less than a thousandth of a 10 m pixel.
_STEP_PX = 32
# Two UTM zones scale the same place differently, by less than this share.
_LARGEST_STRETCH = 0.02
# Files store their grids with this precision, so smaller differences are ignored.
_SAME_PX = 1e-6


class Positions:
    """Positions of the pixels of a reference in a view of the same place. Nothing is resampled.

    A position is a row and a column in the view, counted from the centre of the view's first pixel.

    Args:
        reference: grid of the reference.
        view: grid of the view.
        name: name of the view in error messages.

    Attributes:
        turn: matrix (2, 2) from steps in rows and columns of the view to steps in the reference, at its centre.
        reprojected: whether the two have different CRSs.

    Raises:
        InputError: only one of them is georeferenced, or their pixels have different sizes.
    """

    def __init__(self, reference: Grid, view: Grid, name: str) -> None:
        self.reprojected = reference.crs != view.crs
        self._reference, self._view = reference, view
        if reference.has_place != view.has_place:
            raise InputError(
                f"Either {name} or another view is georeferenced, but not both; expected all or none. "
                "Georeference all views, or none."
            )
        if not view.has_place and (reference.height, reference.width) != (view.height, view.width):
            raise InputError(
                f"{name} has {view.width} x {view.height} pixels and another view {reference.width} x "
                f"{reference.height}, and none is georeferenced; expected one size. Georeference or crop them."
            )
        middle = np.array([reference.height / 2, reference.width / 2])
        corner = self._exact(*middle)
        columns = [self._exact(*(middle + step)) - corner for step in np.eye(2)]
        jacobian = np.stack(columns, axis=1)
        if not np.isfinite(jacobian).all():
            raise InputError(
                f"{name} shows another place, which the other views' projection does not reach. Leave it out."
            )
        pixel = np.sqrt(abs(np.linalg.det(jacobian)))
        if not abs(pixel - 1) <= _LARGEST_STRETCH:
            raise InputError(
                f"{name} has pixels of {1 / max(pixel, 1e-9):.3g} times the size of another view's; expected one "
                "size. Give revisits of one sensor."
            )
        self.turn = np.linalg.inv(jacobian)
        if not self.reprojected:
            self.turn = np.round(self.turn, 9)

    def _exact(self, row: float, col: float) -> Image:
        """Return the position of one point of the reference, (2,)."""
        rows, cols = self._of(np.array([row]), np.array([col]))
        return np.array([rows[0], cols[0]])

    def _of(self, rows: Image, cols: Image) -> tuple[Image, Image]:
        """Return the positions, rows and columns, of points of the reference; NaN beyond the projection's reach."""
        if not self._view.has_place:
            return rows, cols
        x, y = self._reference.place(cols + 0.5, rows + 0.5)
        if self.reprojected:
            try:
                with rasterio.Env():  # else GDAL prints its own message
                    x, y = map(np.array, transform(self._reference.crs, self._view.crs, x, y))
            except PROJECTION_ERRORS:
                return np.full_like(rows, np.nan), np.full_like(cols, np.nan)
        col, row = self._view.pixel(x, y)
        return row - 0.5, col - 0.5

    def at(self, window: Window) -> Image:
        """Return the positions of the pixels of a window, rows and columns, (2, h, w).

        The position of a pixel does not depend on the window.
        """
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
        """Return the positions of a window's pixels for two grids of one CRS."""
        rows, cols = np.mgrid[window.row : window.row + window.height, window.col : window.col + window.width].astype(
            float
        )
        if not self._view.has_place:
            return np.stack([rows, cols])
        step = composed(~self._view.transform, self._reference.transform)
        half = composed(composed(Affine.translation(-0.5, -0.5), step), Affine.translation(0.5, 0.5))
        a, b, c, d, e, f = (round(float(value) / _SAME_PX) * _SAME_PX for value in half[:6])
        return np.stack([d * cols + e * rows + f, a * cols + b * rows + c])


def _between(start: int, count: int, first: int) -> tuple[Image, Image]:
    """Return the index of the knot before each of `count` pixels, and the distance from it in steps, 0 to 1."""
    pixels = np.arange(start, start + count)
    return pixels // _STEP_PX - first, (pixels % _STEP_PX) / _STEP_PX
