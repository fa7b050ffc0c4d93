"""Fine-tuning by the documented commands, on own pairs and on HR images: python -m benchmarks.finetuning.

Writes two tables in docs/finetuning.md. Needs RS_SRGAN_DATA with sentinel2_native.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.finetuning_cost import cost
from benchmarks.own_data import LEAST_PX, SIDE_PX, places, write, write_pair
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from train.data.sources import data_root

STEPS = 150


def tune(folder: Path, run: Path) -> list[str]:
    """Fine-tune by the documented command.

    Returns:
        PSNR of bicubic, of the start and of the result, the gain, that of the worst place, dB, and minutes.
    """
    command = [sys.executable, "-m", "train", "finetune", str(folder), "-o", str(run), "--steps", str(STEPS)]
    began = time.monotonic()
    options = ["--trainer.enable_progress_bar", "false", "--trainer.accelerator", "cpu"]
    done = subprocess.run([*command, *options], cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=2)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed. Run it by hand.")
    minutes = (time.monotonic() - began) / 60
    record = json.loads((run / "model" / "training.json").read_text())
    (sentence,) = re.findall(r"^(?:Better|Not better) than .*$", (run / "report.md").read_text(), re.MULTILINE)
    (worst,) = re.findall(r"worst: [^,]+, ([+-][\d.]+) dB", sentence)
    now, over = record["val/psnr"], record["val/over_start"]
    figures = (record["val/bicubic"], now - over, now)
    return [*(f"{value:.2f}" for value in figures), f"{over:+.2f}", worst, f"{minutes:.1f}"]


def main() -> None:
    """Time the cases, fine-tune on both kinds of data, and print and write the tables; `cost` does only the first."""
    costs = cost()
    sys.stdout.write(costs + "\n\n")
    write_block(ROOT / "docs" / "finetuning.md", "cost", costs)
    if sys.argv[1:] == ["cost"]:
        return
    images = places(data_root() / "sentinel2_native")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (place, dn) in enumerate(images):
            side = "val" if number % 2 else "train"
            write(folder / "alone" / side / f"{place}.tif", dn, number, 10)
            write_pair(folder / "pairs" / side, place, dn, number)
        for kind, title in (("alone", "HR images alone"), ("pairs", "pairs, LR is the mean of 4 x 4 pixels")):
            rows.append([title, *tune(folder / kind, folder / f"run_{kind}")])
    header = ["data", "bicubic", "start", "fine-tuned", "gain, dB", "worst place, dB", "minutes"]
    text = table(header, rows)
    validating = len(images[1::2])
    text += (
        f"\n\n`python -m train finetune FOLDER -o RUN --steps {STEPS}`, from the default model, on one core. PSNR in "
        f"dB of {validating} places that training did not see; {len(images) - validating} other places train. Native "
        f"pixels of Sentinel-2, {LEAST_PX} to {SIDE_PX} pixels a side in HR."
    )
    sys.stdout.write(text + "\n")
    write_block(ROOT / "docs" / "finetuning.md", "finetuning", text)


if __name__ == "__main__":
    main()
