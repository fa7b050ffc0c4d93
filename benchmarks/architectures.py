"""Which generator, and how large, for the default model: each trained for the same time.

    python -m benchmarks.architectures [--minutes 6] [--at-once 2]

Needs RS_SRGAN_DATA, and nothing else running. Writes docs/training.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import ENCODING, throughput
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.inference.engines import make_engine
from rs_srgan.models.loading import load_model

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


def train(variant: tuple[str, int, int, int], minutes: float, threads: int, folder: Path) -> dict[str, Any]:
    """What its run says of itself at the end."""
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
    record: dict[str, Any] = json.loads((folder / "model" / "training.json").read_text(encoding="utf-8"))
    return record


def main() -> None:
    """Train, measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.architectures")
    parser.add_argument("--minutes", type=float, default=6, help="for each (6)")
    parser.add_argument("--at-once", type=int, default=2, help="that share the cores (2)")
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
                    f"{record['steps']}",
                    f"{record['val/gain_sentinel2']:+.3f}",
                    f"{record['val/gain_naip']:+.3f}",
                    f"{record['val/gain']:+.3f}",
                    f"{speed / 1000:.0f} k",
                ]
            )
            print(rows[-1], flush=True)
    head = ["generator", "channels x blocks", "weights", "batches", "gain, Sentinel-2, dB", "gain, NAIP, dB"]
    text = table([*head, "mean, dB", "LR px/s"], rows)
    text += (
        f"\n\n{options.minutes:g} minutes each on {'one core' if threads == 1 else f'{threads} cores'}, the recipe of "
        "`sisr_x4_rgbn.yaml`; gain over bicubic and three back-projections on validation sites. LR pixels a second by "
        f"OpenVINO, tiles of {TILE_PX}, all cores."
    )
    write_block(ROOT / "docs" / "training.md", "architectures", text)


if __name__ == "__main__":
    main()
