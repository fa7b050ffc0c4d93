"""The revisits of a job, beside its result: a small picture of each, what became of it, and their plain mean."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from app.jobs.inputs import write_reflectance
from app.jobs.request import Request
from rs_srgan import MISR, InputError
from rs_srgan.inference.series import Series, open_series
from rs_srgan.pixels.radiometry import FloatImage, Mask, Stretch
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.revisit import NO_MASK

VIEWS_FILE = "views.json"
MEAN_FILE = "mean.tif"
_THUMBNAIL_PX = 240
_COLOURS = ("B04", "B03", "B02")


def thumbnail_name(number: int) -> str:
    """Of the small picture of a view."""
    return f"view{number}.png"


def write_views(request: Request, model: MISR, folder: Path) -> Request:
    """Register the views of a request, write what is known of them into `folder`; the request, the reference first.

    Raises:
        InputError: a view cannot be used.
    """
    sources = request.sources
    masks = request.mask_files
    with open_series(sources, model, masks=masks, offset=request.offset, bbox=request.bbox, aoi=request.aoi) as series:
        told = []
        stretch = None
        for number, (summary, raster) in enumerate(zip(series.summaries, series.rasters, strict=True)):
            small = _small(raster, model.config.bands)
            stretch = stretch or Stretch.of(small, 0.5, 1.4)
            picture = stretch.apply(np.nan_to_num(small))
            picture = picture if picture.shape[2] == 3 else picture.repeat(3, axis=2)
            Pillow.fromarray(picture).save(folder / thumbnail_name(number))
            facts = {"name": sources[summary.source].name, "scaling": str(raster.encoding)}
            facts["mask"] = Path(masks[summary.source]).name if masks else NO_MASK
            told.append(dataclasses.asdict(summary) | facts)
        grid, bands = series.lr.grid, model.config.bands
        write_reflectance(grid, series.region, bands, folder / MEAN_FILE, lambda window: _mean(series, window))
        order = [summary.source for summary in series.summaries]
    first, *others = (sources[index] for index in order)
    (folder / VIEWS_FILE).write_text(json.dumps(told), encoding="utf-8")
    ordered = tuple(request.masks[index] for index in order) if masks else ()
    return dataclasses.replace(request, source=first, others=tuple(others), masks=ordered)


def read_views(folder: Path) -> list[dict[str, Any]]:
    """What `write_views` told of the views, the reference first; none of a job of one image."""
    path = folder / VIEWS_FILE
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


def read_as(folder: Path, scaling: str) -> str:
    """How the numbers of the image that a result shows were read: of revisits the reference's, else `scaling`."""
    views = read_views(folder)
    return str(views[0]["scaling"]) if views else scaling


def thumbnail(folder: Path, number: int) -> Path:
    """The small picture of a view.

    Raises:
        InputError: there is no such view.
    """
    path = folder / thumbnail_name(number)
    if not path.exists():
        raise InputError(f"There is no view {number}.")
    return path


def _small(raster: Raster, bands: tuple[str, ...]) -> FloatImage:
    """The middle of an image, thinned out, in true colours or its first band, NaN without data."""
    grid = raster.grid
    side = min(grid.height, grid.width, 4 * _THUMBNAIL_PX)
    window = Window((grid.height - side) // 2, (grid.width - side) // 2, side, side)
    pixels, valid = raster.read(window)
    pixels[~valid] = np.nan
    step = -(-side // _THUMBNAIL_PX)
    shown = [bands.index(band) for band in _COLOURS] if set(_COLOURS) <= set(bands) else [0]
    small: FloatImage = pixels[shown, ::step, ::step]
    return small


def _mean(series: Series, window: Window) -> tuple[FloatImage, Mask]:
    """Of what counts in a window, registered to the nearest pixel: reflectance, and where the reference has data."""
    (views, mask, _), measured = series.read(window, 0)
    mean: FloatImage = (views * mask[:, None]).sum(0) / mask.sum(0)  # the reference counts everywhere
    return mean, measured
