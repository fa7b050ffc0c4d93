"""The sample: the Sentinel-2 chip in the package spyndex (MIT licence), to try the app without an upload."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import rasterio
import torch
from affine import Affine

from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf

# As spyndex documents its "sentinel" data set: DN without offset, 10 m bands, no georeference.
_BANDS = ("B02", "B03", "B04", "B08")
# Positions of the pixels in four simulated revisits.
_OFFSETS_LR_PX = ((0.0, 0.0), (0.5, -0.25), (-0.4, 0.45), (0.1, 0.5))
_NOISE_DN = 5.0


def write_sample(folder: Path) -> Path:
    """Write the chip into `folder` as a GeoTIFF with band descriptions; return its path."""
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
        transform=Affine(10, 0, 0, 0, -10, 10 * height),  # pixels of 10 m, without a CRS
        compress="zstd",
    ) as dataset:
        dataset.write(dn)
        dataset.descriptions = _BANDS
    return target


def write_sample_revisits(folder: Path) -> list[Path]:
    """Write four simulated revisits of the chip at 20 m into `folder`; return their paths."""
    with rasterio.open(write_sample(folder)) as dataset:
        fine = torch.from_numpy(dataset.read().astype(np.float32))[None]
        profile = dataset.profile
    random = np.random.default_rng(0)
    paths = []
    for number, offset in enumerate(_OFFSETS_LR_PX, start=1):
        seen = degrade(fine, 2, wald_mtf(SENTINEL2.mtf_nyquist(_BANDS), 2), torch.tensor([offset]))[0].numpy()
        seen = seen + _NOISE_DN * random.standard_normal(seen.shape)
        profile |= {"height": seen.shape[1], "width": seen.shape[2], "transform": Affine(20, 0, 0, 0, -20, 3000)}
        paths.append(folder / f"simulated_view_{number}.tif")
        with rasterio.open(paths[-1], "w", **profile) as out:
            out.write(seen.round().clip(1, 65_535).astype(np.uint16))
            out.descriptions = _BANDS
    return paths


def submit_sample(jobs: Jobs) -> Job:
    """Put the sample into the queue with the default model; return the job, whose result all visitors see first."""
    with jobs.new_folder() as folder:
        request = Request(write_sample(folder), (DEFAULT_MODEL,), uncertainty=True)
        return jobs.submit(request, request.source.name, folder, kept=True)
