"""Speed and memory of `rs-srgan predict` on a whole Sentinel-2 tile: python -m benchmarks.scene [--cache FOLDER].

Needs RS_SRGAN_DATA and 15 GB of disk. Writes a table in docs/benchmarks.md. Nothing else should run meanwhile.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import torch
from huggingface_hub import cached_assets_path
from rasterio.windows import Window

from benchmarks.engine import throughput
from benchmarks.mosaic import SIDE_PX, geotiff, product
from benchmarks.report import ROOT, write_block
from rs_srgan import load_model
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.inference.engines import make_engine
from rs_srgan.pixels.windows import Window as TileWindow
from rs_srgan.reading.opening import open_raster

SIDES = (1024, 4096, SIDE_PX)
TILE = 512
KILLS = 10
KILLED_SIDE = 4096
# The command's last log line.
_SPEED = re.compile(r" s for [\d.,]+(?: million)? pixels, ([\d.,]+) thousand a second")


@dataclass(frozen=True)
class Run:
    """The measurements of one command.

    Attributes:
        seconds: time from its start to its end.
        pipeline_k: thousand LR pixels per second, without the start and the end of the process.
        peak_gb: peak memory, GB.
        output_gb: size of the result, GB.
        scratch_gb: peak size of all other files that it wrote, GB.
    """

    seconds: float
    pipeline_k: float
    peak_gb: float
    output_gb: float
    scratch_gb: float


def predict(sources: Sequence[Path], folder: Path, *options: str) -> Run:
    """Run `rs-srgan predict` and measure it.

    Args:
        sources: the images.
        folder: a folder that gets the result and all temporary files.
        options: further options of the command.

    Raises:
        RuntimeError: the command failed, or did not log its speed.
    """
    target = folder / "out.tif"
    environment = _environment(folder)
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.5):
            peak = max(peak, _scratch(folder, target))

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    command = _command(sources, target, *options)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    log = "" if process.stderr is None else process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    over.set()
    watcher.join()
    speed = _SPEED.search(log)
    if status or not speed:
        raise RuntimeError(log)
    output = target.stat().st_size
    target.unlink()
    return Run(
        seconds,
        float(speed[1].replace(",", "")),
        usage.ru_maxrss * 1024 / 1e9,
        output / 1e9,
        peak / 1e9,
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which temporary files and caches go to a folder."""
    (folder / "tmp").mkdir(exist_ok=True)
    return os.environ | {"TMPDIR": str(folder / "tmp"), "HF_ASSETS_CACHE": str(folder / "assets")}


def _command(sources: Sequence[Path], target: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "rs_srgan", "predict", *map(str, sources), "-o", str(target), *options]


def _scratch(folder: Path, target: Path) -> int:
    """Count the bytes of all files but the result and its unfinished form."""
    sizes = 0
    for path in folder.rglob("*"):
        if path in (target, target.with_name(f"{target.name}.partial")):
            continue
        try:
            sizes += path.stat().st_blocks * 512
        except FileNotFoundError:  # removed meanwhile
            continue
    return sizes


def bare(source: Path) -> float:
    """Measure the speed of the engine alone, thousand LR pixels per second, on windows of one shape."""
    model = load_model(DEFAULT_MODEL)
    halo = model.receptive_field
    with open_raster(source, model.config.bands) as raster:
        window, _ = raster.read(TileWindow(200, 200, TILE + 2 * halo, TILE + 2 * halo))
        engine = make_engine(model, [raster.output_encoding()], SIDE_PX**2)
    return throughput(engine, window, TILE) / 1e3


def killed(source: Path, folder: Path) -> tuple[int, int]:
    """Kill a run at random moments, and resume it each time.

    Args:
        source: the image.
        folder: a folder for results and temporary files.

    Returns:
        number of kills, and number of pixels that differ from those of an uninterrupted run.
    """
    moments = random.Random(0)
    environment = _environment(folder)
    whole, target = folder / "whole.tif", folder / "killed.tif"
    subprocess.run([*_command([source], whole), "--quiet"], env=environment, check=True)
    kills = 0
    while kills < KILLS:
        process = subprocess.Popen([*_command([source], target, "--resume"), "--quiet"], env=environment)
        try:
            process.wait(moments.uniform(3, 12))
            break  # the run ended before KILLS kills
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    if not target.exists():
        subprocess.run([*_command([source], target, "--resume"), "--quiet"], env=environment, check=True)
    return kills, _differing(whole, target)


def _differing(one: Path, other: Path) -> int:
    differing = 0
    with rasterio.open(one) as a, rasterio.open(other) as b:
        for row in range(0, a.height, 1024):
            window = Window(0, row, a.width, min(1024, a.height - row))
            differing += int(np.count_nonzero(a.read(window=window) != b.read(window=window)))
    return differing


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scene")
    parser.add_argument("--cache", type=Path, default=cached_assets_path("rs_srgan", namespace="benchmarks"))
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:  # in a process of its own: its memory is not the command's
        print(json.dumps(bare(options.bare)))
        return
    rows = []
    with tempfile.TemporaryDirectory(dir=options.cache) as folder:
        sources = {f"{side} x {side}, JPEG 2000": product(options.cache, side) for side in SIDES}
        sources[f"{SIDES[1]} x {SIDES[1]}, GeoTIFF"] = geotiff(options.cache, SIDES[1])
        for name, source in sources.items():
            run = predict([source], Path(folder))
            alone = json.loads(
                subprocess.check_output([sys.executable, "-m", "benchmarks.scene", "--bare", str(source)])
            )
            rows.append(
                [
                    name,
                    f"{run.seconds / 60:.1f} min" if run.seconds > 100 else f"{run.seconds:.1f} s",
                    f"{run.pipeline_k:.0f} k",
                    f"{alone:.0f} k",
                    f"{run.pipeline_k / alone:.0%}",
                    f"{run.peak_gb:.2f} GB",
                    f"{run.output_gb:.2f} GB",
                    f"{run.scratch_gb / run.output_gb:.1%}",
                ]
            )
            print(rows[-1], flush=True)
        kills, differing = killed(product(options.cache, KILLED_SIDE), Path(folder))
    header = ["LR pixels", "whole command", "LR px/s", "engine alone", "share", "peak memory", "output", "scratch"]
    text = table(header, rows)
    text += (
        f"\n\n{DEFAULT_MODEL}, default options, torch {torch.__version__}. `kill -9` at {kills} random moments of "
        f"{KILLED_SIDE} x {KILLED_SIDE} pixels, resumed each time: {differing} pixels differ from an "
        "uninterrupted run."
    )
    print(text)
    write_block(ROOT / "docs" / "benchmarks.md", "scene", text)


if __name__ == "__main__":
    main()
