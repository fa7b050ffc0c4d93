"""Speed of the engine, and whether tiles show: python -m benchmarks.engine. Needs RS_SRGAN_DATA.

Writes the table of README.md.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
import torch

from benchmarks.report import ROOT, table, write_block
from rs_srgan.hub import DEFAULT_MODEL, load_model
from rs_srgan.inference.engines import TorchEngine
from rs_srgan.inference.scene import super_resolve
from rs_srgan.tiling import Window, crop_replicated
from train.data.sources import data_root

SCENE = "dolomites_10m_rgbn.tif"  # 934 x 1059 px, a validation site
TILES = (64, 128, 256, 512)
RUNS = 5


def throughput(engine: TorchEngine, reflectance: np.ndarray, tile: int) -> float:
    """LR pixels per second of a tile's core, the median of several runs after one that is not counted."""
    window = crop_replicated(reflectance, Window(100, 100, tile, tile).grown(engine.model.receptive_field))
    engine(window)
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        engine(window)
        seconds.append(time.perf_counter() - started)
    return tile**2 / float(np.median(seconds))


def _pixels(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read().astype(np.int32)


def main() -> None:
    """Measure, print, write."""
    source = data_root() / "sentinel2" / SCENE
    reflectance = _pixels(source).astype(np.float32) / 10_000
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        whole = None
        for precision in ("fp32", "bf16"):
            engine = TorchEngine(load_model(DEFAULT_MODEL), precision)
            speed = throughput(engine, reflectance, 512)
            target = Path(folder) / f"{precision}.tif"
            whole_here = _pixels(super_resolve(source, target, tile=4096, precision=precision))
            worst = 0
            for tile in TILES:
                tiled = _pixels(super_resolve(source, target, tile=tile, precision=precision, overwrite=True))
                worst = max(worst, int(np.abs(tiled - whole_here).max()))
            whole = whole_here if whole is None else whole
            error = float(np.sqrt(np.square(whole_here - whole).mean()))
            rows.append([str(engine), f"{speed / 1000:.1f} k", f"{worst} DN", f"{error:.2f} DN"])
    header = (
        "engine",
        "LR px/s, tile 512",
        f"worst pixel, tiles of {', '.join(map(str, TILES))} against none",
        "RMSE to fp32",
    )
    text = table(header, rows) + f"\n\nMeasured on {torch.get_num_threads()} CPU cores, torch {torch.__version__}."
    print(text)
    write_block(ROOT / "README.md", "engine", text)


if __name__ == "__main__":
    main()
