"""The state of a job and the description of its result, as the browser reads them in JSON."""

from typing import NotRequired, TypedDict

import numpy as np
import rasterio

from app.errors import for_people
from app.jobs.files import LR_FILE, result_name
from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.jobs.recipe import command, notebook, snippet
from app.jobs.sample import is_sample
from app.jobs.views import ViewFacts, count_used, in_shown_order, read_views
from app.viewer.colours import composites
from app.viewer.layers import BICUBIC, INPUT, MEAN, NAMES, OTHER, SR, UNCERTAINTY, View
from app.viewer.reading import Reading, describe_reading
from app.viewer.sampling import warning_of
from app.viewer.tiles import BEYOND, PIXEL_ZOOM, earth_zooms, sample, to_lon_lat
from rs_srgan import InputError
from rs_srgan.maps.web_tiles import Places, has_place, lon_lat_bounds
from rs_srgan.reading.rights import read_rights
from rs_srgan.sensors import find_sensor

# The warning about a result without data.
EMPTY = (
    "No pixel of the image, or of the part that you chose, holds data, so the result is empty. If the pixels of an "
    "upload are data: --nodata none."
)
_PIXEL_LAYERS = (INPUT, MEAN, BICUBIC, SR, OTHER, UNCERTAINTY)


class Progress(TypedDict):
    """The progress of a job: LR pixels, and LR pixels per second."""

    done_px: int
    total_px: int
    px_per_s: float


class Layer(TypedDict):
    """A layer that the viewer can show."""

    id: str
    name: str


class BandFacts(TypedDict):
    """A band of the result; the wavelength is None if the band is unknown."""

    name: str
    wavelength_nm: float | None


class Earth(TypedDict):
    """The place of a result on a web map: west, south, east, north in degrees, and two zooms, see `earth_zooms`."""

    bounds: tuple[float, float, float, float]
    zoom: int
    one_to_one: float


# A file to download: its name on the server, its name for the visitor, its contents, and its size. "as" is a keyword.
OfferedFile = TypedDict("OfferedFile", {"file": str, "as": str, "what": str, "bytes": int})


class ViewState(TypedDict):
    """What the viewer needs to show a result."""

    height: int
    width: int
    scale: int
    pixel_zoom: int
    gsd_m: float | None
    read: list[Reading]
    warning: str | None
    credit: str
    quantity: str
    composites: list[str]
    layers: list[Layer]
    bands: list[BandFacts]
    coverage: float | None
    earth: Earth | None
    files: list[OfferedFile]
    views: list[ViewFacts]
    address: str
    sample: bool
    command: str
    snippet: str
    notebook: NotRequired[str]


class JobState(TypedDict):
    """The state of a job. `step` and `seconds` are there after the first tile, `view` once the job is done.

    `stem` is the beginning of the names of its files. Times are estimates in seconds: until the job begins, and then
    until its end.
    """

    id: str
    title: str
    stem: str
    state: str
    message: str
    ahead: int
    seconds_waiting: float
    seconds_left: float
    models: tuple[str, ...]
    kept: bool
    keep_minutes: int
    step: NotRequired[Progress]
    seconds: NotRequired[float]
    view: NotRequired[ViewState]


class PixelValues(TypedDict):
    """The values of one SR pixel: reflectance for each layer and band, DN in the GeoTIFF, None for NoData."""

    row: int
    col: int
    layers: dict[str, list[float | None]]
    dn: list[int | None]
    lon: NotRequired[float]
    lat: NotRequired[float]


def describe_job(job: Job, jobs: Jobs) -> JobState:
    """Return the state of a job, without its result."""
    state: JobState = {
        "id": job.id,
        "title": job.title,
        "stem": job.stem,
        "state": job.state,
        "message": job.message,
        "ahead": jobs.ahead(job),
        "seconds_waiting": jobs.seconds_before(job),
        "seconds_left": jobs.seconds_left(job),
        "models": job.request.models,
        "kept": job.kept,
        "keep_minutes": jobs.settings.keep // 60,
    }
    if step := job.step:
        pace = job.pace or (step.done_px / step.seconds if step.seconds else 0.0)
        state["step"] = {"done_px": step.done_px, "total_px": step.total_px, "px_per_s": pace}
        state["seconds"] = step.seconds
    return state


def describe_view(view: View, job: Job, models: Models, address: str) -> ViewState:
    """Return what the viewer needs to show a result; `address` is that of the job on this server."""
    height, width = view.shape
    views, read = read_views(job.folder), in_shown_order(job.folder, job.outlook.images)
    images = [each["name"] for each in views] or [job.title]
    masks = [each["mask"] for each in views]
    names = layer_names(view, job, count_used(views))
    wavelengths = {band.name: band.wavelength_nm for band in find_sensor(view.config.sensor).bands}
    transform = view.grid.transform
    warning = warning_of(view.lr.path, job.request.soften) if view.has_data else EMPTY
    metres = bool(view.grid.crs and view.grid.crs.is_projected) and not transform.is_identity
    stated = credit(view)
    state: ViewState = {
        "height": height,
        "width": width,
        "scale": view.scale,
        "pixel_zoom": PIXEL_ZOOM,
        "gsd_m": abs(transform.a) if metres else None,
        "read": [describe_reading(each) for each in read],
        "warning": for_people(warning) if warning else None,
        "credit": stated,
        "quantity": "Display value" if read[0].display else "Reflectance",
        "composites": list(composites(view.config)),
        "layers": [{"id": layer, "name": names[layer]} for layer in view.layers],
        "bands": [{"name": band, "wavelength_nm": wavelengths.get(band)} for band in view.config.bands],
        "coverage": models.coverage(job.request.models[0]) if view.uncertainty else None,
        "earth": None,
        "files": offered_files(view, job),
        "views": views,
        "address": address,
        "sample": is_sample(stated),
        "command": command(job.request, images, masks, job.stem),
        "snippet": snippet(job.request, images, masks, job.stem),
    }
    if has_place(view.grid):
        bounds = lon_lat_bounds(view.grid)
        finest, one_to_one = earth_zooms(view)
        state["earth"] = {"bounds": bounds, "zoom": finest, "one_to_one": one_to_one}
        state["notebook"] = notebook(job.label, address, bounds)
    return state


def credit(view: View) -> str:
    """Return what the input states about its source and licence, for people; empty if it states nothing."""
    with rasterio.open(view.lr.path, driver="GTiff") as dataset:
        rights = read_rights(dataset)
    licence = ("LICENSE", "LICENCE")
    return ". ".join(
        f"{'Licence: ' if name.upper() in licence else ''}{text.rstrip('.')}" for name, text in rights.items()
    )


def layer_names(view: View, job: Job, views: int) -> dict[str, str]:
    """Return the names of all layers for people; if there are two results, their names tell them apart."""
    if views:
        return NAMES | {SR: f"{views} views" if views > 1 else "Super-resolved", OTHER: "One view"}
    if OTHER in view.layers:
        return NAMES | {SR: job.request.models[0], OTHER: job.request.models[1]}
    return NAMES


def offered_files(view: View, job: Job) -> list[OfferedFile]:
    """Return the files of a job that can be downloaded."""
    stem = job.stem
    offered = [
        (result_name(index), f"{stem}_{name.replace('/', '_')}.tif", name)
        for index, name in enumerate(job.request.models)
    ]
    if view.uncertainty:
        offered.append((result_name(0, True), f"{stem}_uncertainty.tif", "Uncertainty"))
    offered.append((LR_FILE, f"{stem}_input.tif", "Input, reflectance"))
    if job.request.aoi:  # the command reads it
        offered.append((job.request.aoi.name, job.request.aoi.name, "Area"))
    return [
        {"file": name, "as": shown, "what": what, "bytes": (job.folder / name).stat().st_size}
        for name, shown, what in offered
        if (job.folder / name).exists()
    ]


def describe_pixel(view: View, row: int, col: int) -> PixelValues:
    """Return the values of an SR pixel.

    Raises:
        InputError: the pixel is outside of the image.
    """
    height, width = view.shape
    if not (0 <= row < height and 0 <= col < width):
        raise InputError(BEYOND)
    places = Places(np.array([[row + 0.5]]), np.array([[col + 0.5]]), 1.0)
    layers = {layer: _reflectance(view, layer, places) for layer in _PIXEL_LAYERS if layer in view.layers}
    encoding = view.results[0].encoding
    values: PixelValues = {
        "row": row,
        "col": col,
        "layers": layers,
        "dn": [
            None if value is None else round((value - bias) / gain)
            for value, gain, bias in zip(layers[SR], encoding.gain, encoding.bias, strict=True)
        ],
    }
    if has_place(view.grid):
        values["lon"], values["lat"] = to_lon_lat(view, row + 0.5, col + 0.5)
    return values


def _reflectance(view: View, layer: str, place: Places) -> list[float | None]:
    """Return the reflectance of a layer at one place for each band, None for NoData."""
    pixels = sample(view, layer, place)
    values = [] if pixels is None else [float(value) for value in pixels[:, 0, 0]]
    return [value if np.isfinite(value) else None for value in values]
