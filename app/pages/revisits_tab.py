"""The tab for several images of one place."""

from pathlib import Path

import gradio as gr

from app.jobs.masks import images_among
from app.jobs.models import Models
from app.jobs.queue import Jobs
from app.jobs.request import make_revisits_request
from app.jobs.submit import submit_views
from app.pages.forms import (
    RESULT_PX,
    describe_model,
    empty,
    from_visitor,
    job_html,
    refusal,
    sample_checkbox,
)
from app.pages.reading_controls import ReadingControls, read_as
from app.pages.upload_field import upload_field
from rs_srgan import InputError
from rs_srgan.hub.names import REVISITS_MODEL

_NOTHING = empty(
    "Several images of one place",
    "Upload them in any order. Without images, four views are used that are simulated from the sample at 20 m, with "
    "made-up dates, shifts, noise, and a cloud with its mask.",
)
AUTOMATIC = "Automatic"
_HELP = """GeoTIFF, JP2, PNG or NPY with the bands red, green, blue and near infrared. Their grids may differ. The
result has the grid of one image, the reference: the image that the others show most, unless you choose one. Images of
other places are left out.

Masks tell the model where the clouds are. Upload them with the images: `A_scl.tif` is the scene classification of
`A.tif` or `A_rgbn.tif`, and `A_mask.tif` is any other mask, 0 where the ground is hidden."""


def revisits_tab(jobs: Jobs, models: Models) -> gr.HTML:
    """Build the tab in an open `gr.Tabs`; return the place of its results."""
    with gr.Tab("Revisits", id="revisits"), gr.Row():
        with gr.Column(scale=2, min_width=290):
            files = upload_field("Images of one place", file_count="multiple", elem_id="views", height=170)
            use_sample = sample_checkbox("Without images, use four simulated ones", "sample-views")
            known = gr.State([])
            used = gr.CheckboxGroup([], label="Images to use", visible=False, elem_id="used", elem_classes="sr-names")
            gr.Markdown(_HELP)
            model = gr.Dropdown(models.names_of_several(), value=REVISITS_MODEL, label="Model")
            about = gr.Markdown(describe_model(models, REVISITS_MODEL), elem_classes="sr-estimate")
            reference = gr.Dropdown([AUTOMATIC], value=AUTOMATIC, label="Reference", elem_id="reference")
            reading = ReadingControls(single=False)
            start = gr.Button("Super-resolve", variant="primary", elem_id="start-revisits")
        with gr.Column(scale=5, min_width=RESULT_PX, elem_classes="sr-result"):
            result = gr.HTML(_NOTHING, elem_id="revisits-result")

    def offer(files: list[str] | None, known: list[str], used: list[str], reference: str) -> tuple[object, ...]:
        images = images_among(files or [])
        left_out = left_out_of(known, used) if len(images) > 1 else set()
        offered = [key_of(image) for image in images]
        choices = list(zip(tell_apart(images), offered, strict=True))
        still = [key for key in offered if key not in left_out]
        shown = gr.update(choices=choices, value=still, visible=len(images) > 1)
        return offered, shown, references(offered, still, reference)

    def references(known: list[str], used: list[str], reference: str) -> object:
        choices = [AUTOMATIC, *dict.fromkeys(Path(image).name for image in known if image in used)]
        return gr.update(choices=choices, value=reference if reference in choices else AUTOMATIC)

    def submit(
        files: list[str] | None,
        model: str,
        known: list[str],
        used: list[str],
        reference: str,
        use_sample: bool,
        band_names: str,
        scale: str,
        offset: str,
        nodata: str,
        http: gr.Request | None = None,
    ) -> str:
        if not (files or use_sample):
            return refusal(
                InputError("There are no images yet. Upload several of one place, or use the simulated ones.")
            )
        try:
            request = from_visitor(make_revisits_request(models, model), http)
            request = read_as(request, band_names, scale, offset, nodata)
            name = "" if reference == AUTOMATIC else reference
            left_out = left_out_of(known, used)
            unused = [file for file in files or [] if key_of(Path(file)) in left_out]
            return job_html(submit_views(jobs, files or [], request, name, unused).id)
        except InputError as error:
            return refusal(error)

    model.change(lambda name: describe_model(models, name), model, about, api_visibility="private")
    files.change(
        offer,
        [files, known, used, reference],
        [known, used, reference],
        api_visibility="private",
        show_progress="hidden",
    )
    used.input(references, [known, used, reference], reference, api_visibility="private", show_progress="hidden")
    asked = [files, model, known, used, reference, use_sample, *reading.inputs]
    start.click(submit, asked, result, api_visibility="private", concurrency_limit=8)
    return result


def left_out_of(known: list[str], used: list[str]) -> set[str]:
    """Return the images that the visitor left out. An image that was not offered yet, because it just came, is used.

    Args:
        known: keys of the images that were offered, see `key_of`.
        used: keys of those that are chosen.
    """
    return set(known) - set(used)


def key_of(image: Path) -> str:
    """Return what tells an upload from others in the page: its own folder and its name, without those above."""
    return f"{image.parent.name}/{image.name}"


def tell_apart(images: list[Path]) -> list[str]:
    """Return the names of images, with a number behind those that several images have."""
    names = [image.name for image in images]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: index + 1].count(name)})"
        for index, name in enumerate(names)
    ]
