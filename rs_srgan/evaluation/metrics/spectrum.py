"""How much detail of every size an image holds, and how much of it is another image's."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_cdt

from rs_srgan.pixels.radiometry import FloatImage, Mask

# Shares of the Nyquist frequency at which an evaluation looks.
FREQUENCIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Pixels along the shorter side from which on every one of FREQUENCIES has a ring.
SMALLEST_PX = 16

# Half width of the rings, as a share of the Nyquist frequency.
_HALF_WIDTH = 0.05

# Where a ring correlation with a reference that is not noisy counts as lost: Rosenthal and Henderson 2003, whose 0.143
# is for two noisy halves and means the same.
_LOST = 0.5

Spectrum = np.ndarray[tuple[int, ...], np.dtype[np.complex128]]


def radial_power(image: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Mean power of an image at some spatial frequencies.

    Without its mean and under a Hann window, so that its borders count for nothing.

    Args:
        image: reflectance, (C, H, W), finite.
        frequencies: as shares of the Nyquist frequency, in 0..1.

    Returns:
        power, (C, frequencies), in arbitrary but equal units for images of one size.

    Raises:
        ValueError: a ring without any frequency in it: the image is too small.
    """
    power = np.abs(_spectrum(image)) ** 2
    return np.stack([power[:, ring].mean(1) for ring in _rings(image, frequencies)], axis=1).astype(np.float32)


def spectrum_db(sr: FloatImage, hr: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Power of `sr` over that of `hr`, dB, mean over the bands: 0 where it holds as much detail; (frequencies,)."""
    ratio = radial_power(sr, frequencies) / np.maximum(radial_power(hr, frequencies), np.finfo(np.float32).tiny)
    levels: FloatImage = (10 * np.log10(np.maximum(ratio, 1e-12))).mean(0)
    return levels


def ring_correlation(sr: FloatImage, hr: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Fourier ring correlation: how alike two images are at some spatial frequencies.

    Unlike power it asks whether the detail is the right one: invented detail correlates with nothing.

    Args:
        sr: reflectance, (C, H, W), finite.
        hr: the same shape.
        frequencies: as shares of the Nyquist frequency, in 0..1.

    Returns:
        correlation, (frequencies,), in -1..1, mean over the bands; 0 where one of the images holds nothing.

    Raises:
        ValueError: a ring without any frequency in it: the image is too small.

    Source: Saxton and Baumeister 1982; van Heel 1987.
    """
    one, other = _spectrum(sr), _spectrum(hr)
    levels = []
    for ring in _rings(sr, frequencies):
        a, b = one[:, ring], other[:, ring]
        norm = np.sqrt((np.abs(a) ** 2).sum(1) * (np.abs(b) ** 2).sum(1))
        levels.append(((a * b.conj()).sum(1).real / np.where(norm > 0, norm, 1)).mean())
    return np.array(levels, np.float32)


def resolved(correlation: Sequence[float], frequencies: Sequence[float]) -> float:
    """Up to which share of the Nyquist frequency a ring correlation with HR stays above 0.5; 1 if it always does.

    Between two frequencies by a straight line; at frequency 0 it is taken to be 1.
    """
    before, above = 0.0, 1.0
    for frequency, level in zip(frequencies, correlation, strict=True):
        if level < _LOST:
            return before + (frequency - before) * (above - _LOST) / (above - level)
        before, above = frequency, level
    return 1.0


def without_holes(valid: Mask) -> tuple[slice, slice]:
    """Rows and columns of the largest square in which everything is valid; the whole image if it has no holes.

    What is filled into a hole would be the same in two images, and so count as detail that they share.
    """
    if valid.all():
        return slice(0, valid.shape[0]), slice(0, valid.shape[1])
    reach = distance_transform_cdt(np.pad(valid, 1), "chessboard")[1:-1, 1:-1]
    row, col = np.unravel_index(np.argmax(reach), reach.shape)
    half = int(reach[row, col]) - 1
    if half < 0:
        return slice(0, 0), slice(0, 0)
    return slice(int(row) - half, int(row) + half + 1), slice(int(col) - half, int(col) + half + 1)


def _spectrum(image: FloatImage) -> Spectrum:
    height, width = image.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    spectrum: Spectrum = np.fft.fft2((image - image.mean((1, 2), np.float64, keepdims=True)) * window)
    return spectrum


def _rings(image: FloatImage, frequencies: Sequence[float]) -> list[Mask]:
    height, width = image.shape[1:]
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) / 0.5
    rings = [np.abs(radius - frequency) < _HALF_WIDTH for frequency in frequencies]
    if not all(ring.any() for ring in rings):
        raise ValueError(f"An image of {height} x {width} pixels has no frequency in one of the rings {frequencies}.")
    return rings
