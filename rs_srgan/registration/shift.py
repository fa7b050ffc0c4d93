"""Sub-pixel shifts between images of one place, some of it hidden."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from rs_srgan.pixels.radiometry import FloatImage, Mask

# Aliasing and noise live in the finest detail, and differ between revisits.
_SMOOTHING_PX = 0.7
_ITERATIONS = 12
_CONVERGED_PX = 1e-3
_TINY = 1e-12
# Less than this in common says nothing about a shift.
_LEAST_PIXELS = 64


@dataclass(frozen=True)
class Shift:
    """How far an image is off: its content lies `rows` further down and `cols` further right than the reference's.

    Attributes:
        rows: pixels.
        cols: pixels.
        confidence: correlation of the two once aligned, at most 1; 0 where nothing could be compared.
    """

    rows: float
    cols: float
    confidence: float


def find_shift(
    reference: FloatImage,
    moving: FloatImage,
    reference_mask: Mask | None = None,
    moving_mask: Mask | None = None,
    largest_px: float = 8,
    outliers: float = math.inf,
) -> Shift:
    """The shift of `moving` against `reference`, to about a hundredth of a pixel.

    First the whole pixels, by the peak of the cross-correlation; then least squares on the gradient, with a gain and an
    offset for what the light has changed, over the pixels that count in both.

    Args:
        reference: (h, w), any units; bands of a multispectral image averaged.
        moving: the same shape.
        reference_mask: where `reference` counts; everywhere if left out.
        moving_mask: where `moving` counts.
        largest_px: a larger shift is not looked for.
        outliers: what is further from the median than so many median deviations does not count: 4 for two dates, with
            clouds that no mask knows and with change. Of one date, whose edges are no outliers, everything counts.

    Raises:
        ValueError: other shapes.

    Source: Lucas and Kanade 1981.
    """
    if reference.ndim != 2 or moving.shape != reference.shape:
        raise ValueError(f"The images have shapes {reference.shape} and {moving.shape}; expected equal (h, w).")
    fixed, fixed_mask = _prepared(reference, reference_mask, outliers)
    other, other_mask = _prepared(moving, moving_mask, outliers)
    shift = _whole_pixels(fixed, fixed_mask, other, other_mask, largest_px)
    previous = shift + 1
    correlation = 0.0
    for _ in range(_ITERATIONS):
        moved = ndimage.shift(other, -shift, order=3, mode="nearest")
        both = fixed_mask & (ndimage.shift(other_mask.astype(np.float32), -shift, order=1) > 0.99)
        both[[0, -1]] = both[:, [0, -1]] = False
        if both.sum() < _LEAST_PIXELS or np.hypot(*shift) > 2 * largest_px:
            return Shift(0.0, 0.0, 0.0)
        if np.abs(shift - previous).max() < _CONVERGED_PX:
            break
        rows, cols = (gradient[both] for gradient in np.gradient(moved))
        # fixed = gain * moved(x + step) + offset, to first order; once more without what has changed
        columns = np.stack([rows, cols, moved[both], np.ones_like(rows)], axis=1)
        solution, *_ = np.linalg.lstsq(columns, fixed[both], rcond=None)
        residual = np.abs(columns @ solution - fixed[both])
        kept = residual <= outliers * max(np.median(residual), _TINY)
        correlation = _correlation(fixed[both][kept], moved[both][kept])
        (step_rows, step_cols, gain, _), *_ = np.linalg.lstsq(columns[kept], fixed[both][kept], rcond=None)
        previous = shift
        shift = shift + np.clip(np.array([step_rows, step_cols]) / (gain if abs(gain) > 0.1 else 1.0), -1, 1)
    if np.abs(shift).max() > largest_px:
        return Shift(0.0, 0.0, 0.0)
    return Shift(float(shift[0]), float(shift[1]), max(0.0, correlation))


def _prepared(image: FloatImage, mask: Mask | None, outliers: float) -> tuple[FloatImage, Mask]:
    """Smoothed without what is masked, which gets the median; and the mask, without outliers."""
    mask = np.isfinite(image) if mask is None else mask & np.isfinite(image)
    if not mask.any():
        return np.zeros_like(image, np.float32), mask
    middle = np.median(image[mask])
    mask = mask & (np.abs(image - middle) <= outliers * max(np.median(np.abs(image[mask] - middle)), _TINY))
    known = np.where(mask, image - middle, 0).astype(np.float32)
    weight = ndimage.gaussian_filter(mask.astype(np.float32), _SMOOTHING_PX)
    return ndimage.gaussian_filter(known, _SMOOTHING_PX) / np.maximum(weight, 1e-3), mask


def _whole_pixels(
    fixed: FloatImage, fixed_mask: Mask, other: FloatImage, other_mask: Mask, largest_px: float
) -> FloatImage:
    """By the peak of the correlation of what is no background: without the slow changes of light and season."""
    height, width = fixed.shape
    window = np.hanning(height)[:, None] * np.hanning(width)

    def spectrum(image: FloatImage, mask: Mask) -> np.ndarray[tuple[int, ...], np.dtype[np.complex128]]:
        return np.fft.fft2((image - ndimage.gaussian_filter(image, 8)) * mask * window)

    surface = np.fft.ifft2(spectrum(other, other_mask) * spectrum(fixed, fixed_mask).conj()).real
    rows = np.fft.fftfreq(height, 1 / height)[:, None]
    cols = np.fft.fftfreq(width, 1 / width)
    surface[(np.abs(rows) > largest_px) | (np.abs(cols) > largest_px)] = -np.inf
    row, col = np.unravel_index(np.argmax(surface), surface.shape)
    return np.array([rows[row, 0], cols[col]])


def _correlation(a: FloatImage, b: FloatImage) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 0.0
