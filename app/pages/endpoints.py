"""Named endpoints for programs: they take and return files, and use the same queue as the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypedDict

import gradio as gr
import rasterio
from gradio.block_function import BlockFunction

from app.errors import for_programs
from app.jobs.files import ANSWERS_FOLDER, LR_FILE, result_name
from app.jobs.models import Models
from app.jobs.queue import DONE, FAILED, WAITING, Job, Jobs
from app.jobs.request import make_request, make_revisits_request
from app.jobs.submit import submit_image, submit_views
from app.jobs.uploads import link
from app.jobs.views import count_used, in_shown_order, read_views
from app.pages.durations import time_range
from app.pages.forms import from_visitor
from app.pages.reading_controls import read_as
from app.pages.upload_field import upload_field
from app.places.places import Places
from app.places.submit import choose, submit_dates
from app.products.store import Products
from app.products.submit import submit_product
from app.viewer.sampling import warning_of
from rs_srgan import InputError
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from rs_srgan.reading.inspection import summarise
from rs_srgan.reading.revisit import NO_MASK

# Folder of the files that programs get, under the names that visitors see.
# Seconds between two reports of progress.
_REPORT_SECONDS = 0.5

# Paths of the result and of its uncertainty, and the report.
Answer = tuple[str | None, str | None, str]


class ModelFacts(TypedDict):
    """A model and its PSNR by method, dB."""

    name: str
    bands: tuple[str, ...]
    scale: int
    several: bool
    psnr_db: dict[str, float]


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn an `InputError` into an answer without a traceback."""
    try:
        yield
    except InputError as error:
        raise gr.Error(for_programs(error), print_exception=False) from None


def refuse_missing_values(page: gr.Blocks) -> None:
    """Answer a request that lacks values with a line. Gradio would print a traceback with all that it was given."""

    def validate_inputs(function: BlockFunction, values: list[object]) -> None:
        if len(values) < len(function.inputs):
            raise gr.Error(
                f"{function.api_name or 'The page'}: {len(values)} values were given, and {len(function.inputs)} are "
                "expected. The page /gradio_api/info names them.",
                print_exception=False,
            )

    page.validate_inputs = validate_inputs  # type: ignore[assignment]  # Gradio offers no other way


def add_endpoints(jobs: Jobs, models: Models, products: Products, places: Places) -> None:
    """Add the endpoints to an open `gr.Blocks`. Their components are not visible on the page."""

    def super_resolve(
        image: str,
        model: str = DEFAULT_MODEL,
        detail: float = 1.0,
        offset: str = "",
        scale: str = "",
        nodata: str = "",
        band_names: str = "",
        soften: bool = False,
        http: gr.Request | None = None,
    ) -> Iterator[Answer]:
        """Super-resolve a satellite image: a GeoTIFF, JP2, PNG or NPY file with the model's bands.

        Args:
            image: the file.
            model: a name from the endpoint /models.
            detail: 0 to 1, how much texture a GAN-trained model may add.
            offset: DN to add before scaling, for example -1000; empty for the file's tags.
            scale: reflectance of one DN, 0.0001 or 1/65535; empty for the file's tags.
            nodata: value of pixels without data, none if all hold data; empty for what the file says.
            band_names: names of the file's bands in the file's order, B02,B03,B04,B08, with - for one that is not
                wanted; empty for the file's own.
            soften: whether to blur the image first, because it was thinned out by nearest neighbour.
            http: the request, which Gradio adds.

        Returns:
            the super-resolved GeoTIFF, the uncertainty as another GeoTIFF or nothing, and a report.
        """
        with _clear_errors():
            request = from_visitor(make_request(models, (model,), detail, True), http)
            request = read_as(request, band_names, scale, offset, nodata, soften)
            yield from _follow(jobs, submit_image(jobs, image, request))

    def super_resolve_product(
        product: str,
        area: str = "",
        model: str = DEFAULT_MODEL,
        detail: float = 1.0,
        uncertainty: bool = False,
        http: gr.Request | None = None,
    ) -> Iterator[Answer]:
        """Super-resolve an area of a Sentinel-2 product.

        Args:
            product: the zipped product, L1C or L2A.
            area: west south east north in degrees, or GeoJSON; empty for the whole product.
            model: a name from the endpoint /models.
            detail: 0 to 1, how much texture a GAN-trained model may add.
            uncertainty: whether to return the uncertainty, too.
            http: the request, which Gradio adds.

        Returns:
            the super-resolved GeoTIFF, the uncertainty as another GeoTIFF or nothing, and a report.
        """
        with _clear_errors():
            if not product:
                raise InputError("There is no product; expected a zipped Sentinel-2 product.")
            request = from_visitor(make_request(models, (model,), detail, uncertainty), http)
            yield from _follow(jobs, submit_product(jobs, products.receive(Path(product)), area, request))

    def super_resolve_revisits(
        images: list[str],
        model: str = REVISITS_MODEL,
        offset: str = "",
        reference: str = "",
        scale: str = "",
        nodata: str = "",
        band_names: str = "",
        http: gr.Request | None = None,
    ) -> Iterator[Answer]:
        """Super-resolve several satellite images of one place, taken on different dates, into one image.

        Args:
            images: the files in any order; their grids may differ. A_scl.tif is the scene classification of the image
                A.tif or A_rgbn.tif; A_mask.tif is another mask of it, 0 where the ground is hidden.
            model: a name from the endpoint /models, of a model for several images.
            offset: see super_resolve.
            reference: name of the image that the result shows; empty for the one that the others show most.
            scale: see super_resolve.
            nodata: see super_resolve.
            band_names: see super_resolve.
            http: the request, which Gradio adds.

        Returns:
            the super-resolved GeoTIFF, nothing, and a report with a line on each image.
        """
        with _clear_errors():
            if not images:
                raise InputError("There are no images; expected several of one place.")
            request = from_visitor(make_revisits_request(models, model), http)
            request = read_as(request, band_names, scale, offset, nodata)
            yield from _follow(jobs, submit_views(jobs, images, request, reference))

    def super_resolve_place(
        area: str = "",
        dates: str = "",
        place: str = "",
        revisits: bool = False,
        model: str = "",
        catalogue: str = "",
        detail: float = 1.0,
        uncertainty: bool = False,
        http: gr.Request | None = None,
    ) -> Iterator[Answer]:
        """Super-resolve the clearest date of an area, or several revisits, from a catalogue of Sentinel-2 scenes.

        Args:
            area: west south east north in degrees.
            dates: first and last day or month, for example 2024-06/2024-08.
            place: name of a place instead of the area, on servers that have a geocoder; 2 x 2 km around it.
            revisits: whether to use the best revisits instead of the clearest date.
            model: a name from the endpoint /models; empty for the default.
            catalogue: title of a catalogue of the server; empty for its first one.
            detail: see super_resolve.
            uncertainty: see super_resolve_product.
            http: the request, which Gradio adds.

        Returns:
            the super-resolved GeoTIFF, the uncertainty as another GeoTIFF or nothing, and a report, which names the
            dates.
        """
        with _clear_errors():
            if not places.catalogues:
                raise InputError("This server reads no catalogue. Its operator can allow one: --catalogue.")
            catalogue = catalogue or next(iter(places.catalogues))
            if revisits:
                request = make_revisits_request(models, model or REVISITS_MODEL)
            else:
                request = make_request(models, (model or DEFAULT_MODEL,), detail, uncertainty)
            if place:
                yield None, None, f"looking for {place:.80}"
                area = places.look_up(place)[0].box()
            yield None, None, f"looking for dates in {catalogue}"
            search = places.search(area, dates, catalogue)
            numbers = choose(search, revisits)
            taken = ", ".join(f"{search.scenes[number].taken:%Y-%m-%d}" for number in numbers)
            yield None, None, f"reading {taken} from {catalogue}"
            job = submit_dates(jobs, places, search, numbers, from_visitor(request, http))
            for result, unsure, report in _follow(jobs, job):
                yield result, unsure, report if result is None else f"{report}\nRead from {catalogue}: {taken}."

    def list_models() -> list[ModelFacts]:
        """List the models that can be chosen.

        Returns:
            for each model its name, bands and scale, whether it takes several images, and its PSNR on unseen Sentinel-2
            sites, dB; for models of several images with eight revisits.
        """
        return [_describe(models, name) for name in (*models.names(guided=True), *models.names_of_several())]

    with gr.Group(visible=False):
        image, product = upload_field("image"), upload_field("product")
        images, several = upload_field("images", file_count="multiple"), gr.Textbox(REVISITS_MODEL, label="model")
        model, area = gr.Textbox(DEFAULT_MODEL, label="model"), gr.Textbox("", label="area")
        detail, offset = gr.Number(1.0, label="detail"), gr.Textbox("", label="offset")
        uncertainty = gr.Checkbox(False, label="uncertainty")
        outputs = [gr.File(label="result"), gr.File(label="uncertainty"), gr.Textbox(label="report")]
        listed = gr.JSON(label="models")
        add = partial(gr.Button().click, concurrency_limit=20, show_progress="hidden")
        read = [gr.Textbox("", label=label) for label in ("scale", "nodata", "band_names")]
        soften = gr.Checkbox(False, label="soften")
        add(super_resolve, [image, model, detail, offset, *read, soften], outputs, api_name="super_resolve")
        inputs = [product, area, model, detail, uncertainty]
        add(super_resolve_product, inputs, outputs, api_name="super_resolve_product")
        reference = gr.Textbox("", label="reference")
        inputs = [images, several, offset, reference, *read]
        add(super_resolve_revisits, inputs, outputs, api_name="super_resolve_revisits")
        dates, place, catalogue = (gr.Textbox("", label=label) for label in ("dates", "place", "catalogue"))
        any_model, revisits = gr.Textbox("", label="model"), gr.Checkbox(False, label="revisits")
        inputs = [area, dates, place, revisits, any_model, catalogue, detail, uncertainty]
        add(super_resolve_place, inputs, outputs, api_name="super_resolve_place")
        add(list_models, None, listed, api_name="models")


def _describe(models: Models, name: str) -> ModelFacts:
    config = models.config(name)
    return {
        "name": name,
        "bands": config.bands,
        "scale": config.scale,
        "several": config.several,
        "psnr_db": models.bundled[name].accuracy.psnr_db,
    }


def _follow(jobs: Jobs, job: Job) -> Iterator[Answer]:
    """Yield the progress of a job until it has ended, then its files. If the client leaves, the job is stopped."""
    try:
        while not jobs.wait(job, _REPORT_SECONDS):
            step = job.step
            share = f"{100 * step.done_px // step.total_px} %" if step and step.total_px else "preparing"
            left = f", about {time_range(jobs.seconds_left(job))} left"
            yield None, None, _place(jobs, job) if job.state == WAITING else share + left
    finally:
        if not job.has_ended:
            jobs.stop(job)
    if job.state != DONE:
        raise InputError(job.message if job.state == FAILED else "The job was stopped.")
    uncertain = job.folder / result_name(0, uncertainty=True)
    result = _named(job, job.folder / result_name(0), job.request.models[0].replace("/", "_"))
    yield str(result), str(_named(job, uncertain, "uncertainty")) if uncertain.exists() else None, _report(job)


def _place(jobs: Jobs, job: Job) -> str:
    """Return the place of a job in the queue, for people."""
    before, own = time_range(jobs.seconds_before(job)), time_range(jobs.seconds_left(job))
    return f"waiting, {jobs.ahead(job)} before this, about {before}, then {own}"


def _named(job: Job, file: Path, what: str) -> Path:
    """Return a link to a file of a job that has the name of its image, as programs keep it."""
    folder = job.folder / ANSWERS_FOLDER
    folder.mkdir(exist_ok=True)
    target = folder / f"{job.stem}_{what}.tif"
    link(file, target)
    return target


def _report(job: Job) -> str:
    """Return what a job did, with a line on each of several revisits."""
    with rasterio.open(job.folder / LR_FILE, driver="GTiff") as shown:  # the job chose it among the revisits
        width, height, scale = shown.width, shown.height, job.outlook.scale
    read = in_shown_order(job.folder, job.outlook.images)[0]
    lines = [
        f"{width} x {height} px became {width * scale} x {height * scale} px with "
        f"{job.request.models[0]}. Read as {for_programs(summarise(read))}."
    ]
    if warning := warning_of(job.folder / LR_FILE, job.request.soften):
        lines.append(for_programs(warning))
    views = read_views(job.folder)
    if views:
        lines.append(f"{count_used(views)} of {len(views)} images are used.")
    for view in views:
        clear = f"{100 * view['clear']:.0f} % clear" + (f" by {view['mask']}" if view["mask"] != NO_MASK else "")
        lines.append(f"{view['name']}: {clear}, weight {100 * view['weight']:.0f} %, {view['role']}")
    return "\n".join(lines)
