"""Real revisits: images of other dates, each with its own light, season, clouds and shift."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import rasterio
from scipy import ndimage

from benchmarks.series import Series
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.revisit import open_revisit
from rs_srgan.registration.align import align
from rs_srgan.registration.shift_field import LEAST_PIXELS
from rs_srgan.season import MOST_DAYS, days_apart
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import wald_mtf
from train.data.native import NativeImage, native_images, split_native
from train.data.sources import band_moments, data_root, naip_sites, read_chip, sentinel2_sites

_NOISE = 7e-4
_DATES = 3
# The reference and eight others.
_NATIVE_DATES = 9
# LR pixels that the blur of the sensor reaches beyond an LR pixel.
_REACH_LR_PX = 1


def naip_triples(scale: int, seed: int = 0) -> Iterator[Series]:
    """Yield places that training did not use, at three dates years apart, 1.2 m; the sensor model makes every LR.

    Args:
        scale: 2, 4 or 8.
        seed: seed of the noise.
    """
    moments = band_moments(sentinel2_sites(data_root(), "train"))
    for number, site in enumerate(naip_sites(data_root(), "val", moments, coarsen=False)):
        size = site.images[0].shape
        images = [np.ascontiguousarray(image) for image in site.images if image.shape == size]
        if len(images) >= _DATES:
            whole = [np.ones(size[1:], bool)] * _DATES
            yield _series(site.name, images[:_DATES], whole, scale, (seed, number))


def tile_33twl(scale: int, seed: int = 0) -> Iterator[Series]:
    """Yield series of five dates of a Sentinel-2 tile within ten days, 120 m; each clear date is the reference once.

    Clouds are masked by the scene classification. The dates are shifted by a thirtieth of an LR pixel at most, so the
    other dates add hardly any information.

    Args:
        scale: 2, 4 or 8.
        seed: seed of the noise.
    """
    folder = data_root() / "timeseries"
    images, masks, days = [], [], []
    for path in sorted(folder.glob("33TWL_*_rgbn.tif")):
        image, clear = _read(path)
        height, width = (side // scale * scale for side in clear.shape)
        images.append(image[:, :height, :width])
        masks.append(clear[:height, :width])
        days.append(datetime.strptime(path.stem.split("_")[1], "%Y%m%d").date())
    for index, day in enumerate(days):
        if masks[index].mean() > 0.5:
            order = [index, *(at for at in range(len(days)) if at != index)]
            stack = [images[at] for at in order], [masks[at] for at in order]
            yield _series(f"33TWL {day}", *stack, scale, (seed, index))


def native_series(
    place: str, scale: int, seed: int = 0, max_days: float = MOST_DAYS, held_out: bool = True
) -> Iterator[Series]:
    """Yield series of Sentinel-2's own pixels, 10 m; the sensor model makes LR of every date.

    Each date that training did not use as HR is the reference once, with up to eight dates around it: both dates of
    innviertel, and the last third of the dates of wcC. If LR is too small for registration, the shifts are those of the
    10 m images.

    Args:
        place: name of a place in the manifests.
        scale: 2, 4 or 8.
        seed: seed of the noise.
        max_days: largest distance from the reference in the season, days.
        held_out: False to take all dates as the reference, those of training, too.
    """
    images = native_images(data_root())
    references = [
        image
        for image in (split_native(images)["val"] if held_out else images)
        if image.place == place and set(RGBN) <= set(image.bands)
    ]
    for number, reference in enumerate(references):
        others = [
            image
            for image in images
            if image.place == reference.place
            and image.bands == reference.bands
            and days_apart(_date(image), _date(reference)) <= max_days
        ]
        if len(others) > 1:
            others.sort(key=lambda image: abs(_date(image) - _date(reference)))
            stack = [read_chip(image.path, RGBN).image for image in others[:_NATIVE_DATES]]
            height, width = (side // scale * scale for side in stack[0].shape[1:])
            stack = [np.ascontiguousarray(image[:, :height, :width]) for image in stack]
            whole = [np.ones((height, width), bool)] * len(stack)
            name = f"{reference.place} {reference.path.stem.removeprefix('ts_')}"
            small = height * width // scale**2 < LEAST_PIXELS
            fields = [field.coarsened(scale) for field in align(stack).fields] if small else None
            yield replace(_series(name, stack, whole, scale, (seed, number)), fields=fields)


def _date(image: NativeImage) -> date:
    """Return the day of an image; the first of all days where the manifest does not know it."""
    try:
        return date.fromisoformat(image.date)
    except ValueError:
        return date.min


def _read(path: Path) -> tuple[FloatImage, Mask]:
    mask = path.with_name(path.name.replace("_rgbn", "_scl"))
    with open_revisit(path, RGBN, mask=mask) as revisit:
        grid = revisit.raster.grid
        whole = Window(0, 0, grid.height, grid.width)
        image, valid = revisit.raster.read(whole)
        return image, valid.all(0) & revisit.usable(whole)


def _series(name: str, images: list[FloatImage], clear: list[Mask], scale: int, seed: tuple[int, ...]) -> Series:
    """Make a series from images of one place, the first of which is HR."""
    random = np.random.default_rng(seed)
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(RGBN), scale)
    views, masks = [], []
    for image, counts in zip(images, clear, strict=True):
        view = simulate(image, scale, mtf)
        view = view + _NOISE * np.sqrt(view.clip(0.01) / 0.1) * random.standard_normal(view.shape)
        views.append(view.astype(np.float32))
        masks.append(_all_clear(counts, scale))
    return Series(name, images[0], views, masks, None, clear[0])


def _all_clear(clear: Mask, scale: int) -> Mask:
    """Find the LR pixels whose blur reaches clear pixels only."""
    blocks = clear.reshape(clear.shape[0] // scale, scale, -1, scale).all((1, 3))
    eroded: Mask = ndimage.binary_erosion(blocks, np.ones((3, 3)), _REACH_LR_PX, border_value=1)
    return eroded


def write_picture(folder: Path, series: Series, results: dict[str, FloatImage]) -> Path:
    """Write a PNG with HR and the results of all methods side by side, true colours, all with the same stretch.

    Args:
        folder: the folder to write to.
        series: the series.
        results: the results by method, reflectance, (C, H, W).

    Returns:
        path of the picture.
    """
    shown = [series.hr, *results.values()]
    low, high = np.quantile(series.hr[:3], (0.005, 0.995), axis=(1, 2))[..., None, None]
    pictures = [np.clip((image[:3] - low) / (high - low), 0, 1) ** (1 / 1.4) for image in shown]
    strip = np.concatenate(pictures, axis=2)
    path = folder / f"{series.site.replace('/', '_').replace(' ', '_')}.png"
    pixels = (strip * 255).round().astype(np.uint8)
    with rasterio.open(
        path, "w", driver="PNG", count=3, height=strip.shape[1], width=strip.shape[2], dtype="uint8"
    ) as out:
        out.write(pixels)
    return path
