"""The tab for one image."""

import gradio as gr

from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.jobs.submit import submit_image
from app.pages.forms import (
    RESULT_PX,
    JobTab,
    ModelControls,
    from_visitor,
    job_html,
    refusal,
    sample_checkbox,
)
from app.pages.reading_controls import ReadingControls, read_as
from app.pages.upload_field import upload_field
from rs_srgan import InputError


def patch_tab(jobs: Jobs, models: Models, sample: Job) -> JobTab:
    """Build the tab in an open `gr.Tabs`."""
    with gr.Tab("Patch", id="patch"), gr.Row():
        with gr.Column(scale=2, min_width=290):
            file = upload_field("Your image", elem_id="file", height=150)
            gr.Markdown("GeoTIFF, JP2, PNG or NPY with the bands red, green, blue and near infrared.")
            use_sample = sample_checkbox("Without an image, use the sample", "sample-image")
            controls = ModelControls(models, guided=False)
            reading = ReadingControls(single=True)
            start = gr.Button("Super-resolve", variant="primary", elem_id="start")
        with gr.Column(scale=5, min_width=RESULT_PX, elem_classes="sr-result"):
            result = gr.HTML(job_html(sample.id, remember=False), elem_id="patch-result")

    def submit(
        file: str | None,
        model: str,
        other: str,
        detail: float,
        uncertainty: bool,
        use_sample: bool,
        band_names: str,
        scale: str,
        offset: str,
        nodata: str,
        soften: bool,
        http: gr.Request | None = None,
    ) -> str:
        try:
            request = from_visitor(controls.request(model, other, detail, uncertainty), http)
            request = read_as(request, band_names, scale, offset, nodata, soften)
            return job_html(submit_image(jobs, file or (sample.request.source if use_sample else None), request).id)
        except InputError as error:
            return refusal(error)

    asked = [file, *controls.inputs, use_sample, *reading.inputs]
    start.click(submit, asked, result, api_visibility="private", concurrency_limit=8)
    return JobTab(controls.model, controls.other, result)
