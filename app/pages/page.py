"""The page: one look, one tab for each way to use it."""

from contextlib import suppress

import gradio as gr

from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.pages.about_tab import about_tab
from app.pages.endpoints import add_endpoints
from app.pages.forms import job_html
from app.pages.models_tab import models_tab
from app.pages.patch_tab import patch_tab
from app.pages.revisits_tab import revisits_tab
from app.pages.tile_tab import tile_tab
from app.products.store import Products
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.reading.safe import is_product

# Coarse pixels becoming fine ones.
_LOGO = """<svg viewBox="0 0 44 44" aria-hidden="true"><rect width="44" height="44" rx="10" fill="#0f2a33"/>
<g fill="#2dd4bf"><rect x="7" y="7" width="14" height="14" fill="#115e59"/>
<rect x="7" y="23" width="14" height="14" fill="#0d9488"/>
<rect x="23" y="7" width="6" height="6"/><rect x="31" y="7" width="6" height="6" fill="#5eead4"/>
<rect x="23" y="15" width="6" height="6" fill="#14b8a6"/><rect x="31" y="15" width="6" height="6" fill="#99f6e4"/>
<rect x="23" y="23" width="6" height="6" fill="#5eead4"/><rect x="31" y="23" width="6" height="6"/>
<rect x="23" y="31" width="6" height="6"/><rect x="31" y="31" width="6" height="6" fill="#0f766e"/></g></svg>"""

_HEAD = f"""<header class="sr-head">{_LOGO}<div><h1>rs_srgan</h1>
<p>Sentinel-2 sees the Earth in pixels of 10 m. Here a model makes 2.5 m of them, and you judge: drag the line.</p>
</div>
<button type="button" id="sr-light" aria-label="Light or dark">◐</button></header>"""


def build(settings: Settings, models: Models, jobs: Jobs, products: Products, sample: Job) -> gr.Blocks:
    """The page of one server."""
    page: gr.Blocks
    with gr.Blocks(title="rs_srgan", delete_cache=(settings.keep, settings.keep)) as page:
        gr.HTML(_HEAD)
        with gr.Tabs() as tabs:
            patch = patch_tab(jobs, models, sample)
            tile = tile_tab(settings, jobs, models, products)
            revisits = revisits_tab(jobs, models)
            models_tab(models, [patch.model, tile.model], [patch.other, tile.other])
            about_tab(settings)
        add_endpoints(jobs, models, products)

        def reopen(request: gr.Request) -> tuple[object, ...]:
            """The job that the page's address names, where it was asked for."""
            name = str(request.query_params.get("job", ""))
            places = {"patch": gr.skip(), "tile": gr.skip(), "revisits": gr.skip()}
            if not name:
                return (*places.values(), gr.skip())
            tab = "patch"  # the page itself says that a job has gone
            with suppress(InputError):
                asked = jobs.get(name).request
                tab = "tile" if is_product(asked.source) else "revisits" if asked.others else tab
            places[tab] = job_html(name)
            return (*places.values(), gr.Tabs(selected=tab))

        page.load(
            reopen, None, [patch.result, tile.result, revisits, tabs], api_visibility="private", show_progress="hidden"
        )
    page.queue(max_size=100)
    # Gradio looks whether a file that a request names was uploaded only when it was launched; mounted, it is not, and
    # any file of this machine could be named.
    page.has_launched = True
    return page
