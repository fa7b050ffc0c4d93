"""How good the app's estimates of time are: python -m benchmarks.estimates [--parts].

Puts jobs of mixed sizes, models and sources into the queue of a server, one after the other, and compares the time that
visitors are told before with the time that the job takes. Prints a table for the first visitors of a server, one for
later ones, and one for those after a restart, when the server knows the pace of before. Needs nothing, and takes about
six minutes. --parts prints the times of the parts, from which the constants in app/jobs/parts.py come.
"""

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio

from app.jobs.models import Models
from app.jobs.parts import laps_of
from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from app.jobs.sample import SAMPLE_BANDS, sample_dn, sample_transform, submit_sample
from app.jobs.submit import submit_image
from app.settings import Settings

FACTOR = 1.5
# Sides of the images, pixels, in a mixed order, and their models.
SIDES = (60, 500, 150, 900, 300, 80, 700, 200, 1200, 400)
MODELS = (("sisr-x4-rgbn", True), ("sisr-x2-rgbn", False), ("srgan-x4-rgbn", False))
# Before this round the server is started again.
RESTART = "First jobs after a restart"
# Every how many-th of these sizes is next, by the title of the table.
ROUNDS = {"First jobs of a server": 1, "Later jobs": 7, RESTART: 3}


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


def run(jobs: Jobs, source: Path, request: Request, parts: bool) -> tuple[float, float]:
    """Do a job; return the seconds that were told before and those that it took.

    Args:
        jobs: the queue.
        source: the image.
        request: models and options.
        parts: whether to print the expected and the measured times of the laps.
    """
    job: Job = submit_image(jobs, source, request)
    told, began = jobs.seconds(job.request, job.outlook), time.monotonic()
    jobs.wait(job)
    took = time.monotonic() - began
    if parts and job.times:
        laps = laps_of(job.request, job.outlook, jobs.models).laps
        for lap, seconds in zip(laps, [*job.times.seconds, took - sum(job.times.seconds)], strict=True):
            names = " + ".join(f"{part.name} ({part.group}; {part.kind}) {part.seconds:.2f}" for part in lap)
            print(f"{seconds:8.2f} s  {names}", file=sys.stderr, flush=True)
    return told, took


def start(settings: Settings) -> Jobs:
    """Start the queue of a server, which begins with the sample as the app does."""
    settings.folder.mkdir(exist_ok=True)  # a server that ends removes it
    jobs = Jobs(settings, Models())
    jobs.wait(submit_sample(jobs))
    return jobs


def main() -> None:
    """Do all jobs in each round and print the tables."""
    parser = argparse.ArgumentParser(description="How good the app's estimates of time are.")
    parser.add_argument(
        "--parts",
        action="store_true",
        help="print the times of the parts",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder=Path(folder) / "work", pace_file=Path(folder) / "pace.json")
        jobs = start(settings)
        images = {side: write_image(Path(folder), side) for side in SIDES}
        requests = [Request(Path(), (name,), uncertainty=uncertainty) for name, uncertainty in MODELS]
        for title, step in ROUNDS.items():
            if title == RESTART:
                jobs.close()
                jobs = start(settings)
            print(f"{title}\n\n| model | pixels | told | took | factor |\n| --- | ---: | ---: | ---: | ---: |")
            good = 0
            for number in range(len(SIDES)):
                side = SIDES[number * step % len(SIDES)]
                request = requests[number % len(requests)]
                told, took = run(jobs, images[side], dataclasses.replace(request), options.parts)
                factor = max(told / took, took / told)
                good += factor <= FACTOR
                line = f"| {request.models[0]} | {side} x {side} | {told:.1f} s | {took:.1f} s | {factor:.2f} |"
                print(line, flush=True)
            print(f"\n{good} of {len(SIDES)} within a factor of {FACTOR}\n")
        jobs.close()


if __name__ == "__main__":
    main()
