"""Shift fields: shifts between two images that change slowly from place to place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import ndimage

from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window, spread
from rs_srgan.registration.shift import Shift, find_shift

# Side and distance of the compared windows, pixels: shifts of detectors and terrain change over kilometres.
_WINDOW_PX = 256
_STEP_PX = 1024
# A shift that differs more from the median of all windows is wrong.
_LARGEST_DEVIATION_PX = 1.0
# Two aligned dates of one season correlate more than this. Below it, fields that were bright may be dark, and a wrong
# shift of some pixels may correlate best; their edges stay.
_SAME_SEASON = 0.9
# The edges of two aligned dates correlate more than this, unless clouds or snow cover one of them.
LEAST_CONFIDENCE = 0.4
_OUTLIERS = 4.0  # median deviations; see `find_shift`
# Smallest share of a window's pixels, and number of pixels, that must count in both images. In real images of 15 x 16
# pixels the shifts that were found were wrong by up to half a pixel, also where the images correlated well.
_LEAST_SHARE, LEAST_PIXELS = 0.1, 300

# Smoothing of the gradient, pixels, and a spread of reflectance below which a band is even.
_SMOOTHING_PX, _EVEN = 0.7, 1e-4

_Numbers = np.ndarray[Any, Any]

# Returns the pixels of a window, (h, w), or (C, h, w) for several bands, and which of them count, (h, w).
Read = Callable[[Window], tuple[FloatImage, Mask]]


@dataclass(frozen=True)
class Comparable:
    """What registration reads of an image.

    Attributes:
        gray: function that reads one band of a window, (h, w), and which pixels count.
        bands: function that reads all bands of a window, (C, h, w), and which pixels count.
    """

    gray: Read
    bands: Read


@dataclass(frozen=True)
class ShiftField:
    """Shifts at the centres of windows, linear between them and constant beyond them.

    Attributes:
        rows: rows of the centres, pixels, (R,).
        cols: columns of the centres, pixels, (S,).
        shifts: shift at each centre in rows and columns, pixels, (R, S, 2); see `Shift`.
        confidence: median confidence of the windows, 0 to 1; 0 if nothing could be compared.
    """

    rows: _Numbers
    cols: _Numbers
    shifts: _Numbers
    confidence: float

    @classmethod
    def find(cls, reference: Comparable, moving: Comparable, height: int, width: int, largest_px: float = 4) -> Self:
        """Find the shifts between two images from windows that are spread over them.

        One band is compared. If it differs too much, the edges in all bands are compared: between seasons bright fields
        become dark, and their edges stay. A window gets the median shift of the others if it is hidden, if the images
        differ in it, or if its shift differs from the others.

        Args:
            reference: the reference.
            moving: the other image.
            height: height of both images, pixels.
            width: width of both images, pixels.
            largest_px: largest shift to find, pixels.
        """
        rows, cols = (spread(side, min(_WINDOW_PX, side), _STEP_PX) for side in (height, width))
        found = np.full((len(rows), len(cols), 3), np.nan)
        for i, row in enumerate(rows):
            for j, col in enumerate(cols):
                window = Window(row, col, min(_WINDOW_PX, height), min(_WINDOW_PX, width))
                (fixed, fixed_mask), (other, other_mask) = reference.gray(window), moving.gray(window)
                both = fixed_mask & other_mask
                if both.mean() >= _LEAST_SHARE and both.sum() >= LEAST_PIXELS:
                    shift = find_shift(fixed, other, fixed_mask, other_mask, largest_px, _OUTLIERS)
                    if shift.confidence < _SAME_SEASON:
                        (fixed, fixed_mask), (other, other_mask) = reference.bands(window), moving.bands(window)
                        shift = find_shift(edges(fixed), edges(other), fixed_mask, other_mask, largest_px, _OUTLIERS)
                    if shift.confidence >= LEAST_CONFIDENCE:
                        found[i, j] = shift.rows, shift.cols, shift.confidence
        good = np.isfinite(found[..., 0])
        shifts = np.zeros((len(rows), len(cols), 2))
        if good.any():
            median = np.median(found[good][:, :2], axis=0)
            good &= ~(np.hypot(*np.moveaxis(found[..., :2] - median, -1, 0)) > _LARGEST_DEVIATION_PX)
            shifts[:] = median
            shifts[good] = found[good][:, :2]
            shifts = ndimage.median_filter(shifts, size=(3, 3, 1), mode="nearest")
        middle = [(min(_WINDOW_PX, side) - 1) / 2 for side in (height, width)]
        confidence = float(np.median(found[good][:, 2])) if good.any() else 0.0
        return cls(np.array(rows) + middle[0], np.array(cols) + middle[1], shifts, confidence)

    def coarsened(self, scale: int) -> "ShiftField":
        """Return these shifts for images with pixels `scale` times as large."""
        rows, cols = ((centres - (scale - 1) / 2) / scale for centres in (self.rows, self.cols))
        return ShiftField(rows, cols, self.shifts / scale, self.confidence)

    @property
    def median(self) -> Shift:
        """The median of all shifts."""
        rows, cols = np.median(self.shifts, axis=(0, 1))
        return Shift(float(rows), float(cols), self.confidence)

    def at(self, window: Window) -> FloatImage:
        """Return the shift of each pixel of a window, rows and columns, (2, h, w).

        The shift of a pixel does not depend on the window.
        """
        down, down_share = _between(np.arange(window.height) + window.row, self.rows)
        right, right_share = _between(np.arange(window.width) + window.col, self.cols)
        knots = np.moveaxis(self.shifts, -1, 0)
        upper, lower = knots[:, down], knots[:, np.minimum(down + 1, len(self.rows) - 1)]
        rows = upper + (lower - upper) * down_share[:, None]
        left, beside = rows[:, :, right], rows[:, :, np.minimum(right + 1, len(self.cols) - 1)]
        field: FloatImage = left + (beside - left) * right_share
        return field


def edges(image: FloatImage) -> FloatImage:
    """Return the edges of an image, (C, h, w), as one band, (h, w): the sum over bands of the root of the gradient.

    Each band counts by its own contrast, and the root keeps a few strong edges from deciding alone. NaN spreads by a
    few pixels.
    """
    spread = np.nanstd(image, (1, 2), keepdims=True)
    scaled = image / np.maximum(spread, _EVEN)
    steps = [
        ndimage.gaussian_filter(scaled, (0, _SMOOTHING_PX, _SMOOTHING_PX), order=axis)
        for axis in ((0, 1, 0), (0, 0, 1))
    ]
    total: FloatImage = np.sqrt(np.hypot(*steps)).sum(0).astype(np.float32)
    return total


def _between(positions: _Numbers, centres: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Return the index of the centre before each position, and the distance from it towards the next one, 0 to 1."""
    along = np.interp(positions, centres, np.arange(len(centres)))
    before = along.astype(np.int64)
    return before, along - before
