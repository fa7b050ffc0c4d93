"""Comparison of generators and their sizes for the default model: each is trained for the same time.

    python -m benchmarks.architectures [--minutes 6] [--at-once 2]

Needs RS_SRGAN_DATA. Writes a table in docs/training.md. Nothing else should run meanwhile.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.engine import ENCODING, throughput
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.figures.json_value import JsonValue
from rs_srgan.inference.engines import make_engine
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.training_file import TRAINING_FILE

# Generator, channels, blocks, seed.
VARIANTS = (
    ("edsr", 48, 8, 0),
    ("edsr", 48, 8, 1),
    ("edsr", 32, 8, 0),
    ("edsr", 64, 8, 0),
    ("edsr", 48, 4, 0),
    ("edsr", 48, 16, 0),
    ("rcab", 48, 8, 0),
    ("lka", 48, 8, 0),
    ("rrdb", 32, 1, 0),
    ("srresnet", 48, 8, 0),
)
TILE_PX = 256


@dataclass(frozen=True)
class Validation:
    """The validation at the end of a training.

    Attributes:
        steps: number of batches.
        sentinel2_db: gain over bicubic and three back-projections on Sentinel-2, dB.
        naip_db: the same on NAIP, dB.
        mean_db: mean of both, dB.
    """

    steps: int
    sentinel2_db: float
    naip_db: float
    mean_db: float


def train(variant: tuple[str, int, int, int], minutes: float, threads: int, folder: Path) -> Validation:
    """Train a variant, and return its validation.

    Args:
        variant: generator, channels, blocks, seed.
        minutes: duration of the training.
        threads: CPU threads.
        folder: an empty folder for the run.
    """
    generator, channels, blocks, seed = variant
    options = {
        "config": "train/configs/sisr_x4_rgbn.yaml",
        "seed_everything": seed,
        "model.config.generator": generator,
        "model.config.channels": channels,
        "model.config.blocks": blocks,
        "trainer.max_time": f"00:00:{int(minutes):02}:{round(minutes % 1 * 60):02}",
        "trainer.enable_progress_bar": "false",
        "trainer.default_root_dir": folder,
        "ema": 0.99,
    }
    command = [sys.executable, "-m", "train", "fit", *(f"--{name}={value}" for name, value in options.items())]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    record = JsonValue.of_file(folder / "model" / TRAINING_FILE)
    names = ("val/gain_sentinel2", "val/gain_naip", "val/gain")
    return Validation(int(record["steps"].number()), *(record[name].number() for name in names))


def main() -> None:
    """Train the variants, measure them, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.architectures")
    parser.add_argument("--minutes", type=float, default=6, help="duration of each training (%(default)s)")
    parser.add_argument("--at-once", type=int, default=2, help="number of trainings that share the cores (%(default)s)")
    options = parser.parse_args()
    threads = max(1, (os.cpu_count() or 1) // options.at_once)
    rows = []
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.at_once) as pool:
        folders = [Path(name) / str(index) for index in range(len(VARIANTS))]
        runs = pool.map(
            lambda each: train(each[0], options.minutes, threads, each[1]), zip(VARIANTS, folders, strict=True)
        )
        records = list(runs)
        for (generator, channels, blocks, seed), folder, record in zip(VARIANTS, folders, records, strict=True):
            model = load_model(folder / "model")
            side = TILE_PX + 2 * model.receptive_field
            window = np.random.default_rng(0).random((4, side, side), dtype=np.float32) / 4
            speed = throughput(make_engine(model, [ENCODING], side**2, "openvino"), window, TILE_PX)
            size = sum(parameter.numel() for parameter in model.parameters())
            rows.append(
                [
                    generator + (f", seed {seed}" if seed else ""),
                    f"{channels} x {blocks}",
                    f"{size / 1e6:.2f} M",
                    f"{record.steps}",
                    f"{record.sentinel2_db:+.3f}",
                    f"{record.naip_db:+.3f}",
                    f"{record.mean_db:+.3f}",
                    f"{speed / 1000:.0f} k",
                ]
            )
            print(rows[-1], flush=True)
    head = ["generator", "channels x blocks", "weights", "batches", "gain, Sentinel-2, dB", "gain, NAIP, dB"]
    text = table([*head, "mean, dB", "LR px/s"], rows)
    text += (
        f"\n\n{options.minutes:g} minutes each on {'one core' if threads == 1 else f'{threads} cores'}, with the "
        "recipe of `sisr_x4_rgbn.yaml`. The gain is over bicubic and three back-projections on validation sites. "
        f"LR px/s: OpenVINO, tiles of {TILE_PX}, all cores."
    )
    write_block(ROOT / "docs" / "training.md", "architectures", text)


if __name__ == "__main__":
    main()
