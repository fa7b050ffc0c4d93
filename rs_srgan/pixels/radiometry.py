"""What the numbers in a raster mean: DN and reflectance, tones, and their display."""

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

# Reflectance of the brightest cloud tops and of sun glint stays below this; anything beyond is not reflectance.
LARGEST_REFLECTANCE = 20.0


@dataclass(frozen=True)
class Encoding:
    """How a raster stores reflectance: `reflectance = dn * gain + bias`, per band.

    Attributes:
        dtype: of the raster, a numpy name: uint8, uint16, int16.
        gain: reflectance per DN, one per band.
        bias: reflectance at DN 0, one per band.
        nodata: the DN that means no data, or None.
        tagged: whether gain and bias stand in the file's scale and offset tags.
    """

    dtype: str
    gain: tuple[float, ...]
    bias: tuple[float, ...]
    nodata: float | None
    tagged: bool = False

    def __str__(self) -> str:
        """For people, by the first band: "reflectance = (DN - 1000) / 10000"."""
        gain, bias = self.gain[0], self.bias[0]
        if gain == 1:
            return "reflectance as it is"
        offset = round(bias / gain, 3)
        value = "DN" if offset == 0 else f"(DN {'-' if offset < 0 else '+'} {abs(offset):g})"
        return f"reflectance = {value} / {1 / gain:g}"

    def with_offset(self, offset: float) -> "Encoding":
        """The same with another offset, in DN: `reflectance = (dn + offset) * gain`."""
        return dataclasses.replace(self, bias=tuple(gain * offset for gain in self.gain), tagged=True)

    def of_band(self, index: int) -> "Encoding":
        """The same of one band."""
        return dataclasses.replace(self, gain=(self.gain[index],), bias=(self.bias[index],))

    def decode(self, dn: Image) -> tuple[FloatImage, Mask]:
        """DN (C, h, w) to reflectance and where it is valid; invalid pixels hold 0."""
        valid = np.isfinite(dn)
        if self.nodata is not None and not np.isnan(self.nodata):
            valid &= dn != self.nodata
        gain = np.array(self.gain, np.float32)[:, None, None]
        bias = np.array(self.bias, np.float32)[:, None, None]
        with np.errstate(invalid="ignore"):
            reflectance = dn.astype(np.float32) * gain + bias
        reflectance[~valid] = 0
        return reflectance, valid

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest DN of a pixel that holds data: what the type holds, without nodata at either end."""
        info = np.iinfo(self.dtype)
        return info.min + (self.nodata == info.min), info.max - (self.nodata == info.max)


def match_moments(image: FloatImage, mean: FloatImage, std: FloatImage) -> FloatImage:
    """Shift and stretch every band of (C, H, W) to the given mean and standard deviation; NaN pixels stay NaN.

    A band without any variation only moves to the mean.
    """
    own_mean = np.nanmean(image, (1, 2), keepdims=True)
    own_std = np.nanstd(image, (1, 2), keepdims=True)
    gain = np.where(own_std > 0, std[:, None, None] / np.maximum(own_std, 1e-12), 0)
    matched: FloatImage = ((image - own_mean) * gain + mean[:, None, None]).astype(np.float32)
    return matched


def match_histogram(image: FloatImage, like: FloatImage) -> FloatImage:
    """Give every band of (C, H, W) the distribution of values that it has in `like`, (C, h, w); NaN pixels stay NaN.

    A value goes to that of the same rank. Equal values stay equal.

    Raises:
        InputError: a band of `like` without any valid pixel.
    """
    result = np.full_like(image, np.nan, np.float32)
    for band, (own, target) in enumerate(zip(image, like, strict=True)):
        known, wanted = np.isfinite(own), np.sort(target[np.isfinite(target)])
        if not wanted.size:
            raise InputError(f"Band {band + 1} of the image to match holds no valid pixel.")
        values, inverse, counts = np.unique(own[known], return_inverse=True, return_counts=True)
        if values.size:
            ranks = (np.cumsum(counts) - 0.5 * counts) / known.sum()  # 0..1, of the middle of equal values
            at = (np.arange(wanted.size) + 0.5) / wanted.size
            result[band, known] = np.interp(ranks, at, wanted)[inverse]
    return result


@dataclass(frozen=True)
class Stretch:
    """A display stretch: reflectance `low` to `high` of each band becomes 0..255; one for all views of a scene."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    gamma: float = 1.0

    @classmethod
    def of(cls, image: FloatImage, percent: float = 2.0, gamma: float = 1.0) -> "Stretch":
        """From percentiles of the finite pixels of (C, H, W), `percent` cut off at either end.

        Raises:
            InputError: no finite pixel.
        """
        if not np.isfinite(image).any():
            raise InputError("The image holds no valid pixel, so there is nothing to show.")
        low, high = np.nanpercentile(np.where(np.isfinite(image), image, np.nan), (percent, 100 - percent), axis=(1, 2))
        high = np.maximum(high, low + 1e-3)  # a flat band would divide by zero
        return cls(tuple(map(float, low)), tuple(map(float, high)), gamma)

    def apply(self, image: FloatImage) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Reflectance (C, H, W) to display values (H, W, C); pixels without data are black."""
        low = np.array(self.low, np.float32)[:, None, None]
        high = np.array(self.high, np.float32)[:, None, None]
        shown = np.clip((np.nan_to_num(image) - low) / (high - low), 0, 1) ** (1 / self.gamma)
        shown[~np.isfinite(image)] = 0
        return np.rint(shown * 255).astype(np.uint8).transpose(1, 2, 0)
