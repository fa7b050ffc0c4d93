"""Pairs of LR and HR from different instruments: read by window, with HR matched to LR in tone and place."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage, match_histogram, match_moments
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.registration.shift import find_shift
from rs_srgan.sensors import SENTINEL2, Sensor
from train.data.units import Reflectance, stated_of

logger = logging.getLogger(__name__)

Matching = Literal["none", "histogram", "moments"]

# Least correlation at which a shift is trusted and applied.
_CONFIDENT = 0.6
# Pixels around nodata that a cubic spline spoils.
_SPLINE_REACH_PX = 3
# The weight of a pixel in a cubic spline falls by a factor of 0.27 per pixel; at this distance it is below 1e-9.
_SPLINE_MEMORY_PX = 16
# Most values of a tone curve: more than 8-bit images have, and enough for others.
_TONES = 4096


@dataclass(frozen=True)
class Pair:
    """Files of one place.

    Attributes:
        site: name of the place.
        hr: the HR file.
        lr: the LR files of one or more dates, the date nearest to HR first.
    """

    site: str
    hr: Path
    lr: tuple[Path, ...]


@dataclass(frozen=True)
class Fit:
    """Match of HR to LR, found once on a whole pair and applied to its windows.

    Attributes:
        tones: per band, values of HR in ascending order and the matched values, linear between them; None: no change.
        off: rows and columns to shift HR by, HR pixels; None: no shift.
        means: means of the matched bands, reflectance, (C, 1, 1).
    """

    tones: tuple[tuple[FloatImage, FloatImage], ...] | None
    off: tuple[float, float] | None
    means: FloatImage


@dataclass(frozen=True)
class PairLoader:
    """Reader of pairs that matches HR to LR in tone and place.

    Attributes:
        bands: names of the bands to read.
        scale: HR pixels per LR pixel along each axis.
        matching: how HR gets the tones of the first LR image: "none", "histogram" or "moments".
        align: shift HR onto the first LR image.
        views: number of LR images; the last one is repeated where a pair has fewer.
        sensor: sensor whose band names and encoding the files have.
        reflectance: conversion of the stored values; None: by the tags of the files, or by the sensor.
    """

    bands: tuple[str, ...]
    scale: int
    matching: Matching = "none"
    align: bool = False
    views: int = 1
    sensor: Sensor = SENTINEL2
    reflectance: Reflectance | None = None
    _fits: dict[Pair, Fit] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, pair: Pair) -> tuple[FloatImage, FloatImage]:
        """Read LR (T, C, h, w) and HR (C, h * scale, w * scale), reflectance, NaN where there is no data.

        Raises:
            InputError: the size of HR is not `scale` times that of LR, or LR images differ in size.
        """
        (shape,) = self.prepare([pair])
        return self.read(pair, Window(0, 0, *shape))

    def prepare(self, pairs: Sequence[Pair], least_px: int = 1) -> list[tuple[int, int]]:
        """Check the sizes of all pairs, and find the match of HR to LR where one is wanted, which reads each pair once.

        Args:
            pairs: pairs that `read` will read windows of.
            least_px: least height and width of LR, LR pixels.

        Returns:
            Height and width of each LR image.

        Raises:
            InputError: sizes that do not fit, or LR smaller than `least_px`; the message names all such files.
        """
        shapes = [self._shape(pair.hr) for pair in pairs]
        misfits = [
            f"{pair.hr} has {width} x {height} pixels and {path} {w} x {h}"
            for pair, (height, width) in zip(pairs, shapes, strict=True)
            for path in dict.fromkeys(self._paths(pair))
            for h, w in [self._shape(path)]
            if (h * self.scale, w * self.scale) != (height, width)
        ]
        if misfits:
            raise InputError(
                f"{'; '.join(misfits)}; expected {self.scale} times as many in HR along each axis. Crop the files, or "
                "choose a model of another scale."
            )
        coarse = [(height // self.scale, width // self.scale) for height, width in shapes]
        small = [f"{p.lr[0]} has {w} x {h}" for p, (h, w) in zip(pairs, coarse, strict=True) if min(h, w) < least_px]
        if small:
            raise InputError(
                f"{'; '.join(small)} LR pixels; expected at least {least_px}, the size of a crop. Lower crop_lr_px, or "
                "leave these files out."
            )
        if self.matching != "none" or self.align:
            logger.info("Matching HR to LR: %d pairs are read once.", len(pairs))
            for pair in pairs:
                self._fits.setdefault(pair, self._fit(pair))
        return coarse

    def read(self, pair: Pair, window: Window) -> tuple[FloatImage, FloatImage]:
        """Read a window: LR (T, C, h, w) and HR (C, h * scale, w * scale), equal to that part of the whole pair.

        Args:
            pair: a pair that `prepare` has seen.
            window: LR pixels, inside the pair.
        """
        lr = np.stack([self._read(path, window) for path in self._paths(pair)])
        return lr, self._read_hr(pair, window.scaled(self.scale))

    def _read_hr(self, pair: Pair, window: Window) -> FloatImage:
        fit = self._fits.get(pair)
        if fit is None:
            return self._read(pair.hr, window)
        if fit.off is None:
            return _toned(self._read(pair.hr, window), fit)
        margin = _SPLINE_MEMORY_PX + _SPLINE_REACH_PX + math.ceil(max(map(abs, fit.off)))
        around = window.grown(margin).clipped(*self._shape(pair.hr))
        moved = _moved(_toned(self._read(pair.hr, around), fit), fit.off, fit.means)
        rows, cols = window.relative_to(around).slices
        return moved[:, rows, cols]

    def _paths(self, pair: Pair) -> tuple[Path, ...]:
        return (*pair.lr, *[pair.lr[-1]] * self.views)[: self.views]

    def read_whole(self, path: Path) -> FloatImage:
        """Read a raster: reflectance, (C, H, W), NaN where there is no data."""
        return self._read(path, Window(0, 0, *self._shape(path)))

    def _read(self, path: Path, window: Window) -> FloatImage:
        with open_raster(path, self.bands, stated_of(self.reflectance), self.sensor) as raster:
            image, valid = raster.read(window)
        image[~valid] = np.nan
        return image

    def _shape(self, path: Path) -> tuple[int, int]:
        with open_raster(path, self.bands, stated_of(self.reflectance), self.sensor) as raster:
            return raster.grid.height, raster.grid.width

    def _fit(self, pair: Pair) -> Fit:
        hr, lr = self.read_whole(pair.hr), self.read_whole(pair.lr[0])
        toned = matched(hr, lr, self.matching)
        tones = None if self.matching == "none" else tuple(map(_tones, hr, toned))
        off = self._off(toned, lr) if self.align else None
        return Fit(tones, off, np.nanmean(toned, (1, 2), keepdims=True))

    def _off(self, hr: FloatImage, lr: FloatImage) -> tuple[float, float] | None:
        coarse = hr.reshape(hr.shape[0], lr.shape[1], self.scale, lr.shape[2], self.scale).mean((2, 4))
        shift = find_shift(lr.mean(0), coarse.mean(0))
        return (-shift.rows * self.scale, -shift.cols * self.scale) if shift.confidence >= _CONFIDENT else None


def _tones(own: FloatImage, matched: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Return the tone curve from a band (H, W) to its matched values: ascending values, and what they become."""
    known = np.isfinite(own)
    before, after = np.sort(own[known]), np.sort(matched[known])
    distinct = np.flatnonzero(np.diff(before, prepend=-np.inf))
    if len(distinct) > _TONES:
        distinct = distinct[np.linspace(0, len(distinct) - 1, _TONES).round().astype(int)]
    return before[distinct], after[distinct]


def _toned(image: FloatImage, fit: Fit) -> FloatImage:
    for band, (before, after) in zip(image, fit.tones or (), strict=fit.tones is not None):
        known = np.isfinite(band)
        if known.any():
            band[known] = np.interp(band[known], before, after)
    return image


def _moved(hr: FloatImage, off: tuple[float, float], means: FloatImage) -> FloatImage:
    """Return HR (C, H, W) shifted by `off`; NaN around shifted nodata and at the borders that the shift uncovers."""
    hidden = ~np.isfinite(hr)
    # A cubic spline overshoots where data ends, so these pixels become nodata, too.
    reached = ndimage.binary_dilation(hidden, np.ones((1, 3, 3), bool), _SPLINE_REACH_PX)
    missing = ndimage.shift(reached.astype(np.float32), (0, *off), order=1, cval=1) > 0
    moved: FloatImage = ndimage.shift(np.where(hidden, means, hr), (0, *off), order=3, mode="nearest")
    moved[missing] = np.nan
    return moved


def matched(image: FloatImage, like: FloatImage, how: Matching) -> FloatImage:
    """Return an image (C, H, W) with the tones of another one, band by band."""
    if how == "moments":
        return match_moments(image, np.nanmean(like, (1, 2)), np.nanstd(like, (1, 2)))
    return match_histogram(image, like) if how == "histogram" else image
