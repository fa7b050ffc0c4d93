"""The start of a Hugging Face Space. Elsewhere use `python -m app`."""

import os
import sys
from pathlib import Path

# In a Space this folder is the root of the repository, so its parent must be on the path to import `app`.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

if __name__ == "__main__":  # child processes import this file, too
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")  # only the proxy of the Hub reaches a Space
    from app.sandbox.process import cut_down_gdal, gdal_settings

    cut_down_gdal(gdal_settings())
    from app.jobs.pace_file import default_file
    from app.server import serve
    from app.settings import Settings

    everywhere = "0.0.0.0"  # nosec B104  # the proxy of the Hub asks from elsewhere
    port = int(os.environ.get("PORT", "7860"))
    serve(Settings(host=everywhere, port=port, max_lr_px=16_000_000, pace_file=default_file()))
