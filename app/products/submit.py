"""Jobs for areas of products, and estimates before them: what the tab, endpoints and tests call."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.jobs.outlook import Outlook, look
from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from app.products.product import Product
from rs_srgan import InputError

_AOI_FILE = "area.geojson"
# An area that was drawn or typed has a few hundred characters.
_MAX_AREA_CHARACTERS = 500_000


@dataclass(frozen=True)
class Forecast:
    """An estimate of a job that is not submitted yet.

    Attributes:
        outlook: size of the job.
        seconds: computing time.
        waiting_seconds: time until the computation begins.
    """

    outlook: Outlook
    seconds: float
    waiting_seconds: float


def submit_product(jobs: Jobs, product: Product, area: str, request: Request) -> Job:
    """Put an area of a product into the queue; return its job.

    Args:
        jobs: the queue.
        product: the product.
        area: "west south east north" in degrees, GeoJSON, or "" for the whole product.
        request: the options; its source and area are replaced.

    Raises:
        InputError: the product or the area cannot be used.
    """
    with jobs.new_folder() as folder, _area_called_so():
        return jobs.submit(_with_area(product, area, request, folder), product.title, folder, name=product.name)


def foresee(jobs: Jobs, product: Product, area: str, request: Request) -> Forecast:
    """Estimate time and size of a job; see `submit_product` for the arguments.

    Raises:
        InputError: the product or the area cannot be used.
    """
    with TemporaryDirectory(dir=jobs.settings.folder) as folder, _area_called_so():
        asked = _with_area(product, area, request, Path(folder))
        outlook = look(asked, jobs.models, jobs.settings, jobs.readers)
    return Forecast(outlook, jobs.seconds(asked, outlook), jobs.seconds_waiting())


@contextmanager
def _area_called_so() -> Iterator[None]:
    """Call the area by that name in errors: who typed it has no file."""
    try:
        yield
    except InputError as error:
        if _AOI_FILE not in str(error):
            raise
        raise InputError(str(error).replace(_AOI_FILE, "The area of interest")) from None


def _with_area(product: Product, area: str, request: Request, folder: Path) -> Request:
    """Return a request for an area that was drawn or typed; GeoJSON is written into `folder`."""
    if len(area) > _MAX_AREA_CHARACTERS:
        raise InputError(f"The area has {len(area):,} characters; expected at most {_MAX_AREA_CHARACTERS:,}.")
    area, request = area.strip(), dataclasses.replace(request, source=product.source())
    if not area:
        return request
    if area.startswith("{"):
        aoi = folder / _AOI_FILE
        aoi.write_text(area, encoding="utf-8")
        return dataclasses.replace(request, aoi=aoi)
    try:
        west, south, east, north = map(float, area.replace(",", " ").split())
    except ValueError:
        raise InputError(
            f"The area is {area!r:.80}; expected four numbers, west south east north in degrees, or GeoJSON."
        ) from None
    return dataclasses.replace(request, bbox=(west, south, east, north))
