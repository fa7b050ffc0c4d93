"""The revisits of a job beside its result: a small picture and the facts of each, and their mean."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from PIL import Image as Pillow

from app.jobs.files import MEAN_FILE, VIEWS_FILE, thumbnail_name
from app.jobs.inputs import write_reflectance
from app.jobs.request import Request
from app.jobs.stretch import stretch_of
from rs_srgan import MISR, InputError
from rs_srgan.inference.series import Series, open_series
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.inspection import Inspection
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.revisit import NO_MASK
from rs_srgan.sensors import find_sensor

_THUMBNAIL_PX = 240


class ShiftFacts(TypedDict):
    """A shift in JSON, see `Shift`."""

    rows: float
    cols: float
    confidence: float


class ViewFacts(TypedDict):
    """The facts of a view in JSON: those of `ViewSummary`, and its mask."""

    name: str
    taken: str
    clear: float
    shift: ShiftFacts
    weight: float
    role: str
    source: int
    mask: str


def write_views(request: Request, model: MISR, folder: Path) -> Request:
    """Register the views of a request; write facts, small pictures and the mean into `folder`.

    Returns:
        the request with the reference as its first image.

    Raises:
        InputError: a view cannot be used.
    """
    sources = request.sources
    masks = request.mask_files
    sensor = find_sensor(model.config.sensor)
    with open_series(
        sources,
        model,
        masks=masks,
        reference=request.reference,
        stated=request.stated,
        bbox=request.bbox,
        aoi=request.aoi,
        sensor=sensor,
    ) as series:
        facts = []
        stretch = None
        for number, (summary, raster) in enumerate(zip(series.summaries, series.rasters, strict=True)):
            small = _small(raster, model.config.bands, sensor.default_bands[:3])
            stretch = stretch or stretch_of(small, 0.5, 1.4)
            picture = stretch.apply(np.nan_to_num(small))
            picture = picture if picture.shape[2] == 3 else picture.repeat(3, axis=2)
            Pillow.fromarray(picture).save(folder / thumbnail_name(number))
            own = {"name": sources[summary.source].name}
            own["mask"] = Path(masks[summary.source]).name if masks else NO_MASK
            facts.append(dataclasses.asdict(summary) | own)
        bands = model.config.bands
        write_reflectance(series.lr, series.region, bands, folder / MEAN_FILE, lambda window: _mean(series, window))
        order = [summary.source for summary in series.summaries]
    first, *others = (sources[index] for index in order)
    (folder / VIEWS_FILE).write_text(json.dumps(facts), encoding="utf-8")
    ordered = tuple(request.masks[index] for index in order) if masks else ()
    return dataclasses.replace(request, source=first, others=tuple(others), masks=ordered, reference=0)


def read_views(folder: Path) -> list[ViewFacts]:
    """Return what `write_views` wrote about the views, the reference first; an empty list for a job of one image."""
    path = folder / VIEWS_FILE
    return cast("list[ViewFacts]", json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def count_used(views: Sequence[ViewFacts]) -> int:
    """Return how many of some views are in the result."""
    return sum(view["role"] in ("reference", "used") for view in views)


def title_of(views: Sequence[ViewFacts]) -> str:
    """Return a title for the result of some views: the reference, and how many of them are in it."""
    return f"{views[0]['name']}, {count_used(views)} of {len(views)} images used"


def in_shown_order(folder: Path, images: Sequence[Inspection]) -> list[Inspection]:
    """Return what was read of the images of a job in the order of its result, the image in the viewer first.

    Args:
        folder: folder of the job's files.
        images: what was read of the images, in the order of the request.
    """
    views = read_views(folder)
    return [images[view["source"]] for view in views] or list(images)


def thumbnail(folder: Path, number: int) -> Path:
    """Return the path of the small picture of a view.

    Raises:
        InputError: there is no such view.
    """
    path = folder / thumbnail_name(number)
    if not path.exists():
        raise InputError(f"There is no view {number}.")
    return path


def _small(raster: Raster, bands: tuple[str, ...], colours: tuple[str, ...]) -> FloatImage:
    """Return every n-th pixel of the middle of an image, in true colour or its first band; NoData is NaN."""
    grid = raster.grid
    side = min(grid.height, grid.width, 4 * _THUMBNAIL_PX)
    window = Window((grid.height - side) // 2, (grid.width - side) // 2, side, side)
    pixels, valid = raster.read(window)
    pixels[~valid] = np.nan
    step = -(-side // _THUMBNAIL_PX)
    shown = [bands.index(band) for band in colours] if set(colours) <= set(bands) else [0]
    small: FloatImage = pixels[shown, ::step, ::step]
    return small


def _mean(series: Series, window: Window) -> tuple[FloatImage, Mask]:
    """Return the mean reflectance of the clear views in a window, and where the reference has data.

    The views are registered to the nearest pixel.
    """
    (views, mask, _), measured = series.read(window, 0)
    mean: FloatImage = (views * mask[:, None]).sum(0) / mask.sum(0)  # the reference is never masked
    return mean, measured
