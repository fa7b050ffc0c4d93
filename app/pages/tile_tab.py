"""The tab for a Sentinel-2 product: a quicklook, an area on it, and the result."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from app.degrees import degrees_in_words
from app.errors import for_people
from app.jobs.models import Models
from app.jobs.queue import Jobs
from app.pages.durations import time_range
from app.pages.forms import RESULT_PX, JobTab, ModelControls, empty, from_visitor, job_html, refusal
from app.pages.upload_field import upload_field
from app.products.product import Product
from app.products.store import Products
from app.products.submit import Forecast, foresee, submit_product
from rs_srgan import InputError

# The area before a visitor draws one: it takes half a minute on two cores.
_FIRST_AREA_M = 5_000.0
_NOTHING = empty(
    "No product yet",
    "Upload a zipped Sentinel-2 product (L1C or L2A, as downloaded), or try the sample. Then draw an area on it, and "
    "see the result on a map.",
)


@dataclass(frozen=True)
class TileTab(JobTab):
    """The components of the tab that the rest of the page uses.

    Attributes:
        shown: id of the product, its quicklook, and the area, in the order of the results of `reopen`.
        reopen: function that returns their values for the address of a page, which names a product and an area.
        forecast: function that returns the estimate.
        asked: the components whose values it takes.
        estimate: where it is shown.
    """

    shown: tuple[gr.State, gr.HTML, gr.Textbox]
    reopen: Callable[[gr.Request], tuple[object, ...]]
    forecast: Callable[..., object]
    asked: list[gr.components.Component]
    estimate: gr.Markdown


def tile_tab(jobs: Jobs, models: Models, products: Products) -> TileTab:
    """Build the tab in an open `gr.Tabs`."""
    with gr.Tab("Tile", id="tile"), gr.Row():
        known = gr.State(None)
        with gr.Column(scale=2, min_width=290):
            file = upload_field("A zipped Sentinel-2 product", elem_id="product", height=150)
            sample = gr.Button("Try a sample product", size="sm", elem_id="sample-product")
            choice = gr.Dropdown([], value=None, label="Or a product of this server", visible=False, elem_id="offered")
            area = gr.Textbox(
                label="Area of interest",
                info="Draw a rectangle on the picture, or type west south east north in degrees, or GeoJSON. "
                "Leave empty for the whole product.",
                placeholder="10.90 46.40 11.10 46.50",
                elem_id="area",
            )
            controls = ModelControls(models, guided=True)
            estimate = gr.Markdown("", elem_id="estimate", elem_classes="sr-estimate")
            start = gr.Button("Super-resolve this area", variant="primary", elem_id="start-tile")
        with gr.Column(scale=5, min_width=RESULT_PX, elem_classes="sr-result"):
            glance = gr.HTML(_NOTHING, elem_id="glance")
            result = gr.HTML("", elem_id="tile-result")

    def arrive(product: Product) -> tuple[str, str, str, str]:
        box = " ".join(map(str, product.centre(_FIRST_AREA_M)))
        return product.id, _glance(product, box), box, ""

    def reopen(http: gr.Request) -> tuple[object, ...]:
        name, box = (str(http.query_params.get(key, "")) for key in ("product", "area"))
        if not name:
            return gr.skip(), gr.skip(), gr.skip()
        try:
            product = products.get(name)
        except InputError as error:
            return None, refusal(error), ""
        box = box or " ".join(map(str, product.centre(_FIRST_AREA_M)))
        return product.id, _glance(product, box), box

    def upload(file: str | None) -> tuple[object, ...]:
        if not file:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        try:
            return arrive(products.receive(Path(file)))
        except InputError as error:
            return None, refusal(error), "", ""

    def offer() -> object:
        offered = products.offered()
        return gr.update(choices=offered, visible=bool(offered))

    def choose(name: str | None) -> tuple[object, ...]:
        if not name:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        try:
            return arrive(products.choose(name))
        except InputError as error:
            return None, refusal(error), "", ""

    def try_sample() -> tuple[object, ...]:
        try:
            return arrive(products.make_sample())
        except InputError as error:
            return None, refusal(error), "", ""

    def forecast(
        known: str | None, area: str | None, model: str, other: str, detail: float, uncertainty: bool
    ) -> object:
        if not known:
            return ""
        if area is None:  # a reopened page has the product before its area
            return gr.skip()
        try:
            request = controls.request(model, other, detail, uncertainty)
            return describe_forecast(foresee(jobs, products.get(known), area, request))
        except InputError as error:
            return html.escape(for_people(error))

    def submit(
        known: str | None,
        area: str | None,
        model: str,
        other: str,
        detail: float,
        uncertainty: bool,
        http: gr.Request | None = None,
    ) -> str:
        try:
            request = from_visitor(controls.request(model, other, detail, uncertainty), http)
            return job_html(submit_product(jobs, products.get(known), area or "", request).id)
        except InputError as error:
            return refusal(error)

    outputs = [known, glance, area, result]
    # without triggers: when a page loads, since products may come while the server runs
    gr.on(fn=offer, outputs=choice, api_visibility="private", show_progress="hidden", concurrency_limit=4)
    for arrives, receive, given, others, at_once in (
        (file.upload, upload, file, [choice], 4),
        (sample.click, try_sample, None, [file, choice], 2),
        (choice.input, choose, choice, [file], 4),
    ):
        # Until the product is there, a request would be for the one before, and its result would be replaced. The
        # fields for other products must not name the one before, either. A list that is left by Tab gives None.
        switch = _switched(on=False, cleared=len(others), unless_empty=given is choice)
        arrives(None, given, [start, *others], js=switch, api_visibility="private")
        received = arrives(
            receive, given, outputs, api_visibility="private", show_progress_on=glance, concurrency_limit=at_once
        )
        received.then(None, None, start, js=_switched(on=True), api_visibility="private")
    asked = [known, area, *controls.inputs]
    gr.on(
        [known.change, area.change, *(control.change for control in controls.inputs)],  # type: ignore[attr-defined]
        forecast,
        asked,
        estimate,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="always_last",
        concurrency_limit=4,
    )
    start.click(submit, asked, result, api_visibility="private", concurrency_limit=8)
    return TileTab(controls.model, controls.other, result, (known, glance, area), reopen, forecast, asked, estimate)


def describe_forecast(forecast: Forecast) -> str:
    """Return an estimate as Markdown."""
    grid, scale = forecast.outlook.grid, forecast.outlook.scale
    waiting = forecast.waiting_seconds
    queue = f", after about {time_range(waiting)} in the queue" if waiting >= 1 else ""
    return (
        f"{grid.width} x {grid.height} px become {grid.width * scale} x {grid.height * scale} px in "
        f"**{time_range(forecast.seconds)}**{queue}. The files have about **{_size(forecast.outlook.result_bytes)}**."
    )


def _switched(*, on: bool, cleared: int = 0, unless_empty: bool = False) -> str:
    """Return JavaScript that switches a button, in the form of `gr.update`, and clears so many other fields.

    Args:
        on: whether the button can be pressed.
        cleared: number of fields to clear.
        unless_empty: leave all as it is if the value that the function gets is empty.
    """
    changed = ", ".join([f"{{interactive: {str(on).lower()}, __type__: 'update'}}", *["null"] * cleared])
    same = ", ".join(["{__type__: 'update'}"] * (1 + cleared))
    return f"value => value || {str(not unless_empty).lower()} ? [{changed}] : [{same}]"


def _glance(product: Product, area: str) -> str:
    """Return a product as HTML: its facts, and its quicklook with an area."""
    safe = product.glance.safe
    facts = {
        "Product": f"{safe.level}, tile {safe.tile}" if safe.tile else safe.level,
        "Date": f"{safe.sensed:%d %B %Y, %H:%M} UTC" if safe.sensed else "unknown",
        "Clouds": f"{safe.cloud_percent:.1f} %" if safe.cloud_percent is not None else "unknown",
        "Baseline": f"{safe.baseline}, offset {next(iter(safe.offsets.values())):+.0f} DN",
        "Footprint": ", ".join(degrees_in_words(lon, lat, 2) for lon, lat in product.corners()[::2]),
    }
    note = f'<p class="sr-note">{html.escape(product.note)}</p>' if product.note else ""
    listed = "".join(f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts.items())
    return (
        f'<div class="sr-title"><h2>{html.escape(product.title)}</h2>{note}</div><dl class="sr-facts">{listed}</dl>'
        f'<sr-quicklook data-id="{product.id}" data-field="area" data-area="{html.escape(area)}"></sr-quicklook>'
        '<p class="sr-hint">Draw a rectangle around the area that you want to see.</p>'
    )


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
