"""Radiometry: DN and reflectance, matching the tones of images, and stretching them for display."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.errors import InputError

Image = np.ndarray[Any, Any]
FloatImage = np.ndarray[Any, np.dtype[np.float32]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

# reflectance = (DN + offset) / 10000: QUANTIFICATION_VALUE in the Sentinel-2 Products Specification Document.
QUANTIFICATION = 10000.0

# The brightest cloud tops and sun glint stay below this reflectance. Larger values are not reflectance.
LARGEST_REFLECTANCE = 20.0


@dataclass(frozen=True)
class Encoding:
    """The encoding of reflectance in a raster: `reflectance = dn * gain + bias` for each band.

    Attributes:
        dtype: numpy's name of the raster's data type: uint8, uint16, int16, float32 or float64.
        gain: reflectance per DN, one value per band.
        bias: reflectance at DN 0, one value per band.
        nodata: DN without data; None if every DN is data.
        tagged: whether a file needs scale and offset tags to state gain and bias.
        empty: DN without data where all bands of a pixel have one of them; nothing declares them as nodata.
    """

    dtype: str
    gain: tuple[float, ...]
    bias: tuple[float, ...]
    nodata: float | None
    tagged: bool = False
    empty: tuple[float, ...] = ()

    @classmethod
    def float32(cls, bands: int) -> "Encoding":
        """Return the encoding of reflectance as it is, with NaN where there is no data."""
        return cls("float32", (1.0,) * bands, (0.0,) * bands, np.nan)

    def __str__(self) -> str:
        """Return the formula of the first band for people: "reflectance = (DN - 1000) / 10000"."""
        gain, bias = self.gain[0], self.bias[0]
        if gain == 1:
            return "reflectance as it is"
        offset = round(bias / gain, 3)
        value = "DN" if offset == 0 else f"(DN {'-' if offset < 0 else '+'} {abs(offset):g})"
        return f"reflectance = {value} / {1 / gain:g}"

    def with_offset(self, offset: float) -> "Encoding":
        """Return this encoding with another offset in DN: `reflectance = (dn + offset) * gain`."""
        return dataclasses.replace(self, bias=tuple(gain * offset for gain in self.gain), tagged=True)

    def of_band(self, index: int) -> "Encoding":
        """Return the encoding of one band."""
        return dataclasses.replace(self, gain=(self.gain[index],), bias=(self.bias[index],))

    def decode(self, dn: Image) -> tuple[FloatImage, Mask]:
        """Convert DN (C, h, w) to reflectance (C, h, w), and return which values are valid; invalid pixels are 0."""
        valid = np.isfinite(dn)
        if self.nodata is not None and not np.isnan(self.nodata):
            # in the precision of the pixels: numpy before 2 compares the largest floats as float64
            valid &= dn != (dn.dtype.type(self.nodata) if dn.dtype.kind == "f" else self.nodata)
        valid &= ~self.empty_pixels(dn)
        gain = np.array(self.gain, np.float32)[:, None, None]
        bias = np.array(self.bias, np.float32)[:, None, None]
        with np.errstate(invalid="ignore", over="ignore"):  # float64 beyond float32 is infinite, which is refused later
            reflectance = dn.astype(np.float32) * gain + bias
        reflectance[~valid] = 0
        return reflectance, valid

    @property
    def floats(self) -> bool:
        """True if the raster holds floats, which store values between two DN and below zero."""
        return self.dtype.startswith("float")

    @property
    def display(self) -> bool:
        """True for 8-bit values for display, which are no reflectance."""
        return self.dtype == "uint8" and not self.tagged

    def empty_pixels(self, dn: Image) -> Mask:
        """Return where all bands hold the same one of `empty`, (h, w), given DN (C, h, w)."""
        found: Mask = np.zeros(dn.shape[1:], bool)
        for value in self.empty:
            found |= (dn == value).all(0)
        return found

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and largest DN of a valid pixel: the range of the data type, without nodata at either end."""
        if self.floats:
            return float(np.finfo(self.dtype).min), float(np.finfo(self.dtype).max)
        info = np.iinfo(self.dtype)
        return info.min + (self.nodata == info.min), info.max - (self.nodata == info.max)


def match_moments(image: FloatImage, mean: FloatImage, std: FloatImage) -> FloatImage:
    """Shift and stretch each band to a mean and a standard deviation; NaN pixels stay NaN.

    A band with a single value only moves to the mean.

    Args:
        image: reflectance, (C, H, W).
        mean: mean of each band, (C,).
        std: standard deviation of each band, (C,).

    Returns:
        reflectance, (C, H, W).
    """
    own_mean = np.nanmean(image, (1, 2), keepdims=True)
    own_std = np.nanstd(image, (1, 2), keepdims=True)
    gain = np.where(own_std > 0, std[:, None, None] / np.maximum(own_std, 1e-12), 0)
    matched: FloatImage = ((image - own_mean) * gain + mean[:, None, None]).astype(np.float32)
    return matched


def match_histogram(image: FloatImage, like: FloatImage) -> FloatImage:
    """Give each band the distribution of values of another image; NaN pixels stay NaN.

    Each value is replaced by the other image's value of the same rank. Equal values stay equal.

    Args:
        image: reflectance, (C, H, W).
        like: image with the distribution, (C, h, w).

    Returns:
        reflectance, (C, H, W).

    Raises:
        InputError: a band of `like` has no valid pixel.
    """
    result = np.full_like(image, np.nan, np.float32)
    for band, (own, target) in enumerate(zip(image, like, strict=True)):
        known, wanted = np.isfinite(own), np.sort(target[np.isfinite(target)])
        if not wanted.size:
            raise InputError(
                f"Band {band + 1} of the image to match has no valid pixel; expected one or more. Choose another one."
            )
        values, inverse, counts = np.unique(own[known], return_inverse=True, return_counts=True)
        if values.size:
            ranks = (
                np.cumsum(counts) - 0.5 * counts
            ) / known.sum()  # 0 to 1; equal values share the middle of their ranks
            at = (np.arange(wanted.size) + 0.5) / wanted.size
            result[band, known] = np.interp(ranks, at, wanted)[inverse]
    return result


@dataclass(frozen=True)
class Stretch:
    """A display stretch: it maps reflectance `low` to `high` of each band to 0..255.

    Attributes:
        low: reflectance that becomes 0, one value per band.
        high: reflectance that becomes 255, one value per band.
        gamma: exponent of the brightness; larger than 1 brightens dark pixels.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    gamma: float = 1.0

    @classmethod
    def of(cls, image: FloatImage, percent: float = 2.0, gamma: float = 1.0) -> "Stretch":
        """Return the stretch between two percentiles of an image's finite pixels.

        Args:
            image: reflectance, (C, H, W).
            percent: share of pixels, in percent, that saturates at each end.
            gamma: exponent of the brightness.

        Raises:
            InputError: the image has no finite pixel.
        """
        if not np.isfinite(image).any():
            raise InputError("The image has no valid pixel; expected at least one to show. Choose another part.")
        low, high = np.nanpercentile(np.where(np.isfinite(image), image, np.nan), (percent, 100 - percent), axis=(1, 2))
        high = np.maximum(high, low + 1e-3)  # a flat band would divide by zero
        return cls(tuple(map(float, low)), tuple(map(float, high)), gamma)

    def apply(self, image: FloatImage) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Convert reflectance (C, H, W) to display values (H, W, C); NaN pixels become black."""
        low = np.array(self.low, np.float32)[:, None, None]
        high = np.array(self.high, np.float32)[:, None, None]
        shown = np.clip((np.nan_to_num(image) - low) / (high - low), 0, 1) ** (1 / self.gamma)
        shown[~np.isfinite(image)] = 0
        return np.rint(shown * 255).astype(np.uint8).transpose(1, 2, 0)
