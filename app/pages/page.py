"""The page with its tabs."""

import html
import json
from contextlib import suppress

import gradio as gr

from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from app.pages.about_tab import about_tab
from app.pages.assets import LANGUAGES
from app.pages.endpoints import add_endpoints, refuse_missing_values
from app.pages.forms import job_html
from app.pages.models_tab import models_tab
from app.pages.patch_tab import patch_tab
from app.pages.place_tab import place_tab
from app.pages.revisits_tab import revisits_tab
from app.pages.sessions import MOST_SESSIONS
from app.pages.tile_tab import tile_tab
from app.pages.upload_field import accept_uploads_only
from app.places.places import Places
from app.products.store import Products
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.reading.safe import is_product

# Coarse pixels that become fine ones.
_LOGO = """<svg viewBox="0 0 44 44" aria-hidden="true"><rect width="44" height="44" rx="10" fill="#0f2a33"/>
<g fill="#2dd4bf"><rect x="7" y="7" width="14" height="14" fill="#115e59"/>
<rect x="7" y="23" width="14" height="14" fill="#0d9488"/>
<rect x="23" y="7" width="6" height="6"/><rect x="31" y="7" width="6" height="6" fill="#5eead4"/>
<rect x="23" y="15" width="6" height="6" fill="#14b8a6"/><rect x="31" y="15" width="6" height="6" fill="#99f6e4"/>
<rect x="23" y="23" width="6" height="6" fill="#5eead4"/><rect x="31" y="23" width="6" height="6"/>
<rect x="23" y="31" width="6" height="6"/><rect x="31" y="31" width="6" height="6" fill="#0f766e"/></g></svg>"""

_HEAD = """<header class="sr-head">{logo}<div><h1>rs_srgan</h1>
<p>Sentinel-2 images have pixels of 10 m. A model computes an image with pixels of 2.5 m. Drag the line to compare.</p>
</div>
<select id="sr-language" aria-label="Language" translate="no">{choices}</select>
<button type="button" id="sr-light" aria-label="Switch between light and dark">◐</button></header>"""


def build(settings: Settings, models: Models, jobs: Jobs, products: Products, places: Places, sample: Job) -> gr.Blocks:
    """Return the page of a server."""
    page: gr.Blocks
    with gr.Blocks(title="rs_srgan", delete_cache=(settings.keep, settings.keep)) as page:
        gr.HTML(_HEAD.format(logo=_LOGO, choices=_language_choices()))
        with gr.Tabs() as tabs:
            patch = patch_tab(jobs, models, sample)
            place = place_tab(jobs, models, places)
            tile = tile_tab(jobs, models, products)
            revisits = revisits_tab(jobs, models)
            models_tab(models, [patch.model, tile.model], [patch.other, tile.other])
            about_tab(settings)
        add_endpoints(jobs, models, products, places)

        def reopen(request: gr.Request) -> tuple[object, ...]:
            """Show the job that the address of the page names, in the tab that it came from."""
            name = str(request.query_params.get("job", ""))
            places = {"patch": gr.skip(), "place": gr.skip(), "tile": gr.skip(), "revisits": gr.skip()}
            if not name:
                product = "product" in request.query_params
                return (*places.values(), gr.Tabs(selected="tile") if product else gr.skip())
            tab = "patch"  # shows an error if the job has been removed
            with suppress(InputError):
                asked = jobs.get(name).request
                tab = _tab_of(asked)
            places[tab] = job_html(name)
            return (*places.values(), gr.Tabs(selected=tab))

        shown = [patch.result, place, tile.result, revisits, tabs]
        page.load(reopen, None, shown, api_visibility="private", show_progress="hidden")
        reopened = page.load(tile.reopen, None, list(tile.shown), api_visibility="private", show_progress="hidden")
        # While the page is drawn, the last of several changes may not ask for an estimate.
        reopened.then(tile.forecast, tile.asked, tile.estimate, api_visibility="private", show_progress="hidden")
    page.queue(max_size=100, api_open=False)  # all requests wait in the queue
    page.state_session_capacity = MOST_SESSIONS
    accept_uploads_only(page)
    refuse_missing_values(page)
    return page


def _language_choices() -> str:
    """Return the languages of the page as options of a list, each by its own name."""
    names = {"en": "English"} | {
        code: json.loads(path.read_text(encoding="utf-8"))["language"] for code, path in LANGUAGES.items()
    }
    return "".join(f'<option value="{code}" lang="{code}">{html.escape(name)}</option>' for code, name in names.items())


def _tab_of(asked: Request) -> str:
    """Return the id of the tab that a request came from."""
    if asked.scenes:
        return "place"
    if is_product(asked.source):
        return "tile"
    return "revisits" if asked.others else "patch"
