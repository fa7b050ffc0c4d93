"""An image to try the demo with: the Sentinel-2 chip that the spyndex package (MIT) carries."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from app.jobs import Job, Jobs
from app.request import Request
from rs_srgan.hub import DEFAULT_MODEL

# As spyndex documents its "sentinel" data set: DN without offset, 10 m bands, no georeference.
_BANDS = ("B02", "B03", "B04", "B08")


def write_sample(folder: Path) -> Path:
    """Write the chip as a GeoTIFF with described bands into `folder`; its path."""
    dn = np.array(json.loads((files("spyndex") / "data" / "S2_10m.json").read_text(encoding="utf-8")), np.uint16)
    bands, height, width = dn.shape
    target = folder / "sentinel2_sample.tif"
    with rasterio.open(
        target,
        "w",
        driver="GTiff",
        count=bands,
        height=height,
        width=width,
        dtype="uint16",
        transform=Affine(10, 0, 0, 0, -10, 10 * height),  # pixels of 10 m, nowhere in particular
        compress="zstd",
    ) as dataset:
        dataset.write(dn)
        dataset.descriptions = _BANDS
    return target


def submit_sample(jobs: Jobs) -> Job:
    """Have the default model do it, once for everybody: the first thing that a visitor sees."""
    name, folder = jobs.new_folder()
    request = Request(write_sample(folder), (DEFAULT_MODEL,), uncertainty=True, engine=jobs.settings.engine)
    return jobs.submit(request, "sentinel2_sample.tif", (name, folder), kept=True)
