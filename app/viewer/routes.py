"""What the page asks the server for beside Gradio: the state of a job, pictures of it, its numbers and its files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi import Request as HttpRequest
from fastapi.responses import FileResponse, RedirectResponse

from app.errors import for_people
from app.jobs.models import Models
from app.jobs.queue import DONE, GONE, Job, Jobs
from app.jobs.recipe import command, notebook, snippet
from app.jobs.views import read_as, read_views, thumbnail
from app.jobs.worker import result_name
from app.viewer.colours import Style, colour, composites, legend
from app.viewer.layers import BICUBIC, INPUT, MEAN, NAMES, OTHER, SR, UNCERTAINTY, View, view_of
from app.viewer.tiles import (
    BEYOND,
    PIXEL_ZOOM,
    Places,
    draw,
    earth_zooms,
    has_place,
    lon_lat_bounds,
    sample,
    to_lon_lat,
    to_pixel,
    whole,
)
from app.viewer.webp import webp
from rs_srgan import InputError
from rs_srgan.publishing.card import PICTURES_FOLDER
from rs_srgan.sensors.sentinel2 import SENTINEL2


def _package(name: str) -> Path:
    """Where a package lies, which need not be imported for that."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"The package {name} is missing: pip install -e '.[app]'.")
    return Path(spec.submodule_search_locations[0])


WEB = Path(__file__).parent.parent / "web"
# What the page is made of, from here and from the package maplibre, which carries MapLibre GL JS (BSD licence).
_OWN = {path.name: path for path in WEB.iterdir()}
_MAPLIBRE = {name: _package("maplibre") / "srcjs" / name for name in ("maplibre-gl.js", "maplibre-gl.css")}

# Pictures of everything: what a browser shows at once.
MAX_PICTURE_PX = 2048
_FILE_TYPES = {".tif": "image/tiff", ".geojson": "application/geo+json"}
# A job's pictures never change.
_FOREVER = {"Cache-Control": "private, max-age=3600, immutable"}


@contextmanager
def _clear() -> Iterator[None]:
    """What is wrong with a request, as an answer."""
    try:
        yield
    except InputError as error:
        gone = str(error) == GONE
        raise HTTPException(404 if gone else 422, for_people(error)) from None
    except FileNotFoundError:  # cleared away meanwhile
        raise HTTPException(404, GONE) from None


def make_routes(jobs: Jobs) -> APIRouter:
    """All of them, for one server's jobs."""
    router = APIRouter()

    def find(job: str) -> Job:
        with _clear():
            return jobs.get(job)

    def finished(job: Job = Depends(find)) -> View:
        with _clear():
            if job.state != DONE:
                raise InputError("This job has no result yet.")
            return view_of(job, [jobs.models.config(name) for name in job.request.models])

    def style(composite: str = "True colour", cut: float = 0.5, gamma: float = 1.4) -> Style:
        with _clear():
            return Style(composite, cut, gamma)

    a_job, a_view, a_style = Depends(find), Depends(finished), Depends(style)

    @router.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/web/{name}")
    def web(name: str) -> FileResponse:
        path = _OWN.get(name) or _MAPLIBRE.get(name)
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, headers={"Cache-Control": "no-cache" if name in _OWN else "max-age=86400"})

    @router.get("/cards/{name}/pictures/{file}")
    def card_picture(name: str, file: str) -> FileResponse:
        folder = jobs.models.bundled[name].folder / PICTURES_FOLDER if name in jobs.models.bundled else None
        there = {path.name: path for path in folder.glob("*.png")} if folder else {}
        if file not in there:
            raise HTTPException(404)
        return FileResponse(there[file], headers={"Cache-Control": "max-age=86400"})

    @router.get("/jobs/{job}/")
    def page(job: Job = a_job) -> RedirectResponse:
        return RedirectResponse(f"../../?job={job.id}")

    @router.get("/jobs/{job}")
    def state(http: HttpRequest, job: Job = a_job) -> dict[str, Any]:
        told = _state(job, jobs)
        if job.state == DONE:
            with _clear():
                view = view_of(job, [jobs.models.config(name) for name in job.request.models])
                told["view"] = _describe(view, job, jobs.models, str(http.url_for("state", job=job.id)))
        return told

    @router.delete("/jobs/{job}")
    def stop(job: Job = a_job) -> dict[str, Any]:
        jobs.stop(job)
        return _state(job, jobs)

    @router.get("/jobs/{job}/tiles/{plane}/{layer}/{z}/{x}/{y}.webp")
    def tile(plane: str, layer: str, z: int, x: int, y: int, view: View = a_view, style: Style = a_style) -> Response:
        with _clear():
            picture = draw(view, plane, layer, z, x, y, style)
        if picture is None:
            return Response(status_code=204, headers=_FOREVER)
        return Response(webp(picture), media_type="image/webp", headers=_FOREVER)

    @router.get("/jobs/{job}/pictures/{layer}.webp")
    def picture(
        layer: str, view: View = a_view, style: Style = a_style, size: int = Query(1024, ge=16, le=MAX_PICTURE_PX)
    ) -> Response:
        with _clear():
            return Response(_picture(view, layer, style, size), media_type="image/webp", headers=_FOREVER)

    @router.get("/jobs/{job}/views/{number}.png")
    def view_picture(number: int, job: Job = a_job) -> FileResponse:
        with _clear():
            return FileResponse(thumbnail(job.folder, number), media_type="image/png", headers=_FOREVER)

    @router.get("/jobs/{job}/legend/{layer}")
    def scale(layer: str, view: View = a_view, style: Style = a_style) -> dict[str, Any]:
        with _clear():
            return {"name": NAMES.get(layer, layer), "scale": legend(layer, view, style)}

    @router.get("/jobs/{job}/pixel")
    def pixel(
        view: View = a_view,
        row: float | None = None,
        col: float | None = None,
        lon: float | None = None,
        lat: float | None = None,
    ) -> dict[str, Any]:
        with _clear():
            if lon is not None and lat is not None:
                if not has_place(view.grid):
                    raise InputError("This image lies nowhere on Earth.")
                row, col = to_pixel(view, lon, lat)
            if row is None or col is None or not np.isfinite((row, col)).all():
                raise InputError("Say which pixel: row and col, or lon and lat.")
            return _values(view, int(np.floor(row)), int(np.floor(col)))

    @router.get("/jobs/{job}/files/{name}")
    def file(name: str, job: Job = a_job, view: View = a_view) -> FileResponse:
        offered = {item["file"]: item["as"] for item in _files(view, job)}
        if name not in offered or not (job.folder / name).exists():
            raise HTTPException(404, "There is no such file, or it has been cleared away.")
        return FileResponse(job.folder / name, filename=offered[name], media_type=_FILE_TYPES[Path(name).suffix])

    return router


@lru_cache(maxsize=32)  # every visitor begins with the same two
def _picture(view: View, layer: str, style: Style, size: int) -> bytes:
    """All of a layer, with at most `size` pixels along either side."""
    pixels = sample(view, layer, whole(view, size))
    if pixels is None:
        raise InputError("There is nothing to show.")
    return webp(colour(view, layer, pixels, style))


def _state(job: Job, jobs: Jobs) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": job.id,
        "title": job.title,
        "state": job.state,
        "message": job.message,
        "ahead": jobs.ahead(job),
        "models": job.request.models,
        "kept": job.kept,
        "keep_minutes": jobs.settings.keep // 60,
    }
    if job.step:
        pace = job.step.done_px / job.step.seconds if job.step.seconds else 0.0
        left = (job.step.total_px - job.step.done_px) / pace if pace else None
        told["step"] = {
            "done_px": job.step.done_px,
            "total_px": job.step.total_px,
            "px_per_s": pace,
            "seconds_left": left,
        }
        told["seconds"] = job.step.seconds
    return told


def _describe(view: View, job: Job, models: Models, address: str) -> dict[str, Any]:
    """What the viewer has to know."""
    height, width = view.shape
    known = composites(view.config.bands)
    names = NAMES | {SR: job.request.models[0]} if OTHER in view.layers else NAMES
    if OTHER in view.layers:
        names = names | {OTHER: job.request.models[1]}
    views = read_views(job.folder)
    images = [each["name"] for each in views] or [job.title]
    masks = [each["mask"] for each in views]
    if views:
        names = names | {SR: f"{len(views)} views", OTHER: "One view"}
    transform = view.grid.transform
    metres = bool(view.grid.crs and view.grid.crs.is_projected) and not transform.is_identity
    told: dict[str, Any] = {
        "height": height,
        "width": width,
        "scale": view.scale,
        "pixel_zoom": PIXEL_ZOOM,
        "gsd_m": abs(transform.a) if metres else None,
        "scaling": read_as(job.folder, job.outlook.scaling),
        "composites": list(known),
        "layers": [{"id": layer, "name": names[layer]} for layer in view.layers],
        "bands": [
            {"name": band, "wavelength_nm": SENTINEL2[band].wavelength_nm if band in SENTINEL2 else None}
            for band in view.config.bands
        ],
        "coverage": models.coverage(job.request.models[0]) if view.uncertainty else None,
        "earth": None,
        "files": _files(view, job),
        "views": views,
        "command": command(job.request, images, masks),
        "snippet": snippet(job.request, images, masks),
    }
    if has_place(view.grid):
        bounds = lon_lat_bounds(view.grid)
        finest, one_to_one = earth_zooms(view)
        told["earth"] = {"bounds": bounds, "zoom": finest, "one_to_one": one_to_one}
        told["notebook"] = notebook(job.title, address, bounds)
    return told


def _files(view: View, job: Job) -> list[dict[str, Any]]:
    """Those that can be downloaded."""
    stem = Path(job.title).stem
    offered = [
        (result_name(index), f"{stem}_{name.replace('/', '_')}.tif", name)
        for index, name in enumerate(job.request.models)
    ]
    if view.uncertainty:
        offered.append((result_name(0, True), f"{stem}_uncertainty.tif", "Uncertainty"))
    offered.append(("lr.tif", f"{stem}_input.tif", "Input, reflectance"))
    if job.request.aoi:  # which the command names
        offered.append((job.request.aoi.name, job.request.aoi.name, "Area"))
    there = [(name, shown, what) for name, shown, what in offered if (job.folder / name).exists()]
    return [
        {"file": name, "as": shown, "what": what, "bytes": (job.folder / name).stat().st_size}
        for name, shown, what in there
    ]


def _values(view: View, row: int, col: int) -> dict[str, Any]:
    """What lies in one SR pixel: reflectance by layer and band, and the DN that the result's file has there."""
    height, width = view.shape
    if not (0 <= row < height and 0 <= col < width):
        raise InputError(BEYOND)
    places = Places(np.array([[row + 0.5]]), np.array([[col + 0.5]]), 1.0)
    told: dict[str, Any] = {"row": row, "col": col, "layers": {}}
    for layer in (INPUT, MEAN, BICUBIC, SR, OTHER, UNCERTAINTY):
        if layer in view.layers:
            pixels = sample(view, layer, places)
            values = [float(value) for value in pixels[:, 0, 0]] if pixels is not None else []
            told["layers"][layer] = [value if np.isfinite(value) else None for value in values]
    encoding = view.results[0].encoding
    told["dn"] = [
        None if value is None else round((value - bias) / gain)
        for value, gain, bias in zip(told["layers"][SR], encoding.gain, encoding.bias, strict=True)
    ]
    if has_place(view.grid):
        told["lon"], told["lat"] = to_lon_lat(view, row + 0.5, col + 0.5)
    return told
