"""The images of an evaluation: their pixels, window by window."""

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.protocol import BORDER_HR_PX, inner
from rs_srgan.evaluation.sources import Source
from rs_srgan.figures.metrics import Protocol
from rs_srgan.models import SISRConfig
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import find_sensor
from rs_srgan.sensors.mtf import wald_mtf

# Side, HR (or SR) pixels. Larger images are cut into equal windows of at most this side; WINDOWS_PER_IMAGE of them are
# evaluated.
WINDOW_PX = 1280
WINDOWS_PER_IMAGE = 4
# Least side, HR (or SR) pixels, of the part of an image inside its border. Figures of smaller images mean little.
LEAST_INNER_PX = 32
# Least share of the pixels that hold data. Figures of other images are mainly about their holes.
LEAST_VALID = 0.5


@dataclass(frozen=True)
class Case:
    """An image, or a window of one, in memory: reflectance, NaN where there is no data.

    Attributes:
        name: name of the image, followed by its window if it has several.
        site: name of the place that the image shows.
        lr: the input of the model, (C, h, w).
        hr: the reference, (C, h * scale, w * scale); None without a reference.
        guide: guide bands, (G, h * scale, w * scale); None for models without a guide.
        mtf_nyquist: MTF of the blur between HR and LR, one value per band, in (0, 1).
        valid: share of the counted pixels that hold data in all bands, 0 to 1.
    """

    name: str
    site: str
    lr: FloatImage
    hr: FloatImage | None
    guide: FloatImage | None
    mtf_nyquist: tuple[float, ...]
    valid: float


@dataclass(frozen=True)
class Skipped:
    """An image that was left out.

    Attributes:
        name: name of the image.
        reason: the reason, for people.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class OpenImage:
    """An image whose windows can be read.

    Attributes:
        height: height, LR pixels.
        width: width, LR pixels.
        mtf_nyquist: MTF of the blur between HR and LR, one value per band, in (0, 1).
        read: function that reads LR, HR and guide in a window of LR pixels: reflectance, NaN where there is no data;
            None for HR without a reference, and for the guide of models without one.
    """

    height: int
    width: int
    mtf_nyquist: tuple[float, ...]
    read: Callable[[Window], tuple[FloatImage, FloatImage | None, FloatImage | None]]


@contextmanager
def open_image(
    source: Source, protocol: Protocol, config: SISRConfig, stated: Stated = Stated()
) -> Iterator[OpenImage]:
    """Open an image for a model.

    Args:
        source: the image.
        protocol: how LR and HR are made.
        config: configuration of the model.
        stated: what the user states about the image. It holds for both images of a pair, but for the offset, which is
            that of LR.

    Raises:
        InputError: the file is not a raster with the model's bands, or the sizes do not fit the scale.
    """
    bands, sensor = config.bands, find_sensor(config.sensor)
    with ExitStack() as files:

        def opened(path: Path, names: tuple[str, ...], stated: Stated = stated) -> Raster:
            return files.enter_context(open_raster(path, names, stated, sensor))

        if protocol == "pairs" and source.lr:
            if config.guide_bands:
                raise InputError(f"The model needs {', '.join(config.guide_bands)} as well, which pairs do not have.")
            hr = opened(source.path, bands, dataclasses.replace(stated, offset=None))
            yield _pair(source, opened(source.lr, bands), hr, config)
            return
        raster = opened(source.path, bands)
        guide = opened(source.path, config.guide_bands) if config.guide_bands else None
        yield (_simulated if protocol == "simulated" else _real)(source, raster, guide, config)


def _pair(source: Source, lr: Raster, hr: Raster, config: SISRConfig) -> OpenImage:
    height, width, scale = lr.grid.height, lr.grid.width, config.scale
    if (hr.grid.height, hr.grid.width) != (height * scale, width * scale):
        raise InputError(
            f"The pair {source.name} does not fit: LR has {width} x {height} pixels, HR {hr.grid.width} x "
            f"{hr.grid.height}; the model is x{scale}, so expected {width * scale} x {height * scale}."
        )
    return OpenImage(
        height, width, _missing_blur(config), lambda part: (_read(lr, part), _read(hr, part.scaled(scale)), None)
    )


def _simulated(source: Source, hr: Raster, guide: Raster | None, config: SISRConfig) -> OpenImage:
    """Open an image from which LR is simulated; so is the guide, if the file has it `scale` times finer than HR."""
    scale = config.scale
    mtf = _missing_blur(config)
    step = _guide_step(source, hr, guide, (1, scale), config)
    guide_mtf = find_sensor(config.sensor).mtf_nyquist(config.guide_bands)

    def read(part: Window) -> tuple[FloatImage, FloatImage | None, FloatImage | None]:
        sharp, fine = _read(hr, part.scaled(scale)), None
        if guide is not None:
            fine = _read(guide, part.scaled(scale * step))
            if step > 1:
                fine = simulate(fine, step, wald_mtf(guide_mtf, step))
        return simulate(sharp, scale, mtf), sharp, fine

    return OpenImage(hr.grid.height // scale, hr.grid.width // scale, mtf, read)


def _real(source: Source, lr: Raster, guide: Raster | None, config: SISRConfig) -> OpenImage:
    step = _guide_step(source, lr, guide, (config.scale,), config)

    def read(part: Window) -> tuple[FloatImage, FloatImage | None, FloatImage | None]:
        return _read(lr, part), None, None if guide is None else _read(guide, part.scaled(step))

    return OpenImage(lr.grid.height, lr.grid.width, _missing_blur(config), read)


def _missing_blur(config: SISRConfig) -> tuple[float, ...]:
    """Compute the MTF of the blur between LR and HR, one value per band.

    HR is as sharp as the sensor would see the ground with HR's pixels: models make such images.
    """
    return wald_mtf(config.mtf_nyquist, config.scale)


def _guide_step(source: Source, raster: Raster, guide: Raster | None, steps: Sequence[int], config: SISRConfig) -> int:
    """Compute how many pixels of the guide lie along one pixel of the raster; the result is one of `steps`."""
    if guide is None:
        return steps[0]
    for step in steps:
        if (guide.grid.height, guide.grid.width) == (raster.grid.height * step, raster.grid.width * step):
            return step
    raise InputError(
        f"{source.name} has {', '.join(config.guide_bands)} with {guide.grid.width} x {guide.grid.height} pixels "
        f"beside {', '.join(config.bands)} with {raster.grid.width} x {raster.grid.height}; expected "
        f"{' or '.join(map(str, steps))} times as many along each axis. Give a Sentinel-2 product."
    )


def _read(raster: Raster, window: Window) -> FloatImage:
    image, valid = raster.read(window)
    image[~valid] = np.nan
    return image


def choose_windows(image: OpenImage, name: str, scale: int, seed: int) -> list[Window] | Skipped:
    """Choose the windows of an image to evaluate: the whole of it, or random windows of a large image.

    Every window is read once, so that a truncated file is found before anything is computed.

    Args:
        image: the image.
        name: its name.
        scale: scale of the model: 2, 4 or 8.
        seed: seed of the random choice.

    Returns:
        at most WINDOWS_PER_IMAGE windows, LR pixels, in which enough pixels hold data; or the reason to leave the image
        out.

    Raises:
        InputError: the file is truncated or corrupt.
    """
    fine = min(image.height, image.width) * scale
    least = 2 * BORDER_HR_PX + LEAST_INNER_PX
    if fine < least:
        size = f"{image.width * scale} x {image.height * scale}"
        return Skipped(name, f"{size} pixels at the fine pixel size; expected at least {least} along each side")
    grid = _equal_windows(image.height, image.width, WINDOW_PX // scale)
    random.Random(f"{seed} {name}").shuffle(grid)
    chosen: list[Window] = []
    best = 0.0
    for window in grid:
        lr, hr, _ = image.read(window)
        share = valid_share(lr, hr, scale)
        best = max(best, share)
        if share >= LEAST_VALID:
            chosen.append(window)
        if len(chosen) == WINDOWS_PER_IMAGE:
            break
    if not chosen:
        return Skipped(name, f"{best:.0%} of its pixels hold data; expected at least {LEAST_VALID:.0%}")
    return sorted(chosen, key=lambda window: (window.row, window.col))


def read_case(image: OpenImage, source: Source, window: Window, scale: int) -> Case:
    """Read one window of an image.

    Args:
        image: the open image.
        source: the same image on disk.
        window: the window, LR pixels.
        scale: scale of the model: 2, 4 or 8.
    """
    lr, hr, guide = image.read(window)
    whole = (window.height, window.width) == (image.height, image.width)
    name = source.name if whole else f"{source.name} [{window.row}, {window.col}]"
    return Case(name, source.site, lr, hr, guide, image.mtf_nyquist, valid_share(lr, hr, scale))


def valid_share(lr: FloatImage, hr: FloatImage | None, scale: int) -> float:
    """Compute the share, 0 to 1, of the counted pixels that hold data in all bands of LR and of HR.

    Args:
        lr: LR, reflectance, (C, h, w); NaN where there is no data.
        hr: HR, reflectance, (C, h * scale, w * scale); None without a reference.
        scale: scale of the model: 2, 4 or 8.
    """
    fine = lr.repeat(scale, axis=1).repeat(scale, axis=2)
    return float(known(inner(fine if hr is None else fine + hr)).mean())


def _equal_windows(height: int, width: int, side: int) -> list[Window]:
    rows, cols = (np.linspace(0, length, -(-length // side) + 1).astype(int).tolist() for length in (height, width))
    return [
        Window(top, left, bottom - top, right - left)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(cols)
    ]
