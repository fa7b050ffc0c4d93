"""What the page asks the server about jobs: their state, pictures, values and files.

These functions raise `InputError`; `app.server.answer_errors` turns it into an HTTP status.
"""

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as HttpRequest
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from app.errors import Gone
from app.jobs.queue import DONE, Job, Jobs
from app.jobs.views import thumbnail
from app.viewer.colours import Legend, Style, colour, legend
from app.viewer.describe import (
    JobState,
    PixelValues,
    describe_job,
    describe_pixel,
    describe_view,
    offered_files,
)
from app.viewer.figure import KINDS, between, draw_figure, window_of
from app.viewer.layers import INPUT, SR, View, view_of
from app.viewer.map_page import get_ready, map_page
from app.viewer.tiles import draw, sample, to_pixel, whole
from rs_srgan import InputError
from rs_srgan.maps.web_tiles import has_place
from rs_srgan.maps.webp import webp
from rs_srgan.pixels.windows import Window

# Largest side of a picture of the whole result: a browser's screen.
MAX_PICTURE_PX = 2048
_FILE_TYPES = {".tif": "image/tiff", ".geojson": "application/geo+json"}
# GDAL, QGIS and rasterio ask for the head of a file first.
_READ = ["GET", "HEAD"]
# The pictures of a job never change.
_FOREVER = {"Cache-Control": "private, max-age=3600, immutable"}


def make_job_routes(jobs: Jobs) -> APIRouter:
    """Return the routes for the jobs of a server."""
    router = APIRouter()

    def find(job: str) -> Job:
        return jobs.get(job)

    def finished(job: Job = Depends(find)) -> View:
        if job.state != DONE:
            raise InputError("This job has no result yet. Wait until it is done.")
        return view_of(job, [jobs.models.config(name) for name in job.request.models])

    def style(composite: str = "True colour", cut: float = 0.5, gamma: float = 1.4) -> Style:
        return Style(composite, cut, gamma)

    a_job, a_view, a_style = Depends(find), Depends(finished), Depends(style)

    @router.get("/jobs/{job}/")
    def page(job: Job = a_job) -> RedirectResponse:
        return RedirectResponse(f"../../?job={job.id}")

    # FastAPI would check the answers against their types, which needs other TypedDicts than Python 3.11 has.
    @router.get("/jobs/{job}", response_model=None)
    def state(http: HttpRequest, job: Job = a_job) -> JobState:
        state = describe_job(job, jobs)
        if job.state == DONE:
            # without the path of a proxy, which `RootPath` has taken off
            address = f"{str(http.base_url).rstrip('/')}{jobs.settings.root_path}/jobs/{job.id}"
            state["view"] = describe_view(finished(job), job, jobs.models, address)
            if state["view"]["earth"]:
                get_ready()
        return state

    @router.delete("/jobs/{job}", response_model=None)
    def stop(job: Job = a_job) -> JobState:
        jobs.stop(job)
        return describe_job(job, jobs)

    @router.api_route("/jobs/{job}/tiles/{plane}/{layer}/{z}/{x}/{y}.webp", methods=_READ)
    def tile(plane: str, layer: str, z: int, x: int, y: int, view: View = a_view, style: Style = a_style) -> Response:
        picture = draw(view, plane, layer, z, x, y, style)
        if picture is None:
            return Response(status_code=204, headers=_FOREVER)
        return Response(webp(picture), media_type="image/webp", headers=_FOREVER)

    @router.api_route("/jobs/{job}/pictures/{layer}.webp", methods=_READ)
    def picture(
        layer: str, view: View = a_view, style: Style = a_style, size: int = Query(1024, ge=16, le=MAX_PICTURE_PX)
    ) -> Response:
        return Response(_picture(view, layer, style, size), media_type="image/webp", headers=_FOREVER)

    @router.get("/jobs/{job}/map", response_class=HTMLResponse)
    def on_map(
        job: Job = a_job,
        view: View = a_view,
        style: Style = a_style,
        left: str = INPUT,
        right: str = SR,
        base: bool = False,
    ) -> str:
        return map_page(job, view, style, (left, right), jobs.settings.base_map if base else "")

    @router.get("/jobs/{job}/views/{number}.png")
    def view_picture(number: int, job: Job = a_job) -> FileResponse:
        return FileResponse(thumbnail(job.folder, number), media_type="image/png", headers=_FOREVER)

    @router.get("/jobs/{job}/legend/{layer}", response_model=None)
    def scale(layer: str, view: View = a_view, style: Style = a_style) -> dict[str, Legend | None]:
        return {"scale": legend(layer, view, style)}

    @router.get("/jobs/{job}/pixel", response_model=None)
    def pixel(
        view: View = a_view,
        row: float | None = None,
        col: float | None = None,
        lon: float | None = None,
        lat: float | None = None,
    ) -> PixelValues:
        if lon is not None and lat is not None:
            if not has_place(view.grid):
                raise InputError("This image has no place on a map. Give row and col.")
            row, col = to_pixel(view, lon, lat)
        if row is None or col is None or not np.isfinite((row, col)).all():
            raise InputError("No pixel is given; expected row and col, or lon and lat.")
        return describe_pixel(view, int(np.floor(row)), int(np.floor(col)))

    @router.get("/jobs/{job}/figure.{kind}")
    def figure_of(
        kind: str,
        job: Job = a_job,
        view: View = a_view,
        style: Style = a_style,
        left: str = INPUT,
        right: str = SR,
        bounds: str = "",
        rows_cols: str = "",
    ) -> Response:
        if kind not in KINDS:
            raise InputError(f"There is no figure of kind {kind!r:.20}; expected {' or '.join(KINDS)}.")
        wanted = window_of(view, _four(bounds)) if bounds else Window(0, 0, *view.shape)
        if rows_cols:
            wanted = between(*_four(rows_cols))
        name = quote(f"{job.stem}_figure.{kind}")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(
            draw_figure(job, view, style, (left, right), wanted, kind), media_type=KINDS[kind], headers=headers
        )

    @router.api_route("/jobs/{job}/files/{name}", methods=_READ)
    def file(name: str, job: Job = a_job, view: View = a_view) -> FileResponse:
        offered = {item["file"]: item["as"] for item in offered_files(view, job)}
        if name not in offered:
            raise Gone("There is no such file, or it has been removed from the server.")
        return FileResponse(job.folder / name, filename=offered[name], media_type=_FILE_TYPES[Path(name).suffix])

    return router


def _four(text: str) -> tuple[float, float, float, float]:
    """Return four numbers of a text, separated by commas.

    Raises:
        InputError: the text is something else.
    """
    try:
        first, second, third, fourth = map(float, text.split(","))
    except ValueError:
        raise InputError(f"The part is {text!r:.60}; expected four numbers, separated by commas.") from None
    return first, second, third, fourth


@lru_cache(maxsize=32)  # all visitors see the same two pictures of the sample first
def _picture(view: View, layer: str, style: Style, size: int) -> bytes:
    """Return a picture of a whole layer as WebP, at most `size` pixels high and wide."""
    pixels = sample(view, layer, whole(view, size))
    if pixels is None:
        raise InputError("The image is empty.")
    return webp(colour(view, layer, pixels, style))
