"""The page: what is on it, and what each control does."""

import html
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from app.jobs import MAX_LR_PX, Job, work
from app.sample import write_sample
from app.theme import CSS, THEME
from app.views import LEFT_SIDES, MAX_SIDE_SR_PX, NEAREST, composites, picture_pair
from rs_srgan import InputError
from rs_srgan.hub import DEFAULT_MODEL, catalogue
from rs_srgan.inference.scene import Progress
from rs_srgan.io.opening import SUFFIXES

OFFSETS = {"As the file says": None, "-1000: untagged pixels of baseline 04.00 or later": -1000.0}

# A result is kept this long, and uploads are cleared away at the same pace, seconds.
KEEP = 3600
MAX_UPLOAD = "256mb"

_CLEARED = "This image has been cleared away. Upload it again."

_SHOW_SLIDER = "() => { if (innerWidth < 800) document.getElementById('slider').scrollIntoView({behavior: 'smooth'}) }"

_INTRO = """# rs_srgan
Sentinel-2 sees the Earth at 10 m. Here a model makes 2.5 m of it, and you judge: drag the slider."""


# What an event gives back to the page, one value for each of its outputs, as often as there is something new.
Updates = Iterator[tuple[Any, ...]]


def _box(error: InputError) -> gr.Error:
    """What is wrong with a request, as text in a box on the page, with no traceback anywhere."""
    return gr.Error(html.escape(str(error)), title="That did not work", print_exception=False)


def describe_model(name: str) -> str:
    """A line on what to expect of a bundled model."""
    model = catalogue()[name]
    bicubic, projected, own = model.psnr_db()
    if base := model.config.base_model:
        return (
            f"{' '.join(model.config.bands)}, x{model.config.scale}. Texture added to what {base} makes: sharper, "
            f"and by {catalogue()[base].psnr_db()[-1] - own:.1f} dB farther from the truth. Not for measuring."
        )
    return (
        f"{' '.join(model.config.bands)}, x{model.config.scale}. From 40 m to 10 m, on sites it never saw: "
        f"{own - bicubic:.1f} dB above bicubic, {own - projected:.1f} above "
        "back-projection. The finest detail is a plausible guess."
    )


def describe_job(job: Job) -> str:
    """A line on what was done."""
    config = catalogue()[job.model].config
    before, after = job.grid, job.grid.scaled(config.scale)
    size = f"{before.width} x {before.height} px became {after.width} x {after.height} px"
    if before.crs and before.crs.is_projected:
        size += f", {before.transform.a:g} m became {after.transform.a:g} m"
    shown = " The slider shows the centre." if max(after.width, after.height) > MAX_SIDE_SR_PX else ""
    return f"{size}, with {job.model} in {job.seconds:.1f} s. Read as {job.scaling}.{shown}"


def super_resolve(
    file: str | None,
    model: str,
    offset: str,
    composite: str,
    left: str,
    previous: Job | None,
    progress: gr.Progress = gr.Progress(),
) -> Updates:
    """Super-resolve an uploaded image; yields after every tile, so that stopping it does stop it."""
    if previous:
        previous.delete()
    yield None, "Working ...", None, gr.update(interactive=False)
    try:
        yield from _work(file, model, offset, composite, left, progress)
    except InputError as error:
        # the box goes away by itself, the line stays
        yield None, html.escape(str(error)), None, gr.update(interactive=False)
        raise _box(error) from None


def _work(file: str | None, model: str, offset: str, composite: str, left: str, progress: gr.Progress) -> Updates:
    if not file:
        raise InputError("There is no image yet: upload one, or press the sample button.")
    if not Path(file).exists():
        raise InputError(_CLEARED)
    with closing(work(Path(file), model, OFFSETS[offset])) as steps:
        for state in steps:
            if isinstance(state, Progress):
                progress((state.done_px, state.total_px), unit="px", desc=f"about {state.seconds_left:.0f} s left")
                yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
            else:
                pictures = picture_pair(state, composite, left)
                yield pictures, describe_job(state), state, gr.update(value=str(state.target), interactive=True)


def super_resolve_sample(
    model: str, composite: str, left: str, previous: Job | None, progress: gr.Progress = gr.Progress()
) -> Updates:
    """The same for the sample."""
    if not _sample().exists():  # somebody tidied up the temporary files
        _sample.cache_clear()
    yield from super_resolve(str(_sample()), model, next(iter(OFFSETS)), composite, left, previous, progress)


@cache
def _sample() -> Path:
    return write_sample(Path(tempfile.mkdtemp(prefix="rs_srgan_sample_")))


def show(job: Job | None, composite: str, left: str) -> Any:  # noqa: ANN401
    """The slider's pictures of a finished job in another composite or against another left side."""
    if job is None:
        return gr.skip()
    if not (job.source.exists() and job.target.exists()):
        raise _box(InputError(_CLEARED))
    return picture_pair(job, composite, left)


def build() -> gr.Blocks:
    """The page."""
    models = [name for name, model in catalogue().items() if not model.config.guide_bands]  # those take a product
    choices = list(composites(catalogue()[DEFAULT_MODEL].config.bands))
    page: gr.Blocks
    with gr.Blocks(title="rs_srgan", delete_cache=(KEEP, KEEP)) as page:
        gr.Markdown(_INTRO)
        job = gr.State(None, time_to_live=KEEP, delete_callback=lambda job: job.delete() if job else None)
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                model = gr.Dropdown(models, value=DEFAULT_MODEL, label="Model")
                about = gr.Markdown(describe_model(DEFAULT_MODEL))
                sample = gr.Button("Show me with the sample", variant="primary", elem_id="sample")
                file = gr.File(
                    label="Or your own image",
                    file_types=list(SUFFIXES),
                    elem_id="file",
                )
                gr.Markdown(
                    "GeoTIFF, JP2 or NPY with the model's bands (PNG where three are enough), "
                    f"up to {MAX_LR_PX / 1e6:.0f} million pixels."
                )
                offset = gr.Dropdown(
                    list(OFFSETS), value=next(iter(OFFSETS)), label="Offset added to the DN before dividing by 10000"
                )
                with gr.Row():
                    start = gr.Button("Super-resolve", variant="primary", elem_id="start")
                    stop = gr.Button("Stop", variant="stop", elem_id="stop")
            with gr.Column(scale=3, min_width=320):
                with gr.Row():
                    composite = gr.Radio(choices, value=choices[0], label="Show", elem_id="composite")
                    left = gr.Radio(list(LEFT_SIDES), value=NEAREST, label="On the left", elem_id="left")
                slider = gr.ImageSlider(
                    label="Input | super-resolved", format="png", interactive=False, max_height=640, elem_id="slider"
                )
                report = gr.Markdown("Nothing to show yet.", elem_id="report")
                download = gr.DownloadButton("Download GeoTIFF", interactive=False, elem_id="download")

        inputs: list[gr.components.Component] = [file, model, offset, composite, left, job]
        outputs: list[gr.components.Component] = [slider, report, job, download]
        model.change(describe_model, model, about, api_visibility="private")
        # One queue for both: two images at once on two cores would both be late.
        run = start.click(
            super_resolve,
            inputs,
            outputs,
            api_name="super_resolve",
            concurrency_id="super_resolve",
            concurrency_limit=1,
            show_progress_on=slider,
        )
        run_sample = sample.click(
            super_resolve_sample,
            [model, composite, left, job],
            outputs,
            api_visibility="private",
            concurrency_id="super_resolve",
            concurrency_limit=1,
            show_progress_on=slider,
        )
        for button in (start, sample):  # on a phone the picture is below the fold
            button.click(None, None, None, js=_SHOW_SLIDER, api_visibility="private")
        stop.click(lambda: "Stopped.", None, report, cancels=[run, run_sample], api_visibility="private")
        for control in (composite, left):
            control.change(show, [job, composite, left], slider, api_visibility="private", show_progress="hidden")
    return page


def serve(page: gr.Blocks, host: str, port: int) -> None:
    """Listen until interrupted."""
    page.queue(max_size=20).launch(
        server_name=host,
        server_port=port,
        share=False,
        max_file_size=MAX_UPLOAD,
        theme=THEME,
        css=CSS,
        footer_links=["api"],
    )
