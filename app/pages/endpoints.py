"""Named endpoints for programs: files in, files out, through the same queue as everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import rasterio

from app.errors import for_people
from app.jobs.models import Models
from app.jobs.queue import DONE, FAILED, Job, Jobs
from app.jobs.request import make_revisits_request
from app.jobs.views import read_as, read_views
from app.jobs.worker import result_name
from app.pages.forms import AS_TAGGED, OFFSETS, make_request
from app.pages.patch_tab import submit_image
from app.pages.revisits_tab import submit_views
from app.pages.tile_tab import submit_product
from app.pages.upload_field import upload_field
from app.products.store import Products
from rs_srgan import InputError, MISRConfig
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL
from rs_srgan.reading.revisit import NO_MASK

# How often a program that waits hears of progress, seconds.
_NEWS = 0.5


@contextmanager
def _clear() -> Iterator[None]:
    """What is wrong with a request, as a message without a traceback."""
    try:
        yield
    except InputError as error:
        raise gr.Error(for_people(error), print_exception=False) from None


def add_endpoints(jobs: Jobs, models: Models, products: Products) -> None:
    """Add them to an open `gr.Blocks`; nobody sees their parts on the page."""

    def super_resolve(
        image: str, model: str = DEFAULT_MODEL, detail: float = 1.0, offset: str = AS_TAGGED
    ) -> Iterator[tuple[Any, ...]]:
        """Super-resolve a satellite image: a GeoTIFF, JP2, PNG or NPY file with the model's bands.

        Args:
            image: the file.
            model: a name that the endpoint /models returns.
            detail: 0 to 1, how much texture a GAN-trained model may add.
            offset: how DN are to be read: "As the file says", or "-1000: untagged pixels since baseline 04.00".

        Returns:
            the super-resolved GeoTIFF, the uncertainty as another one or nothing, and what was done.
        """
        with _clear():
            request = make_request(models, (model,), detail, True, _offset(offset))
            yield from _follow(jobs, submit_image(jobs, image, request))

    def super_resolve_product(
        product: str, area: str = "", model: str = DEFAULT_MODEL, detail: float = 1.0, uncertainty: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """Super-resolve an area of a Sentinel-2 product.

        Args:
            product: the product, zipped, L1C or L2A.
            area: west south east north in degrees, or GeoJSON; empty for all of it.
            model: a name that the endpoint /models returns.
            detail: 0 to 1, how much texture a GAN-trained model may add.
            uncertainty: whether to return that, too.

        Returns:
            the super-resolved GeoTIFF, the uncertainty as another one or nothing, and what was done.
        """
        with _clear():
            if not product:
                raise InputError("There is no product; expected a zipped Sentinel-2 product.")
            request = make_request(models, (model,), detail, uncertainty)
            yield from _follow(jobs, submit_product(jobs, products.receive(Path(product)), area, request))

    def super_resolve_revisits(
        images: list[str], model: str = REVISITS_MODEL, offset: str = AS_TAGGED
    ) -> Iterator[tuple[Any, ...]]:
        """Super-resolve several satellite images of one place, taken at different dates, into one.

        Args:
            images: the files, in any order; their grids may differ. A_scl.tif is the scene classification of the image
                A.tif, or of A_rgbn.tif; A_mask.tif is another mask of it, not 0 where it shows the ground.
            model: a name that the endpoint /models returns as one for several images.
            offset: see super_resolve.

        Returns:
            the super-resolved GeoTIFF, nothing, and what was done, with a line on each image.
        """
        with _clear():
            if not images:
                raise InputError("There are no images; expected several of one place.")
            request = make_revisits_request(models, model, _offset(offset))
            yield from _follow(jobs, submit_views(jobs, images, request))

    def list_models() -> list[dict[str, Any]]:
        """The models that can be asked for.

        Returns:
            of each its name, bands, scale, whether it is for several images, and PSNR on Sentinel-2 sites it never saw,
            dB; of several images of eight revisits.
        """
        found = []
        for name in (*models.names(guided=True), *models.names_of_several()):
            config = models.config(name)
            several = isinstance(config, MISRConfig)
            methods = ("bicubic", "shift_and_add" if several else "back_projection", "model")
            figures = dict(zip(methods, models.bundled[name].psnr_db(), strict=True))
            facts = {"name": name, "bands": config.bands, "scale": config.scale, "several": several}
            found.append({**facts, "psnr_db": figures})
        return found

    with gr.Group(visible=False):
        image, product = upload_field("image"), upload_field("product")
        images, several = upload_field("images", file_count="multiple"), gr.Textbox(REVISITS_MODEL, label="model")
        model, area = gr.Textbox(DEFAULT_MODEL, label="model"), gr.Textbox("", label="area")
        detail, offset = gr.Number(1.0, label="detail"), gr.Textbox(AS_TAGGED, label="offset")
        uncertainty = gr.Checkbox(False, label="uncertainty")
        outputs = [gr.File(label="result"), gr.File(label="uncertainty"), gr.Textbox(label="report")]
        listed = gr.JSON(label="models")
        many: dict[str, Any] = {"concurrency_limit": 20, "show_progress": "hidden"}
        trigger = gr.Button()
        trigger.click(super_resolve, [image, model, detail, offset], outputs, api_name="super_resolve", **many)
        inputs = [product, area, model, detail, uncertainty]
        trigger.click(super_resolve_product, inputs, outputs, api_name="super_resolve_product", **many)
        inputs = [images, several, offset]
        trigger.click(super_resolve_revisits, inputs, outputs, api_name="super_resolve_revisits", **many)
        trigger.click(list_models, None, listed, api_name="models", **many)


def _offset(name: str) -> float | None:
    if name not in OFFSETS:
        raise InputError(f"The offset is {name!r:.60}; expected one of {', '.join(map(repr, OFFSETS))}.")
    return OFFSETS[name]


def _follow(jobs: Jobs, job: Job) -> Iterator[tuple[Any, ...]]:
    """A job until it has ended, then its files; whoever goes away stops it."""
    try:
        while not jobs.wait(job, _NEWS):
            step = job.step
            yield None, None, f"{100 * step.done_px // step.total_px} %" if step and step.total_px else "waiting"
    finally:
        if not job.has_ended:
            jobs.stop(job)
    if job.state != DONE:
        raise InputError(job.message if job.state == FAILED else "The job was stopped.")
    uncertain = job.folder / result_name(0, uncertainty=True)
    with rasterio.open(job.folder / "lr.tif", driver="GTiff") as shown:  # of revisits only the work finds out which
        width, height, scale = shown.width, shown.height, job.outlook.scale
    report = (
        f"{width} x {height} px became {width * scale} x {height * scale} px with "
        f"{job.request.models[0]}. Read as {read_as(job.folder, job.outlook.scaling)}."
    )
    for view in read_views(job.folder):
        clear = f"{100 * view['clear']:.0f} % clear" + (f" by {view['mask']}" if view["mask"] != NO_MASK else "")
        report += f"\n{view['name']}: {clear}, weight {100 * view['weight']:.0f} %, {view['role']}"
    yield str(job.folder / result_name(0)), str(uncertain) if uncertain.exists() else None, report
