"""The browser demo. `python -m app`."""

import os

# Gradio reads this when it is imported. Without it, Gradio sends statistics to its makers.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
