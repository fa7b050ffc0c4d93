"""Surveys of a raster: figures of its pixels from samples, and what about them looks wrong."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_srgan.errors import ReadError
from rs_srgan.pixels.radiometry import LARGEST_REFLECTANCE, FloatImage, Image, Mask
from rs_srgan.pixels.windows import Window, spread
from rs_srgan.reading.raster import Raster

logger = logging.getLogger(__name__)

# Samples: squares of this side, LR pixels, at most that many along each axis.
_SAMPLE_PX, _SAMPLES = 256, 4
# A band without data in the samples is searched in all of the raster, up to that many values: that takes seconds.
_MOST_SEARCHED, _SEARCHED_ROWS = 500_000_000, 1024
# Shares of the pixels below which nothing is said.
_LEAST_SHARE = 0.001
# Medians of reflectance over the bands: land and water have a band above the first; only snow, clouds and mistaken
# scales have all bands above the second, and only mistaken scales one above the third, the near infrared of plants.
_DARKEST, _BRIGHTEST, _BRIGHTEST_BAND = 0.004, 0.7, 1.1
# Clouds and glint stay below the first; haze that is corrected too much leaves land above the second.
_GLINT, _LEAST_REFLECTANCE = 3, -0.05
# DN of reflectance that never exceed this are display values or percent.
_LARGEST_DISPLAY = 255
# The atmosphere and shadows leave some pixels of every scene below this reflectance; an unread offset adds 0.1.
_OFFSET_DN = 1000


@dataclass(frozen=True)
class BandFigures:
    """Figures of one band, reflectance; NaN where no pixel of the samples is valid.

    Attributes:
        name: name of the band.
        valid: share of valid pixels, 0 to 1.
        minimum: smallest value.
        low: first percentile.
        median: median.
        mean: mean.
        high: 99th percentile.
        maximum: largest value.
    """

    name: str
    valid: float
    minimum: float
    low: float
    median: float
    mean: float
    high: float
    maximum: float


@dataclass(frozen=True)
class Survey:
    """Figures of a raster's pixels.

    Attributes:
        bands: figures of each band.
        sampled: share of the raster's pixels in the samples, 0 to 1.
        empty: share of the pixels that are read as no data because all bands hold the same fill value.
        zeros: share of the pixels that hold 0 in all bands and count as data.
        stored: smallest and largest value as stored, of valid pixels; None without any.
        fill: a value that may mean no data, because some pixels hold it in all bands and no ground looks like it; None
            without one.
        filled: share of the pixels that hold `fill` in all bands, 0 to 1.
        absent: names of the bands that hold no data in any pixel of the raster.
    """

    bands: tuple[BandFigures, ...]
    sampled: float
    empty: float
    zeros: float
    stored: tuple[float, float] | None
    fill: float | None = None
    filled: float = 0.0
    absent: tuple[str, ...] = ()


def sample_windows(height: int, width: int, side: int = _SAMPLE_PX, most: int = _SAMPLES) -> list[Window]:
    """Return windows that are spread over an image: all of it if it is small.

    Args:
        height: rows of the image.
        width: columns of the image.
        side: side of a window, pixels.
        most: largest number of windows along each axis.
    """
    rows, cols = (
        [(0, length)]
        if length <= most * side
        else [(start, side) for start in spread(length, side, -(-(length - side) // (most - 1)))]
        for length in (height, width)
    )
    return [Window(row, col, tall, wide) for row, tall in rows for col, wide in cols]


def survey(raster: Raster, windows: Sequence[Window] | None = None) -> Survey:
    """Return figures of a raster's pixels in some windows.

    Args:
        raster: the open raster.
        windows: windows to read; by default those of `sample_windows`.

    Raises:
        ReadError: the file is truncated or corrupt there.
        InputError: the values are no reflectance.
    """
    height, width = raster.grid.height, raster.grid.width
    samples = [_flat(*raster.read_stored(window)) for window in windows or sample_windows(height, width)]
    stored = np.concatenate([each for each, _ in samples], axis=1)
    valid = np.concatenate([each for _, each in samples], axis=1)
    encoding = raster.encoding
    reflectance, _ = encoding.decode(stored[:, None])
    empty = encoding.empty_pixels(stored[:, None])[0]
    zeros = (stored == 0).all(0) & valid.all(0)
    names = raster.band_names
    held = stored[valid]
    fill, filled = _find_fill(stored, valid, reflectance[:, 0])
    share = stored.shape[1] / (height * width)
    without = [at for at, band in enumerate(valid) if not band.any()] if valid.any() else []
    if share < 1:
        without = [] if windows else _without_data(raster, without)
    return Survey(
        tuple(
            _figures(name, band[ok], float(ok.mean()))
            for name, band, ok in zip(names, reflectance[:, 0], valid, strict=True)
        ),
        share,
        float(empty.mean()),
        float(zeros.mean()),
        (float(held.min()), float(held.max())) if held.size else None,
        fill,
        filled,
        tuple(names[at] for at in without),
    )


def _without_data(raster: Raster, suspects: Sequence[int]) -> list[int]:
    """Return those of some bands, by their index from 0, that hold no data in any pixel.

    A band that holds data is given up at its first valid pixel. None is returned of a raster too large to search.
    """
    height, width = raster.grid.height, raster.grid.width
    if not suspects or height * width * len(raster.band_names) > _MOST_SEARCHED:
        return []
    rows = [Window(row, 0, min(_SEARCHED_ROWS, height - row), width) for row in range(0, height, _SEARCHED_ROWS)]
    return [at for at in suspects if not any(raster.read_band(window, at)[1].any() for window in rows)]


def _find_fill(stored: Image, valid: Mask, reflectance: FloatImage) -> tuple[float | None, float]:
    """Return a value that all bands hold in some pixels and that no ground has, and the share of these pixels.

    Such a value is negative, as 0 becomes when an offset is subtracted; or the largest one of its type; or beyond all
    reflectance.
    """
    integers = np.issubdtype(stored.dtype, np.integer)
    odd = (reflectance < _LEAST_REFLECTANCE) | (np.abs(reflectance) > LARGEST_REFLECTANCE)
    if integers:
        odd |= stored == np.iinfo(stored.dtype).max
    alike = (stored == stored[0]).all(0) & (odd & valid).all(0)
    if len(stored) < 2 or not alike.any():
        return None, 0.0
    values, counts = np.unique(stored[0, alike], return_counts=True)
    return float(values[counts.argmax()]), float(counts.max() / alike.size)


def _flat(stored: Image, valid: Mask) -> tuple[Image, Mask]:
    return stored.reshape(len(stored), -1), valid.reshape(len(valid), -1)


def _figures(name: str, values: FloatImage, valid: float) -> BandFigures:
    if not values.size:
        return BandFigures(name, valid, *[float("nan")] * 6)
    with np.errstate(invalid="ignore"):  # infinite values are told of as faults
        low, median, high = np.percentile(values, (1, 50, 99)).tolist()
        mean = float(values.mean(dtype=np.float64))
    return BandFigures(name, valid, float(values.min()), low, median, mean, high, float(values.max()))


def find_faults(raster: Raster, found: Survey) -> list[str]:
    """Return what looks wrong about a raster's pixels, for people: with numbers and the option that helps."""
    faults = [*_nodata_faults(raster, found)]
    seen = [band for band in found.bands if band.valid]
    if seen and not raster.encoding.display:
        faults += _scale_faults(raster, found, seen)
    return [f"{raster.name}: {fault}" for fault in faults]


def warn_of_faults(raster: Raster) -> None:
    """Log what looks wrong about a raster's pixels; not for products, whose metadata are certain."""
    if raster.product:
        return
    try:
        found = survey(raster)
    except ReadError:  # whoever reads all of the raster reports it, and keeps what was done before
        return
    for fault in find_faults(raster, found):
        logger.warning("%s", fault)


def _nodata_faults(raster: Raster, found: Survey) -> list[str]:
    faults = []
    about = "" if found.sampled == 1 else "about "
    if found.empty >= _LEAST_SHARE:
        values = " or ".join(f"{value:g}" for value in raster.encoding.empty)
        faults.append(
            f"{about}{100 * found.empty:.3g} % of the pixels are {values} in all bands, which the file does not "
            "declare: read as no data. If they are data: --nodata none."
        )
    if found.zeros >= _LEAST_SHARE:
        faults.append(
            f"{about}{100 * found.zeros:.3g} % of the pixels are 0 in all bands and count as data. If they are no "
            "data: --nodata 0."
        )
    if found.fill is not None and found.filled >= _LEAST_SHARE and not raster.encoding.display:
        faults.append(
            f"{about}{100 * found.filled:.3g} % of the pixels hold {found.fill:.9g} in all bands and count as data. If "
            f"they are no data: --nodata {found.fill:.9g}."
        )
    without = [band.name for band in found.bands if not band.valid]
    for names, where in (
        (found.absent, ""),
        ([band for band in without if band not in found.absent], " in the samples"),
    ):
        if names and len(without) < len(found.bands):
            faults.append(f"{', '.join(names)} has no valid pixel{where}. Check the band.")
    constant = [band for band in found.bands if band.valid and band.minimum == band.maximum]
    if constant and len(constant) < sum(band.valid > 0 for band in found.bands):
        names = [f"{band.name} ({band.maximum:g})" for band in constant]
        faults.append(f"{', '.join(names)} has one value in all pixels{about and ' of the samples'}. Check the band.")
    return faults


def _scale_faults(raster: Raster, found: Survey, seen: Sequence[BandFigures]) -> list[str]:
    medians = [band.median for band in seen]
    shown = ", ".join(f"{median:.3g}" for median in medians)
    low, high = found.stored or (0.0, 0.0)
    state = "state the reflectance of one DN"
    filled = found.filled >= _LEAST_SHARE  # such pixels are no ground, and a fault of their own
    bright = min(medians) > _BRIGHTEST or max(medians) > _BRIGHTEST_BAND
    if bright or (max(band.high for band in seen) > _GLINT and not filled):
        return [
            f"unusually bright: median reflectance {shown}, values as stored up to {high:g}. If the scale is wrong, "
            f"{state}: --scale 1/65535 if 65535 means reflectance 1, 0.0001 for DN, or 0.01 for percent."
        ]
    display = raster.encoding.dtype in ("uint16", "int16") and not raster.encoding.tagged and high <= _LARGEST_DISPLAY
    if (max(medians) < _DARKEST or display) and high > 0:
        return [
            f"unusually dark: median reflectance {shown}, values as stored up to {high:g}. If the scale is wrong, "
            f"{state}: --scale 0.0001, 1/255 for display values, 0.01 for percent, or 1 for reflectance."
        ]
    counted = raster.encoding.dtype == "uint16" and not raster.encoding.tagged and not raster.product
    if counted and min(band.low for band in seen) * 10_000 >= _OFFSET_DN:
        return [
            f"all bands lack dark pixels: the smallest values are {low:g} and above. If these are DN since processing "
            "baseline 04.00 that lost their offset: --offset -1000."
        ]
    return []
