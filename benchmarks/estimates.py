"""How good the app's estimates of time are: python -m benchmarks.estimates.

Puts jobs of mixed sizes and models into the queue of a server, one after the other, and compares the time that visitors
are told before with the time that the job takes. Prints a table. Needs nothing, and takes about three minutes.
"""

import dataclasses
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio

from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from app.jobs.sample import SAMPLE_BANDS, sample_dn, sample_transform
from app.jobs.submit import submit_image
from app.settings import Settings

FACTOR = 1.5
# Sides of the images, pixels, in a mixed order, and their models.
SIDES = (60, 500, 150, 900, 300, 80, 700, 200, 1200, 400)
MODELS = (("sisr-x4-rgbn", True), ("sisr-x2-rgbn", False))
# Jobs of each model that the server has done before: the first visitors of a server get poor estimates.
BEFORE = (100, 400)


def write_image(folder: Path, side: int) -> Path:
    """Write an image of `side` x `side` pixels, the sample mirrored and repeated; return its path."""
    chip = np.concatenate([sample_dn(), sample_dn()[:, :, ::-1]], axis=2)
    chip = np.concatenate([chip, chip[:, ::-1]], axis=1)
    times = -(-side // chip.shape[1])
    dn = np.tile(chip, (1, times, times))[:, :side, :side]
    target = folder / f"{side}.tif"
    size = {"count": len(dn), "height": side, "width": side, "dtype": "uint16"}
    with rasterio.open(target, "w", driver="GTiff", transform=sample_transform(10), crs="EPSG:32631", **size) as out:
        out.write(dn)
        out.descriptions = SAMPLE_BANDS
    return target


def run(jobs: Jobs, source: Path, request: Request) -> tuple[float, float]:
    """Do a job; return the seconds that were told before and those that it took."""
    began = time.monotonic()
    job: Job = submit_image(jobs, source, request)
    told = jobs.seconds(request, job.outlook.work_px)
    jobs.wait(job)
    return told, time.monotonic() - began


def main() -> None:
    """Do all jobs and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder=Path(folder) / "work")
        settings.folder.mkdir()
        jobs = Jobs(settings, Models())
        images = {side: write_image(Path(folder), side) for side in (*BEFORE, *SIDES)}
        requests = [Request(Path(), (name,), uncertainty=uncertainty) for name, uncertainty in MODELS]
        for request in requests:
            for side in BEFORE:
                run(jobs, images[side], dataclasses.replace(request))
        print("| model | pixels | told | took | factor |\n| --- | ---: | ---: | ---: | ---: |")
        good = 0
        for number, side in enumerate(SIDES):
            request = requests[number % len(requests)]
            told, took = run(jobs, images[side], request)
            factor = max(told / took, took / told)
            good += factor <= FACTOR
            print(f"| {request.models[0]} | {side} x {side} | {told:.1f} s | {took:.1f} s | {factor:.2f} |", flush=True)
        jobs.close()
    print(f"\n{good} of {len(SIDES)} within a factor of {FACTOR}")


if __name__ == "__main__":
    main()
