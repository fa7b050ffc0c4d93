"""What can be seen of a finished job: its input, results and what compares them, any part at any size.

All of it is in pixels of the first result ("SR pixels"), whose upper left corner is the input's, too. Far out, results
are read from the overviews that are in their files, so that a picture of everything costs what one of a corner does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from rasterio.enums import Resampling
from rasterio.windows import Window as RasterioWindow

from app.jobs.queue import Job
from app.jobs.views import MEAN_FILE
from app.jobs.worker import result_name
from rs_srgan import InputError, SISRConfig
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Stretch
from rs_srgan.pixels.windows import Window, crop_replicated
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, degrade, wald_mtf
from rs_srgan.sensors.projection import BICUBIC_REACH_LR_PX, bicubic

INPUT, MEAN, BICUBIC, SR, OTHER = "input", "mean", "bicubic", "sr", "other"
UNCERTAINTY, DIFFERENCE, CONSISTENCY = "uncertainty", "difference", "consistency"
NAMES = {
    INPUT: "Input pixels",
    MEAN: "Mean of the views",
    BICUBIC: "Bicubic",
    SR: "Super-resolved",
    OTHER: "Other model",
    UNCERTAINTY: "Uncertainty",
    DIFFERENCE: "|SR - bicubic|",
    CONSISTENCY: "|input - SR seen again|",
}
IMAGES = (INPUT, MEAN, BICUBIC, SR, OTHER)

# Statistics of a large image are those of this many pixels along either side.
_OVERVIEW_PX = 512
# Ends of scales are those of the middle, SR pixels.
_MIDDLE_PX = 1024


@dataclass(frozen=True)
class Block:
    """Pixels that were read: (C, h, w), NaN without data; each `unit` SR pixels large, from `top` and `left` on."""

    pixels: FloatImage
    top: float
    left: float
    unit: tuple[float, float]

    def at(self, rows: np.ndarray[Any, Any], cols: np.ndarray[Any, Any]) -> FloatImage:
        """The pixel in which each place lies, (C, *shape); rows and columns of SR pixels. NaN beyond."""
        _, height, width = self.pixels.shape
        # the half thousandth is far less than a pixel and far more than rounding
        down = np.floor((rows - self.top) / self.unit[0] + 5e-4).astype(np.int64)
        right = np.floor((cols - self.left) / self.unit[1] + 5e-4).astype(np.int64)
        outside = (down < 0) | (down >= height) | (right < 0) | (right >= width)
        found: FloatImage = self.pixels[:, down.clip(0, height - 1), right.clip(0, width - 1)]
        found[:, outside] = np.nan
        return found


@dataclass(frozen=True)
class Image:
    """A file of a job.

    Attributes:
        path: a Cloud Optimized GeoTIFF.
        scale: pixels per input pixel.
        encoding: of its numbers.
    """

    path: Path
    scale: int
    encoding: Encoding

    def read(self, window: Window, shrink: int = 1) -> FloatImage:
        """Reflectance (C, h, w) of a window of its own pixels, NaN without data; of averages of `shrink` pixels."""
        shape = (-(-window.height // shrink), -(-window.width // shrink))
        area = RasterioWindow(window.col, window.row, window.width, window.height)
        with rasterio.open(self.path, driver="GTiff") as dataset:
            dn = dataset.read(window=area, out_shape=(dataset.count, *shape), resampling=Resampling.nearest)
        reflectance, valid = self.encoding.decode(dn)
        reflectance[~valid] = np.nan
        return reflectance


class View:
    """A finished job, to look at.

    Attributes:
        lr: its input; of several revisits the reference.
        mean: of several revisits, or None.
        results: what its models made.
        uncertainty: of the first result, or None.
        config: of the first model.
        grid: of the input's pixels.
    """

    def __init__(self, folder: Path, configs: Sequence[SISRConfig]) -> None:
        self.config = configs[0]
        bands = self.config.bands
        with open_raster(folder / "lr.tif", bands) as raster:
            self.grid: Grid = raster.grid
            self.lr = Image(folder / "lr.tif", 1, raster.encoding)
        self.mean: Image | None = None
        if (folder / MEAN_FILE).exists():
            with open_raster(folder / MEAN_FILE, bands) as raster:
                self.mean = Image(folder / MEAN_FILE, 1, raster.encoding)
        self.results = []
        for index, config in enumerate(configs):
            path = folder / result_name(index)
            with open_raster(path, bands) as raster:
                self.results.append(Image(path, config.scale, raster.encoding))
        self.uncertainty: Image | None = None
        path = folder / result_name(0, uncertainty=True)
        if path.exists():
            with rasterio.open(path, driver="GTiff") as dataset:
                encoding = Encoding(dataset.dtypes[0], dataset.scales, dataset.offsets, dataset.nodata)
            self.uncertainty = Image(path, self.config.scale, encoding)

    @property
    def scale(self) -> int:
        """SR pixels per input pixel."""
        return self.config.scale

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, SR pixels."""
        return self.grid.height * self.scale, self.grid.width * self.scale

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Those that there are."""
        there = {OTHER: len(self.results) > 1, UNCERTAINTY: self.uncertainty is not None, MEAN: self.mean is not None}
        return tuple(name for name in NAMES if there.get(name, True))

    def read(self, layer: str, window: Window, shrink: int = 1) -> Block:
        """A layer in a window of SR pixels, at least; `shrink`, a power of two, of them to a pixel along either side.

        Raises:
            InputError: no such layer.
        """
        if layer not in self.layers:
            raise InputError(f"There is no layer {layer!r:.40}; expected one of {', '.join(self.layers)}.")
        unit = max(shrink, self.scale)
        height, width = self.shape
        top, left = window.row // unit * unit, window.col // unit * unit
        bottom = min(-(-(window.row + window.height) // unit) * unit, height)
        right = min(-(-(window.col + window.width) // unit) * unit, width)
        whole = Window(top, left, bottom - top, right - left)
        pixels = self._pixels(layer, whole, shrink)
        return Block(pixels, top, left, (whole.height / pixels.shape[1], whole.width / pixels.shape[2]))

    def _pixels(self, layer: str, whole: Window, shrink: int) -> FloatImage:
        near = shrink < self.scale  # nearer than that, the input's pixels are whole
        if layer in (SR, UNCERTAINTY):
            return self._of(self.uncertainty if layer == UNCERTAINTY else self.results[0], whole, shrink)
        if layer == MEAN and self.mean:
            return self._of(self.mean, whole, shrink)
        if layer == OTHER:
            return self._of(self.results[1], whole, shrink)
        if layer == INPUT or (layer == BICUBIC and not near):
            return self._of(self.lr, whole, shrink)
        if layer == BICUBIC:
            return _averaged(self._bicubic(whole), shrink)
        if layer == DIFFERENCE and near:
            return _averaged(_distance(self._of(self.results[0], whole, 1), self._bicubic(whole)), shrink)
        if layer == CONSISTENCY and near:
            return _distance(self._of(self.lr, whole, 1), self._seen_again(whole))
        return _distance(self._of(self.results[0], whole, shrink), self._of(self.lr, whole, shrink))

    def _of(self, image: Image | None, whole: Window, shrink: int) -> FloatImage:
        if image is None:
            raise InputError("This model says nothing of its uncertainty.")
        own = _on_grid(whole, self.scale, image.scale)
        return image.read(own, max(1, shrink * image.scale // self.scale))

    def _bicubic(self, whole: Window) -> FloatImage:
        """Of a window of whole LR pixels, at full size."""
        lr, missing = self._around(self.lr, _on_grid(whole, self.scale, 1), BICUBIC_REACH_LR_PX)
        enlarged = bicubic(torch.from_numpy(lr)[None], self.scale)[0].numpy()
        margin = BICUBIC_REACH_LR_PX * self.scale
        inner = np.ascontiguousarray(enlarged[:, margin:-margin, margin:-margin])
        inner[missing.repeat(self.scale, 1).repeat(self.scale, 2)] = np.nan
        return inner

    def _seen_again(self, whole: Window) -> FloatImage:
        """What the sensor would have seen of the result, in LR pixels."""
        sr, missing = self._around(self.results[0], whole, DEGRADE_REACH_LR_PX * self.scale)
        seen = degrade(torch.from_numpy(sr)[None], self.scale, wald_mtf(self.config.mtf_nyquist, self.scale))[0].numpy()
        inner = np.ascontiguousarray(
            seen[:, DEGRADE_REACH_LR_PX:-DEGRADE_REACH_LR_PX, DEGRADE_REACH_LR_PX:-DEGRADE_REACH_LR_PX]
        )
        inner[missing[:, :: self.scale, :: self.scale]] = np.nan
        return inner

    def _around(self, image: Image, window: Window, margin: int) -> tuple[FloatImage, np.ndarray[Any, Any]]:
        """A window and `margin` pixels around it without gaps, and what of the window itself holds no data."""
        height, width = self.grid.height * image.scale, self.grid.width * image.scale
        outer = window.grown(margin)
        inside = outer.clipped(height, width)
        pixels = image.read(inside)
        valid = np.isfinite(pixels)
        missing = ~valid[:, *window.relative_to(inside).slices]
        if not valid.all():
            pixels = fill_from_nearest(np.nan_to_num(pixels), valid, margin)
        return crop_replicated(pixels, outer.relative_to(inside)), missing

    def overview(self, layer: str) -> FloatImage:
        """All of a layer, small."""
        height, width = self.shape
        shrink = 1 << max(0, math.ceil(math.log2(max(height, width) / self.scale / _OVERVIEW_PX)))
        return self.read(layer, Window(0, 0, height, width), shrink * self.scale).pixels

    def _middle(self, layer: str) -> FloatImage:
        """The middle of a layer, at full size: what differences there are, means do not show."""
        height, width = self.shape
        side = min(height, width, _MIDDLE_PX)
        return self.read(layer, Window((height - side) // 2, (width - side) // 2, side, side)).pixels

    @lru_cache(maxsize=64)
    def stretch(self, bands: tuple[str, ...], cut: float, gamma: float) -> Stretch:
        """One for all images of this job, from its input; `cut` % at either end are black or white."""
        return Stretch.of(self.overview(INPUT)[self.indexes(bands)], cut, gamma)

    @lru_cache(maxsize=16)
    def top(self, layer: str, bands: tuple[str, ...]) -> float:
        """What the colours of a layer that is no image end with, reflectance: hardly any pixel is beyond it."""
        means = self._middle(layer)[self.indexes(bands)].mean(0)
        if not np.isfinite(means).any():
            return 0.01
        value = max(float(np.nanpercentile(means, 98)), 1e-4)
        digit = 10 ** math.floor(math.log10(value))
        return float(math.ceil(value / digit * 2) / 2 * digit)

    def indexes(self, bands: Sequence[str]) -> list[int]:
        """Of bands among the model's.

        Raises:
            InputError: one that it does not have.
        """
        unknown = [band for band in bands if band not in self.config.bands]
        if unknown:
            raise InputError(f"There is no band {unknown[0]!r:.20}; expected some of {', '.join(self.config.bands)}.")
        return [self.config.bands.index(band) for band in bands]


@lru_cache(maxsize=128)
def _view(folder: Path, configs: tuple[SISRConfig, ...]) -> View:
    return View(folder, configs)


def view_of(job: Job, configs: Sequence[SISRConfig]) -> View:
    """A finished job, to look at."""
    return _view(job.folder, tuple(configs))


def _on_grid(whole: Window, scale: int, own: int) -> Window:
    """A window of SR pixels, whole LR pixels, in pixels of which there are `own` to an LR pixel."""
    return Window(*(value * own // scale for value in (whole.row, whole.col, whole.height, whole.width)))


def _distance(one: FloatImage, other: FloatImage) -> FloatImage:
    distance: FloatImage = np.abs(one - other)
    return distance


def _averaged(image: FloatImage, shrink: int) -> FloatImage:
    """Means of `shrink` x `shrink` pixels; NaN where one of them is."""
    channels, height, width = image.shape
    means: FloatImage = image.reshape(channels, height // shrink, shrink, width // shrink, shrink).mean((2, 4))
    return means
