"""The layers of a finished job: its input, its results and comparisons of them, in any window at any resolution.

Windows are in pixels of the first result ("SR pixels"), which has the same upper left corner as the input. At low
resolution the overviews in the files are read, so that a picture of the whole result costs as much as one of a corner.
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

from app.jobs.files import LR_FILE, MEAN_FILE, result_name
from app.jobs.queue import Job
from app.jobs.stretch import stretch_of
from rs_srgan import InputError, SISRConfig
from rs_srgan.maps.block import Block
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Stretch
from rs_srgan.pixels.windows import Window, crop_replicated
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import find_sensor
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, degrade, wald_mtf
from rs_srgan.sensors.projection import BICUBIC_REACH_LR_PX, bicubic

INPUT, MEAN, BICUBIC, SR, OTHER = "input", "mean", "bicubic", "sr", "other"
UNCERTAINTY, DIFFERENCE, CONSISTENCY = "uncertainty", "difference", "consistency"
NAMES = {
    INPUT: "Input pixels",
    MEAN: "Mean of all views",
    BICUBIC: "Bicubic",
    SR: "Super-resolved",
    OTHER: "Other model",
    UNCERTAINTY: "Uncertainty",
    DIFFERENCE: "|SR - bicubic|",
    CONSISTENCY: "|input - degraded SR|",
}
IMAGES = (INPUT, MEAN, BICUBIC, SR, OTHER)

# Statistics of an image come from its overview with about this many pixels along each side.
_OVERVIEW_PX = 512
# The end of a colour scale comes from the middle of the image, SR pixels along each side.
_MIDDLE_PX = 1024


@dataclass(frozen=True)
class Image:
    """A file of a job.

    Attributes:
        path: path of a Cloud Optimized GeoTIFF.
        scale: pixels per input pixel along each side.
        encoding: how its numbers become reflectance.
    """

    path: Path
    scale: int
    encoding: Encoding

    def read(self, window: Window, shrink: int = 1) -> FloatImage:
        """Return reflectance (C, h, w) in a window of the file's pixels; NoData is NaN.

        `shrink` pixels along each side become one, from an overview of the file.
        """
        shape = (-(-window.height // shrink), -(-window.width // shrink))
        area = RasterioWindow(window.col, window.row, window.width, window.height)
        with rasterio.open(self.path, driver="GTiff") as dataset:
            dn = dataset.read(window=area, out_shape=(dataset.count, *shape), resampling=Resampling.nearest)
        reflectance, valid = self.encoding.decode(dn)
        reflectance[~valid] = np.nan
        return reflectance


class View:
    """The layers of a finished job.

    Args:
        folder: folder of the job.
        configs: configurations of its models.

    Attributes:
        lr: the input; with several revisits, the reference.
        mean: mean of several revisits, or None.
        results: results of the models.
        uncertainty: uncertainty of the first result, or None.
        config: configuration of the first model.
        grid: grid of the input pixels.
    """

    def __init__(self, folder: Path, configs: Sequence[SISRConfig]) -> None:
        self.config = configs[0]
        bands, sensor = self.config.bands, find_sensor(self.config.sensor)
        with open_raster(folder / LR_FILE, bands, sensor=sensor) as raster:
            self.grid: Grid = raster.grid
            self.lr = Image(folder / LR_FILE, 1, raster.encoding)
        self.mean: Image | None = None
        if (folder / MEAN_FILE).exists():
            with open_raster(folder / MEAN_FILE, bands, sensor=sensor) as raster:
                self.mean = Image(folder / MEAN_FILE, 1, raster.encoding)
        self.results = []
        for index, config in enumerate(configs):
            path = folder / result_name(index)
            with open_raster(path, bands, sensor=sensor) as raster:
                self.results.append(Image(path, config.scale, raster.encoding))
        self.uncertainty: Image | None = None
        path = folder / result_name(0, uncertainty=True)
        if path.exists():
            with rasterio.open(path, driver="GTiff") as dataset:
                encoding = Encoding(dataset.dtypes[0], dataset.scales, dataset.offsets, dataset.nodata)
            self.uncertainty = Image(path, self.config.scale, encoding)

    @property
    def scale(self) -> int:
        """SR pixels per input pixel along each side."""
        return self.config.scale

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, SR pixels."""
        return self.grid.height * self.scale, self.grid.width * self.scale

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers that this job has."""
        there = {OTHER: len(self.results) > 1, UNCERTAINTY: self.uncertainty is not None, MEAN: self.mean is not None}
        return tuple(name for name in NAMES if there.get(name, True))

    def read(self, layer: str, window: Window, shrink: int = 1) -> Block:
        """Return a layer in a window, or in a slightly larger one.

        Args:
            layer: one of `layers`.
            window: the window, SR pixels.
            shrink: SR pixels along each side that become one pixel, a power of two.

        Raises:
            InputError: there is no such layer.
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
        near = shrink < self.scale  # pixels finer than those of the input
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
            return _distance(self._of(self.lr, whole, 1), self._degraded(whole))
        return _distance(self._of(self.results[0], whole, shrink), self._of(self.lr, whole, shrink))

    def _of(self, image: Image | None, whole: Window, shrink: int) -> FloatImage:
        if image is None:
            raise InputError("This model has no uncertainty.")
        own = _on_grid(whole, self.scale, image.scale)
        return image.read(own, max(1, shrink * image.scale // self.scale))

    def _bicubic(self, whole: Window) -> FloatImage:
        """Return the bicubic image of a window of whole LR pixels, in SR pixels."""
        lr, missing = self._around(self.lr, _on_grid(whole, self.scale, 1), BICUBIC_REACH_LR_PX)
        enlarged = bicubic(torch.from_numpy(lr)[None], self.scale)[0].numpy()
        margin = BICUBIC_REACH_LR_PX * self.scale
        inner = np.ascontiguousarray(enlarged[:, margin:-margin, margin:-margin])
        inner[missing.repeat(self.scale, 1).repeat(self.scale, 2)] = np.nan
        return inner

    def _degraded(self, whole: Window) -> FloatImage:
        """Return the result as the sensor would have seen it, in LR pixels."""
        sr, missing = self._around(self.results[0], whole, DEGRADE_REACH_LR_PX * self.scale)
        seen = degrade(torch.from_numpy(sr)[None], self.scale, wald_mtf(self.config.mtf_nyquist, self.scale))[0].numpy()
        inner = np.ascontiguousarray(
            seen[:, DEGRADE_REACH_LR_PX:-DEGRADE_REACH_LR_PX, DEGRADE_REACH_LR_PX:-DEGRADE_REACH_LR_PX]
        )
        inner[missing[:, :: self.scale, :: self.scale]] = np.nan
        return inner

    def _around(self, image: Image, window: Window, margin: int) -> tuple[FloatImage, np.ndarray[Any, Any]]:
        """Return a window and `margin` pixels around it with NoData filled, and where the window has NoData."""
        height, width = self.grid.height * image.scale, self.grid.width * image.scale
        outer = window.grown(margin)
        inside = outer.clipped(height, width)
        pixels = image.read(inside)
        valid = np.isfinite(pixels)
        missing = ~valid[:, *window.relative_to(inside).slices]
        if not valid.all():
            pixels = fill_from_nearest(np.nan_to_num(pixels), valid, margin)
        return crop_replicated(pixels, outer.relative_to(inside)), missing

    @cached_property
    def has_data(self) -> bool:
        """True if the first result holds data anywhere: overviews average the pixels that do."""
        return bool(np.isfinite(self.overview(SR)).any())

    def overview(self, layer: str) -> FloatImage:
        """Return a whole layer at low resolution, about 512 pixels along its longer side."""
        height, width = self.shape
        shrink = 1 << max(0, math.ceil(math.log2(max(height, width) / self.scale / _OVERVIEW_PX)))
        return self.read(layer, Window(0, 0, height, width), shrink * self.scale).pixels

    def middle(self, layer: str) -> FloatImage:
        """Return the middle of a layer at full resolution: averages would hide differences."""
        height, width = self.shape
        side = min(height, width, _MIDDLE_PX)
        return self.read(layer, Window((height - side) // 2, (width - side) // 2, side, side)).pixels

    def stretch(self, bands: tuple[str, ...], cut: float, gamma: float) -> Stretch:
        """Return the stretch of all images of this job, from the input; `cut` is in per cent, see `Style`."""
        return _stretch(self, bands, cut, gamma)

    def top(self, layer: str, bands: tuple[str, ...]) -> float:
        """Return the upper end of the colour scale of a layer, reflectance; about 2 % of the pixels are above it."""
        return _top(self, layer, bands)

    def indexes(self, bands: Sequence[str]) -> list[int]:
        """Return the indexes of some bands among those of the model.

        Raises:
            InputError: the model does not have one of them.
        """
        unknown = [band for band in bands if band not in self.config.bands]
        if unknown:
            raise InputError(f"There is no band {unknown[0]!r:.20}; expected some of {', '.join(self.config.bands)}.")
        return [self.config.bands.index(band) for band in bands]


@lru_cache(maxsize=512)
def _stretch(view: View, bands: tuple[str, ...], cut: float, gamma: float) -> Stretch:
    return stretch_of(view.overview(INPUT)[view.indexes(bands)], cut, gamma)


@lru_cache(maxsize=512)
def _top(view: View, layer: str, bands: tuple[str, ...]) -> float:
    means = view.middle(layer)[view.indexes(bands)].mean(0)
    if not np.isfinite(means).any():
        return 0.01
    value = max(float(np.nanpercentile(means, 98)), 1e-4)
    digit = 10 ** math.floor(math.log10(value))
    return float(math.ceil(value / digit * 2) / 2 * digit)


@lru_cache(maxsize=128)
def _view(folder: Path, configs: tuple[SISRConfig, ...]) -> View:
    return View(folder, configs)


def view_of(job: Job, configs: Sequence[SISRConfig]) -> View:
    """Return the layers of a finished job; `configs` are those of its models."""
    return _view(job.folder, tuple(configs))


def _on_grid(whole: Window, scale: int, own: int) -> Window:
    """Return a window of SR pixels in pixels of another size: an LR pixel has `own` of them along each side."""
    return Window(*(value * own // scale for value in (whole.row, whole.col, whole.height, whole.width)))


def _distance(one: FloatImage, other: FloatImage) -> FloatImage:
    distance: FloatImage = np.abs(one - other)
    return distance


def _averaged(image: FloatImage, shrink: int) -> FloatImage:
    """Return means of `shrink` x `shrink` pixels, NaN where one of them is NaN."""
    channels, height, width = image.shape
    means: FloatImage = image.reshape(channels, height // shrink, shrink, width // shrink, shrink).mean((2, 4))
    return means
