"""The look: one accent, the system's own typeface, nothing fetched from elsewhere."""

import gradio as gr

THEME = gr.themes.Base(
    primary_hue="teal",
    neutral_hue="slate",
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)

CSS = """
.gradio-container { max-width: 1400px !important; }
#slider img { image-rendering: pixelated; }
#report { min-height: 2.5em; }
/* the line must show on dark forest and on bright fields */
#slider .outer { filter: drop-shadow(0 0 1px #fff) drop-shadow(0 0 2px #000); }
"""
