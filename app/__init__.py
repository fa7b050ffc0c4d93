"""The browser demo. `python -m app`."""

import os

# Before gradio is imported anywhere: it reads this once, and reports to its makers otherwise.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
