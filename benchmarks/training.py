"""Speed and memory of the stages of training: python -m benchmarks.training. Needs RS_SRGAN_DATA.

Writes a table in docs/training.md. Nothing else should run meanwhile.
"""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table

STAGES = {"PSNR": "sisr_x4_rgbn", "GAN": "srgan_x4_rgbn"}
BATCHES = 200


def measure(config: str, folder: Path) -> tuple[float, float]:
    """Measure batches per second and peak memory, GB, of a short run in a process of its own.

    Args:
        config: name of the configuration in train/configs, without suffix.
        folder: an empty folder for the run.
    """
    command = [sys.executable, "-m", "train", "fit", "--config", f"train/configs/{config}.yaml"]
    options = {
        "trainer.max_time": "null",
        "trainer.max_epochs": 1,
        "trainer.limit_val_batches": 0,
        "trainer.enable_progress_bar": "false",
        "trainer.default_root_dir": folder,
        "data.steps_per_epoch": BATCHES,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed. Run it by hand to see its output.")
    with next((folder / "log").glob("*/metrics.csv")).open() as file:
        speeds = [row["train/batches_per_second"] for row in csv.DictReader(file)]
    return float(next(speed for speed in reversed(speeds) if speed)), usage.ru_maxrss / 1e6


def main() -> None:
    """Measure the stages, and print and write the table."""
    rows = []
    for stage, config in STAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            speed, memory = measure(config, Path(folder))
        rows.append([stage, f"`{config}.yaml`", f"{speed:.1f}", f"{memory:.1f} GB"])
    text = table(["stage", "configuration", "batches a second", "peak memory"], rows)
    text += f"\n\n{BATCHES} batches, two cores, torch {torch.__version__}. No GPU was at hand."
    print(text)
    write_block(ROOT / "docs" / "training.md", "training", text)


if __name__ == "__main__":
    main()
