"""The tab about limits and credits."""

import gradio as gr

from app.settings import Settings

_TEXT = """
### What this is
Sentinel-2 measures the Earth in pixels of 10 m and 20 m. The models here make two, four or eight times as many along
each axis, in the same 16-bit reflectance and on the same map. What comes out agrees with what the satellite measured:
seen again through its blur, it gives the input back, to a few DN. The layer *|input - SR seen again|* shows how well.

### What it is not
Detail finer than about 5 m is plausible rather than measured. At x2 Sentinel-2's own aliasing supports it well, at x4
the finest of it is what such places usually look like. Do not count cars. For measuring take `sisr-x4-rgbn` or
`sisr-x2-rgbn`, and look at the uncertainty; `srgan-x4-rgbn` adds texture for the eye, as much as *Detail* says.

### What stays here
What you upload and what is made of it lies in a folder of its own with a random name, is shown to nobody without that
name, and is removed {minutes} minutes after the job has ended. Nothing is reported to anybody. This page loads nothing
from other machines, unless you ask for the base map.

### Limits of this server
Files up to {upload}, areas up to {pixels:.0f} million pixels, {workers} at a time.

### For programs
Named endpoints take and return files, see *Use via API* below the page, and `docs/app.md` in the repository.

### Credits
Models: trained on modified Copernicus Sentinel data and on NAIP imagery (USDA, public domain; tiles by Ventura et al.
2024, CC BY 4.0). Sample: the Sentinel-2 chip in [spyndex](https://github.com/awesome-spectral-indices/spyndex) (MIT).
Map: [MapLibre GL JS](https://maplibre.org) (BSD), as the package `maplibre` carries it. Code: rs_srgan, Apache-2.0.
"""


def about_tab(settings: Settings) -> None:
    """Build it, in an open `gr.Tabs`."""
    workers = "one job" if settings.concurrency == 1 else f"{settings.concurrency} jobs"
    upload = (
        f"{settings.max_upload / 1e9:.1f} GB" if settings.max_upload >= 1e9 else f"{settings.max_upload / 1e6:.0f} MB"
    )
    text = _TEXT.format(minutes=settings.keep // 60, upload=upload, pixels=settings.max_lr_px / 1e6, workers=workers)
    with gr.Tab("About", id="about"):
        gr.Markdown(text, elem_id="about-text")
