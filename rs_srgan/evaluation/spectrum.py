"""How much detail of every size an image holds."""

from collections.abc import Sequence

import numpy as np

from rs_srgan.radiometry import FloatImage

# Half width of the rings, as a share of the Nyquist frequency.
_HALF_WIDTH = 0.05


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
    height, width = image.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    centred = (image - image.mean((1, 2), keepdims=True)) * window
    power = np.abs(np.fft.fft2(centred)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) / 0.5
    rings = [np.abs(radius - frequency) < _HALF_WIDTH for frequency in frequencies]
    if not all(ring.any() for ring in rings):
        raise ValueError(f"An image of {height} x {width} pixels has no frequency in one of the rings {frequencies}.")
    return np.stack([power[:, ring].mean(1) for ring in rings], axis=1).astype(np.float32)


def spectrum_db(sr: FloatImage, hr: FloatImage, frequencies: Sequence[float]) -> FloatImage:
    """Power of `sr` over that of `hr`, dB, mean over the bands: 0 where it holds as much detail; (frequencies,)."""
    ratio = radial_power(sr, frequencies) / np.maximum(radial_power(hr, frequencies), np.finfo(np.float32).tiny)
    levels: FloatImage = (10 * np.log10(np.maximum(ratio, 1e-12))).mean(0)
    return levels
