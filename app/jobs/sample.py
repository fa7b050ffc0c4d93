"""The samples: the Sentinel-2 chip in the package spyndex (MIT licence), to try the app without an upload.

The pixels of the chip are real. Its place and its date are not known, so that those of the samples are made up. Every
sample states this in its tag ATTRIBUTION, which its result carries over.
"""

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
from rs_srgan.pixels.radiometry import Image
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf

# As spyndex documents its "sentinel" data set: DN without offset, 10 m bands, no georeference.
SAMPLE_BANDS = ("B02", "B03", "B04", "B08")
# The samples lie in the Gulf of Guinea, where nobody takes them for a place.
SAMPLE_CRS = "EPSG:32631"
_EAST_M, _NORTH_M = 500_000, 3_000
_PACKAGE = "package spyndex"
_SOURCE = f"Sentinel-2 chip of the {_PACKAGE}"
_ATTRIBUTION = f"{_SOURCE}. Its place is not known: it is shown in the sea, at 0° N 3° E."
_SIMULATED = f"Simulated from the {_SOURCE}. Dates, shifts, noise, the cloud and the place are made up."
# Positions of the pixels in four simulated revisits, by their dates.
_OFFSETS_LR_PX = {
    "2023-06-01": (0.0, 0.0),
    "2023-06-06": (0.5, -0.25),
    "2023-06-11": (-0.4, 0.45),
    "2023-06-16": (0.1, 0.5),
}
_NOISE_DN = 5.0
# The cloud: its middle and its width as shares of the image, its DN, and the density from which the mask hides pixels.
_CLOUD_AT, _CLOUD_WIDTH, _CLOUD_DN, _CLOUD_HIDES = (0.3, 0.65), 0.12, 6000.0, 0.01


def sample_transform(gsd_m: int) -> Affine:
    """Return the geotransform of samples with pixels of `gsd_m` metres."""
    return Affine(gsd_m, 0, _EAST_M, 0, -gsd_m, _NORTH_M)


def sample_dn() -> Image:
    """Return the DN of the chip, uint16, (4, 300, 300), in the order of SAMPLE_BANDS."""
    return np.array(json.loads((files("spyndex") / "data" / "S2_10m.json").read_text(encoding="utf-8")), np.uint16)


def is_sample(stated: str) -> bool:
    """Return whether an image is one of the samples, or made from one, by what it states about its source."""
    return _PACKAGE in stated


def write_sample(folder: Path) -> Path:
    """Write the chip into `folder` as a GeoTIFF with band descriptions; return its path."""
    return _write(folder / "sentinel2_sample.tif", sample_dn(), 10, _ATTRIBUTION)


def write_sample_revisits(folder: Path) -> list[Path]:
    """Write four simulated revisits of the chip at 20 m into `folder`; return their paths."""
    fine = torch.from_numpy(sample_dn().astype(np.float32))[None]
    random = np.random.default_rng(0)
    paths = []
    for date, offset in _OFFSETS_LR_PX.items():
        seen = degrade(fine, 2, wald_mtf(SENTINEL2.mtf_nyquist(SAMPLE_BANDS), 2), torch.tensor([offset]))[0].numpy()
        seen = seen + _NOISE_DN * random.standard_normal(seen.shape)
        dn = seen.round().clip(1, 65_535).astype(np.uint16)
        paths.append(_write(folder / f"simulated_{date}.tif", dn, 20, _SIMULATED))
    return paths


def add_cloud(view: Path) -> Path:
    """Draw a cloud into a view, write its mask beside it, and return the path of the mask.

    The mask is 0 where the cloud hides the ground, and 1 elsewhere.
    """
    with rasterio.open(view, "r+") as dataset:
        height, width = dataset.shape
        rows, cols = np.mgrid[:height, :width]
        distance = ((rows / height - _CLOUD_AT[0]) ** 2 + (cols / width - _CLOUD_AT[1]) ** 2) / _CLOUD_WIDTH**2
        density = np.exp(-distance)
        dn = dataset.read()
        dataset.write((dn + density * (_CLOUD_DN - dn)).round().astype(np.uint16))
        profile = dataset.profile | {"count": 1, "dtype": "uint8"}
    mask = view.with_name(f"{view.stem}_mask.tif")
    with rasterio.open(mask, "w", **profile) as out:
        out.write((density < _CLOUD_HIDES).astype(np.uint8), 1)
    return mask


def submit_sample(jobs: Jobs) -> Job:
    """Put the sample into the queue with the default model; return the job, whose result all visitors see first."""
    with jobs.new_folder() as folder:
        request = Request(write_sample(folder), (DEFAULT_MODEL,), uncertainty=True)
        return jobs.submit(request, request.source.name, folder, kept=True)


def _write(target: Path, dn: Image, gsd_m: int, attribution: str) -> Path:
    """Write a sample as a GeoTIFF with pixels of `gsd_m` metres; return its path."""
    bands, height, width = dn.shape
    size = {"count": bands, "height": height, "width": width, "dtype": "uint16"}
    place = {"crs": SAMPLE_CRS, "transform": sample_transform(gsd_m)}
    with rasterio.open(target, "w", driver="GTiff", compress="zstd", **size, **place) as dataset:
        dataset.write(dn)
        dataset.descriptions = SAMPLE_BANDS
        dataset.update_tags(ATTRIBUTION=attribution, LICENSE="MIT")
    return target
