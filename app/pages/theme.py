"""The look of the page: colours, the system's own typeface, and our scripts. Nothing is loaded from other servers."""

import html

import gradio as gr

from app.pages.assets import LANGUAGES, WEB

# The query of the first two pictures that viewer.js loads.
FIRST_LOOK = "size=900&composite=True+colour&cut=0.5&gamma=1.4"

THEME = gr.themes.Base(
    primary_hue="teal",
    secondary_hue="teal",
    neutral_hue="slate",
    radius_size="lg",
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "SFMono-Regular", "monospace"],
).set(
    # White text on 700 has a contrast of 5.5; on 600 it would be too low.
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover_dark="*primary_600",
    button_primary_text_color="white",
    body_background_fill="*neutral_50",
    body_background_fill_dark="#0b0f14",
    background_fill_primary_dark="#10161d",
    background_fill_secondary_dark="#151d26",
    block_background_fill_dark="#10161d",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_400",
    block_label_text_color="*neutral_600",
    block_label_text_color_dark="*neutral_300",
    input_placeholder_color="*neutral_500",
    input_placeholder_color_dark="*neutral_300",
    color_accent="*primary_700",
    link_text_color="*primary_700",
    link_text_color_dark="*primary_300",
    link_text_color_hover="*primary_800",
    link_text_color_visited="*primary_700",
    link_text_color_visited_dark="*primary_300",
)

STYLE_SHEETS = [WEB / "style.css"]

# The addresses are relative, since the server may run below another path.
_HEAD = """
<link rel="stylesheet" href="web/maplibre-gl.css">
<script src="web/maplibre-gl.js" defer></script>
<script src="web/job.js" type="module"></script>
<script src="web/quicklook.js" type="module"></script>
<script src="web/page.js" type="module"></script>
<script src="web/upload.js" type="module"></script>
<script src="web/place.js" type="module"></script>
<link rel="modulepreload" href="web/viewer.js">
<link rel="modulepreload" href="web/stage.js">
<link rel="modulepreload" href="web/reading.js">
<link rel="modulepreload" href="web/chart.js">
"""


def head(sample: str, base_map: str) -> str:
    """Return the head of the page.

    Args:
        sample: id of the job that the page shows first. The browser loads its pictures before Gradio builds the page.
        base_map: address of map tiles that visitors can switch on, "" for none.
    """
    first = "".join(
        f'<link rel="preload" as="image" href="jobs/{sample}/pictures/{layer}.webp?{FIRST_LOOK}">'
        for layer in ("input", "sr")
    )
    return f'{_HEAD}{first.replace("&", "&amp;")}<meta name="sr-base-map" content="{html.escape(base_map)}">'


def first_script() -> str:
    """Return what the page begins with: the languages that it can have, and the script that chooses one."""
    return f'<meta name="sr-languages" content="{" ".join(LANGUAGES)}"><script src="web/language.js"></script>'
