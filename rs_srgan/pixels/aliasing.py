"""Recognition of images that were thinned out, or moved to another grid, by nearest neighbour.

Such images hold detail that no sensor of their pixel size sees, and models amplify it to a grid pattern. A sensor blurs
before it samples, so its spectrum falls towards the Nyquist frequency; the spectrum of a thinned-out image is flat
there. Nearest neighbour onto a slightly finer grid repeats parts of rows or columns.

`soften` adds the missing blur.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from rs_srgan.pixels.radiometry import FloatImage, Mask

# Widest side of the part of an image that is measured, pixels.
MEASURED_PX = 512
# Standard deviation of the blur of `soften`, pixels. On native images of which every second or fourth pixel was kept,
# the x2 and x4 models are best with it (40.9 to 42.0 and 32.7 to 35.0 dB at 0.5 and 0.6, where bicubic has 41.9 and
# 34.8, and the models have 34.2 and 26.7 without the blur).
SOFTENING_PX = 0.6
SOFTENING_REACH_PX = 3

# Sides of the windows whose spectra are averaged, and their distance, pixels.
_WINDOW_PX, _STEP_PX = 32, 16
# Standard deviation over mean that a window needs: the spectrum of open water is that of the noise.
_CONTRAST = 0.05
# Frequencies, cycles per window of 32 pixels: near the Nyquist frequency of 16, about half of it, and across.
_HIGH, _MIDDLE, _ACROSS = slice(14, 17), slice(6, 9), [0, 1, 2, 3, -1, -2, -3]
# Limits, measured on 261 images. Flatness: 1 of 60 thinned-out images is below, 1 of 201 others is above. Repetitions:
# 13 of the 23 images whose manifest says that nearest neighbour moved them are above; it left out pixels of the others.
_FLAT_DB = -8.8
_REPEATED_SHARE = 1e-3
# Smooth images of few DN repeat pixels by chance. The share must be that many times what chance makes.
_OVER_CHANCE = 4


@dataclass(frozen=True)
class Sampling:
    """Signs of how an image was sampled.

    Attributes:
        flatness_db: power near the Nyquist frequency over that at half of it, dB; NaN if the image is too small or has
            no detail.
        repeated: share of pixels that repeat their neighbour in all bands, by more than chance.
    """

    flatness_db: float
    repeated: float

    @property
    def thinned_out(self) -> bool:
        """True if the image holds aliased detail: pixels were left out without a blur before."""
        return self.flatness_db > _FLAT_DB

    @property
    def repeats(self) -> bool:
        """True if nearest neighbour moved the image to a finer grid."""
        return self.repeated > _REPEATED_SHARE

    def advice(self) -> str | None:
        """Return what was found and what to do, in one or two sentences; None if nothing was found."""
        if self.thinned_out:
            return (
                "The pixels look thinned out by nearest neighbour, so models amplify aliasing to a grid pattern. Use "
                "pixels at full resolution, or blur the image first: --soften (soften)."
            )
        if self.repeats:
            return (
                f"{100 * self.repeated:.1f} % of the pixels repeat their neighbour, so the image looks moved to "
                "another grid by nearest neighbour, and lines may come out jagged. Use the product on its own grid."
            )
        return None


def measure_sampling(image: FloatImage) -> Sampling:
    """Measure the middle of an image, at most MEASURED_PX along each axis.

    Args:
        image: reflectance or DN, (C, H, W), NaN where there is no data.
    """
    top, left = (max(0, (side - MEASURED_PX) // 2) for side in image.shape[1:])
    part = image[:, top : top + MEASURED_PX, left : left + MEASURED_PX].astype(np.float32)
    return Sampling(_flatness_db(part), max(_repeated(part), _repeated(part.transpose(0, 2, 1))))


def _flatness_db(image: FloatImage) -> float:
    """Return the power near the Nyquist frequency over that at half of it, along rows and columns, dB."""
    if min(image.shape[1:]) < _WINDOW_PX:
        return float("nan")
    size = (_WINDOW_PX, _WINDOW_PX)
    windows = np.lib.stride_tricks.sliding_window_view(image, size, (1, 2))[:, ::_STEP_PX, ::_STEP_PX]
    windows = windows.reshape(len(image), -1, *size)
    windows = windows[:, np.isfinite(windows).all((0, 2, 3))]
    hann = np.hanning(_WINDOW_PX + 1)[:-1]
    mean = windows.mean((2, 3), keepdims=True)
    even = (windows - mean)[windows.std((2, 3)) > _CONTRAST * np.abs(mean[:, :, 0, 0])]
    power = np.abs(np.fft.fft2(even * np.outer(hann, hann))) ** 2
    high, middle = (power[:, _ACROSS, band].sum() + power[:, band][..., _ACROSS].sum() for band in (_HIGH, _MIDDLE))
    return float(10 * np.log10(high / middle)) if high > 0 and middle > 0 else float("nan")


def _repeated(image: FloatImage) -> float:
    """Return the share of pixels that equal the one before them in their row, by more than chance.

    Pixels in areas of one value do not count. By chance, pixels also equal the second one before them.
    """
    if min(image.shape[1:]) < 4:
        return 0.0
    change = np.diff(image, axis=2)
    same: Mask = np.all(change == 0, axis=0)
    differs: Mask = np.any(np.abs(change) > 0, axis=0)
    single = (same[:, 1:-1] & differs[:, :-2] & differs[:, 2:]).mean()
    by_chance = ((image[:, :, 2:] == image[:, :, :-2]).all(0) & differs[:, 1:]).mean()
    return float(single) if single > _OVER_CHANCE * by_chance else 0.0


def soften(image: FloatImage) -> FloatImage:
    """Blur a thinned-out image as a sensor would have done before it sampled.

    A pixel depends on those within SOFTENING_REACH_PX of it. Beyond the border, the outermost pixels are repeated.

    Args:
        image: reflectance, (C, H, W), without gaps.
    """
    sigma = (0.0, SOFTENING_PX, SOFTENING_PX)
    blurred: FloatImage = ndimage.gaussian_filter(image, sigma, mode="nearest", radius=(0, *[SOFTENING_REACH_PX] * 2))
    return blurred
