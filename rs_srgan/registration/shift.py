"""Shifts: the sub-pixel displacement between two images of one place, with masks."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from rs_srgan.pixels.radiometry import FloatImage, Mask

# Smoothing removes aliasing and noise, which differ between revisits.
_SMOOTHING_PX = 0.7
_ITERATIONS = 12
_CONVERGED_PX = 1e-3
_TINY = 1e-12
# Fewer common pixels do not determine a shift.
_LEAST_PIXELS = 64


@dataclass(frozen=True)
class Shift:
    """The shift of an image against a reference.

    Attributes:
        rows: distance of the image's content below the reference's, pixels.
        cols: distance of the image's content right of the reference's, pixels.
        confidence: correlation of the aligned images, 0 to 1; 0 if nothing could be compared.
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
    """Find the shift of `moving` against `reference`, to about a hundredth of a pixel.

    The peak of the cross-correlation gives whole pixels. Least squares on the gradient then refines the shift, together
    with a gain and an offset for the light, over the pixels that count in both images.

    Args:
        reference: one band, or the mean of several, (h, w), in any unit.
        moving: the other image, (h, w).
        reference_mask: which pixels of `reference` count, (h, w); all finite ones if left out.
        moving_mask: which pixels of `moving` count, (h, w); all finite ones if left out.
        largest_px: largest shift to find, pixels.
        outliers: pixels farther from the median than this many median deviations do not count. Use 4 for two dates,
            because of change and unmasked clouds; infinity for one date, because edges are no outliers.

    Raises:
        ValueError: the shapes differ.

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
        # fixed = gain * moved(x + step) + offset, to first order; the second fit leaves out changed pixels
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
    """Return the smoothed image minus its median, with masked pixels at 0, and the mask without outliers."""
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
    """Return the shift in whole pixels, from the peak of the correlation without slow changes of light and season."""
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
