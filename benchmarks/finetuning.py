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

import numpy as np
import rasterio
import torch
from affine import Affine

from benchmarks.report import ROOT, write_block
from rs_srgan import SISRConfig
from rs_srgan.evaluation.report.tables import table
from rs_srgan.sensors import RGBN, SENTINEL2
from train.data.sources import data_root
from train.misr import MISRModule
from train.module import SISRModule

STEPS = 150
SIDE_PX, LEAST_PX = 256, 96
# Batches of finetune.yaml.
CROPS, CROP_LR_PX, VIEWS = 8, 32, (4,)
STEPS_TIMED = 4
PLACES = 12


def read_rgbn(path: Path, side_px: int = SIDE_PX) -> np.ndarray | None:
    """Return DN of the middle of a file, (4, H, W), at most `side_px` along each axis; None if it has a hole."""
    with rasterio.open(path) as dataset:
        names = [SENTINEL2.band_named(text or "") for text in dataset.descriptions]
        sizes = [min(side, side_px) // 8 * 8 for side in dataset.shape]
        starts = [(side - size) // 2 for side, size in zip(dataset.shape, sizes, strict=True)]
        window = tuple((start, start + size) for start, size in zip(starts, sizes, strict=True))
        dn: np.ndarray = dataset.read([names.index(band) + 1 for band in RGBN], window=window)
    return dn if (dn > 0).all() else None


def places(folder: Path, least_px: int = LEAST_PX) -> list[tuple[str, np.ndarray]]:
    """Return DN of the first places of the collection that are large enough, one image each, without holes.

    Args:
        folder: sentinel2_native of the data folder.
        least_px: least height and width.
    """
    found: dict[str, np.ndarray] = {}
    for path in sorted(folder.glob("*_10m_rgbn.tif")):
        place = re.split(r"_(?:19|20)\d\d|_T?\d\d[A-Z]{3}(?:_|$)|_S2|_ship", path.stem.removesuffix("_10m_rgbn"))[
            0
        ].rstrip("0123456789_")
        if place in found or (dn := read_rgbn(path)) is None or min(dn.shape[1:]) < least_px:
            continue
        found[place] = dn
        if len(found) == PLACES:
            break
    return list(found.items())


def write(path: Path, dn: np.ndarray, number: int, gsd_m: int) -> None:
    """Write DN at a place of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grid = Affine(gsd_m, 0, 500_000 + 20_000 * number, 0, -gsd_m, 5_000_000)
    profile = {"driver": "GTiff", "dtype": dn.dtype, "crs": "EPSG:32632", "transform": grid, "nodata": 0}
    with rasterio.open(path, "w", count=len(dn), height=dn.shape[1], width=dn.shape[2], **profile) as out:
        out.write(dn)
        out.descriptions = RGBN


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


def cost() -> str:
    """Return the table of the processor time of a thousand steps, for each kind of data."""
    bands = {
        "one band (thermal)": ("thermal",),
        "red, green, blue": RGBN[:3],
        "four bands": RGBN,
        "twelve bands": tuple(f"b{number}" for number in range(12)),
    }
    stages: dict[str, SISRModule] = {}
    for title, names in bands.items():
        config = SISRConfig(bands=names, mtf_nyquist=(0.3,) * len(names))
        stages[title] = SISRModule(init_from="sisr-x4-rgbn", config=config)
    rows = [[title, f"{1000 * _seconds(stage):.0f}"] for title, stage in stages.items()]
    rows.append(["fusion of four revisits", f"{1000 * _seconds(MISRModule(init_from='misr-x4-rgbn'), VIEWS):.0f}"])
    text = table(["a thousand steps", "seconds of one core"], rows)
    return (
        f"{text}\n\nProcessor time of the network, in bf16, for the batches of `finetune.yaml`: {CROPS} crops of "
        f"{CROP_LR_PX} x {CROP_LR_PX} LR pixels."
    )


def _seconds(stage: SISRModule, views: tuple[int, ...] = ()) -> float:
    """Return the processor time of a step, seconds, mean of some after the first."""
    stage.log_means = lambda *_, **__: None  # type: ignore[method-assign]  # no trainer
    lr = torch.rand(CROPS, *views, len(stage.bands), CROP_LR_PX, CROP_LR_PX) * 0.3
    hr = torch.rand(CROPS, len(stage.bands), CROP_LR_PX * stage.scale, CROP_LR_PX * stage.scale) * 0.3
    trained = [each for each in stage.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(trained, 1e-4)
    began = 0.0
    for step in range(STEPS_TIMED + 1):
        if step == 1:
            began = time.process_time()
        with torch.autocast("cpu", torch.bfloat16):
            loss = stage.reconstruction(stage.inner(stage({"lr": lr, "hr": hr})), stage.inner(hr))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
    return (time.process_time() - began) / STEPS_TIMED


def main() -> None:
    """Time the steps, fine-tune on both kinds of data, and print and write the tables; `cost` does only the first."""
    torch.set_num_threads(1)
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
            blocks = dn.reshape(4, dn.shape[1] // 4, 4, dn.shape[2] // 4, 4)
            means = blocks.mean((2, 4)).round().astype(np.uint16)
            for part, image, gsd_m in (("hr", dn, 10), ("lr", means, 40)):
                write(folder / "pairs" / side / part / f"{place}.tif", image, number, gsd_m)
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
