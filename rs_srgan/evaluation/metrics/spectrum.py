"""Detail by spatial frequency: the power of an image, and its correlation with another image."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_cdt

from rs_srgan.pixels.radiometry import FloatImage, Mask

# Frequencies of an evaluation, as shares of the Nyquist frequency.
FREQUENCIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Shorter side, pixels, from which on there is a Fourier coefficient in the ring of each of FREQUENCIES.
SMALLEST_PX = 16

# Half width of the rings, as a share of the Nyquist frequency.
_HALF_WIDTH = 0.05

# Detail counts as lost below this ring correlation with a reference without noise: Rosenthal and Henderson 2003. Their
# limit of 0.143 is the equivalent for two noisy images.
_LOST = 0.5

Spectrum = np.ndarray[tuple[int, ...], np.dtype[np.complex128]]


def radial_power(image: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Compute the mean power of an image at some spatial frequencies.

    The mean is removed, and a Hann window removes the effect of the borders.

    Args:
        image: reflectance, (C, H, W), finite.
        frequencies: shares of the Nyquist frequency, 0 to 1.

    Returns:
        power, (C, frequencies); values of images of one size can be compared.

    Raises:
        ValueError: the image is too small: a ring has no Fourier coefficient.
    """
    power = np.abs(_spectrum(image)) ** 2
    return np.stack([power[:, ring].mean(1) for ring in _rings(image, frequencies)], axis=1).astype(np.float32)


def spectrum_db(sr: FloatImage, hr: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Compute the power of `sr` relative to `hr`, dB, mean over the bands: 0 dB means as much detail.

    Args:
        sr: SR, reflectance, (C, H, W), finite.
        hr: HR, reflectance, the same shape.
        frequencies: shares of the Nyquist frequency, 0 to 1.

    Returns:
        levels, dB, (frequencies,); at least -120.

    Raises:
        ValueError: see `radial_power`.
    """
    ratio = radial_power(sr, frequencies) / np.maximum(radial_power(hr, frequencies), np.finfo(np.float32).tiny)
    levels: FloatImage = (10 * np.log10(np.maximum(ratio, 1e-12))).mean(0)
    return levels


def ring_correlation(sr: FloatImage, hr: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Compute the Fourier ring correlation: the similarity of two images at some spatial frequencies.

    Power measures how much detail there is; this measures whether the detail is right. Invented detail does not
    correlate with HR.

    Args:
        sr: SR, reflectance, (C, H, W), finite.
        hr: HR, reflectance, the same shape.
        frequencies: shares of the Nyquist frequency, 0 to 1.

    Returns:
        correlation, (frequencies,), -1 to 1, mean over the bands; 0 where one of the images has no power.

    Raises:
        ValueError: see `radial_power`.

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
    """Find the frequency at which a ring correlation with HR falls below 0.5.

    The correlation is interpolated linearly between frequencies; it is 1 at frequency 0.

    Args:
        correlation: ring correlation at each frequency, -1 to 1.
        frequencies: shares of the Nyquist frequency, in ascending order.

    Returns:
        share of the Nyquist frequency, 0 to 1; 1 if the correlation never falls below 0.5.
    """
    before, above = 0.0, 1.0
    for frequency, level in zip(frequencies, correlation, strict=True):
        if level < _LOST:
            return before + (frequency - before) * (above - _LOST) / (above - level)
        before, above = frequency, level
    return 1.0


def without_holes(valid: Mask) -> tuple[slice, slice]:
    """Find the largest square without holes.

    Pixels that fill a hole are alike in two images, so they would count as detail that both share.

    Args:
        valid: pixels that hold data, (H, W).

    Returns:
        rows and columns of the square; of the whole image if it has no holes.
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
