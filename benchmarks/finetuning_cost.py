"""Time of a thousand steps of each case in docs/finetuning.md, by the command that stands there."""

import csv
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio

from benchmarks.own_data import places, write, write_pair
from benchmarks.report import ROOT
from rs_srgan.cores import usable_cores
from rs_srgan.evaluation.report.tables import table
from train.data.sources import data_root

GUIDE = ROOT / "docs" / "finetuning.md"
TWELVE = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
# The order matters: the GAN stage begins with the model of the pairs. The clock gives the length of Landsat's run, and
# two machines share the work of one.
CASES = (
    *("Images alone", "Pairs of one sensor", "Pairs of two sensors", "Aerial images, red, green, blue"),
    *("Thermal", "Twelve bands", "Revisits", "GAN stage"),
)
PLACES = 6
STEPS = 40
# Index of the last step that does not count: the first ones set up the libraries.
FIRST = 3
_SPEED = "train/batches_per_second"


def commands() -> dict[str, list[str]]:
    """Return the words of the command of each case in the guide, from its heading."""
    found = re.findall(r"^### (.+?)\n\n```sh\n(.+?)```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return {case: shlex.split(text.replace("\\\n", " ")) for case, text in found}


def make_data(folder: Path, images: list[tuple[str, np.ndarray]]) -> None:
    """Write the data of all cases below a folder, from DN of red, green, blue and near infrared."""
    random = np.random.default_rng(0)
    for number, (name, dn) in enumerate(images):
        write(folder / "images" / f"{name}.tif", dn, number, 10)
        write_pair(folder / "pairs", name, dn, number)
        write_pair(folder / "across", name, dn, number)
        write_pair(folder / "aerial", name, (dn[:3] / 20).clip(1, 255).astype(np.uint8), number, ("B04", "B03", "B02"))
        kelvin = (270 + dn[:1].clip(0, 6000) / 100).astype(np.float32)
        write_pair(folder / "thermal", name, kelvin, number, ("thermal",))
        write_pair(folder / "twelve", name, np.tile(dn, (3, 1, 1)), number, TWELVE)
        write_pair(folder / "revisits", name, dn, number)
        coarse = folder / "revisits" / "lr" / name
        coarse.mkdir()
        first = coarse.with_suffix(".tif").rename(coarse / "2021.tif")
        for year in (2022, 2023, 2024):
            write(coarse / f"{year}.tif", _with_noise(first, random), number, 40)


def _with_noise(path: Path, random: np.random.Generator) -> np.ndarray:
    """Return the DN of a file as of another date."""
    with rasterio.open(path) as dataset:
        dn = dataset.read()
    noisy: np.ndarray = (dn + random.normal(0, 20, dn.shape)).round().clip(1, 65_535).astype(np.uint16)
    return noisy


def seconds_per_step(folder: Path, words: list[str], run: str, steps: int) -> float:
    """Run the command of a case, and return the time of a step, seconds, without the first steps.

    Args:
        folder: folder with the data of all cases, and with train/.
        words: words of the command.
        run: folder of the run below `folder`.
        steps: length of the run.
    """
    request = [sys.executable, *words[1:], "--trainer.default_root_dir", run, "--trainer.accelerator", "cpu"]
    request += ["--data.steps_per_epoch", str(steps), "--trainer.max_epochs", "1", "--trainer.log_every_n_steps", "1"]
    request += ["--trainer.enable_progress_bar", "false"]
    done = subprocess.run(request, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(request)} failed: {done.stderr[-1000:]}")
    with next((folder / run / "log").glob("*/metrics.csv")).open(encoding="utf-8") as file:
        speeds = [float(row[_SPEED]) for row in csv.DictReader(file) if row[_SPEED]]
    ends = [(number + 1) / speed for number, speed in enumerate(speeds)]  # the speeds are means from the start
    return (ends[-1] - ends[FIRST]) / (len(ends) - 1 - FIRST)


def cost(steps: int = STEPS) -> str:
    """Return the table of the time of a thousand steps of each case.

    Args:
        steps: length of each run, more than `FIRST` + 1.
    """
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train").symlink_to(ROOT / "train")
        make_data(folder, places(data_root() / "sentinel2_native", least_px=128)[:PLACES])
        found = commands()
        for case in CASES:
            words = found[case]
            run = words[words.index("-o") + 1] if "-o" in words else f"runs/{case.split()[0].lower()}"
            rows.append([case, f"{1000 * seconds_per_step(folder, words, run, steps) / 60:.1f}"])
            sys.stderr.write(f"{case}: {rows[-1][1]} minutes\n")
    text = table(["a thousand steps", "minutes"], rows)
    return (
        f"{text}\n\nBy the command of each case, with {usable_cores()} cores; measured over {steps - FIRST - 1} steps, "
        "without start and validations."
    )
