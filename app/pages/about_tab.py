"""The tab about purpose, limits and credits."""

import gradio as gr

from app.settings import Settings

_TEXT = """
## What it does
Sentinel-2 images have pixels of 10 m and 20 m. The models here compute images with two, four or eight times as many
pixels along each side, in the same 16-bit reflectance and with the same georeference. The result agrees with the
measurement: blurred and sampled like the sensor does, it equals the input within a few DN. The layer
*|input - degraded SR|* shows the difference.

## Limits of the models
Detail finer than about 5 m is plausible, not measured. At x2 the aliasing of Sentinel-2 supports the detail well. At x4
the finest detail is what such places usually look like: do not count cars. For measurements use `sisr-x4-rgbn` or
`sisr-x2-rgbn` and look at the uncertainty. `srgan-x4-rgbn` adds texture for the eye; *Detail* sets the amount.

## Privacy
Your uploads and results are in a folder with a random name. Nobody can see them without this name. The server removes
them {minutes} minutes after the job has ended. It reports nothing to anybody. This page loads nothing from other
servers, except for the base map if you switch it on.

## Limits of this server
Files up to {upload}, areas up to {pixels:.0f} million pixels, {workers} at a time.

## For programs
Named endpoints take and return files: see *Use via API* below the page, and `docs/app.md` in the repository.

## Credits
Models: trained on modified Copernicus Sentinel data and on NAIP imagery (USDA, public domain; tiles by Ventura et al.
2024, CC BY 4.0). Sample: the Sentinel-2 chip in [spyndex](https://github.com/awesome-spectral-indices/spyndex) (MIT).
Map: [MapLibre GL JS](https://maplibre.org) (BSD), from the package `maplibre`. Code: rs_srgan, Apache-2.0.
"""


def about_tab(settings: Settings) -> None:
    """Build the tab in an open `gr.Tabs`."""
    workers = "one job" if settings.concurrency == 1 else f"{settings.concurrency} jobs"
    upload = (
        f"{settings.max_upload / 1e9:.1f} GB" if settings.max_upload >= 1e9 else f"{settings.max_upload / 1e6:.0f} MB"
    )
    text = _TEXT.format(minutes=settings.keep // 60, upload=upload, pixels=settings.max_lr_px / 1e6, workers=workers)
    with gr.Tab("About", id="about"):
        gr.Markdown(text, elem_id="about-text")
