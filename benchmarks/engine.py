"""Speed of the engines, and differences between tile sizes: python -m benchmarks.engine. Needs RS_SRGAN_DATA.

Writes the table in docs/benchmarks.md.
"""

import itertools
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.super_resolve import super_resolve
from rs_srgan.models.loading import load_model
from rs_srgan.pixels.radiometry import Encoding, FloatImage
from rs_srgan.pixels.windows import Window, crop_replicated
from train.data.sources import data_root

SCENE = "dolomites_10m_rgbn.tif"  # a validation site
ROWS, COLS = 600, 640  # size of the part that is used: larger than the largest tile, and not a multiple of it
TILES = (64, 128, 256, 512)
ENCODING = Encoding("uint16", (1e-4,) * 4, (0.0,) * 4, None)
WARM_UP, WINDOWS = 4, 32


def throughput(engine: Engine, window: FloatImage, tile: int) -> float:
    """Measure the speed of an engine alone, LR pixels per second.

    Args:
        engine: the engine; it gets as many windows at once as it takes.
        window: the window that is computed again and again, reflectance, (C, h, w).
        tile: side of the window without its halo, LR pixels.
    """
    with ThreadPoolExecutor(engine.workers) as pool:
        list(pool.map(engine, [window] * WARM_UP))
        started = time.perf_counter()
        for _ in pool.map(lambda each: engine(each)[0].shape, [window] * WINDOWS):
            pass
        return WINDOWS * tile**2 / (time.perf_counter() - started)


def _pixels(path: Path) -> np.ndarray[Any, Any]:
    with rasterio.open(path) as dataset:
        return dataset.read().astype(np.int32)


def main() -> None:
    """Measure the engines, and print and write the table."""
    dn = _pixels(data_root() / "sentinel2" / SCENE)[:, :ROWS, :COLS].astype(np.uint16)
    reflectance = dn.astype(np.float32) / 10_000
    model = load_model(DEFAULT_MODEL)
    window = crop_replicated(reflectance, Window(0, 0, TILES[-1], TILES[-1]).grown(model.receptive_field))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "lr.npy", Path(folder) / "sr.tif"
        np.save(source, dn)
        reference = None
        for name, precision in itertools.product(("torch", "openvino"), ("fp32", "bf16")):
            engine = make_engine(model, [ENCODING], reflectance[0].size, name, precision)
            speed = throughput(engine, window, TILES[-1])

            def result(tile: int, name: str = name, precision: str = precision) -> np.ndarray[Any, Any]:
                options = {"engine": name, "precision": precision}
                return _pixels(super_resolve(source, target, model, tile=tile, overwrite=True, **options))

            whole = result(4096)
            worst = max(int(np.abs(result(tile) - whole).max()) for tile in TILES)
            reference = whole if reference is None else reference
            error = float(np.sqrt(np.square(whole - reference).mean()))
            rows.append([str(engine), f"{speed / 1000:.1f} k", f"{worst} DN", f"{error:.2f} DN"])
    sizes = ", ".join(map(str, TILES))
    header = ("engine", "LR px/s, tile 512", f"worst pixel, tiles of {sizes} against none", "RMSE to torch fp32")
    text = table(header, rows) + f"\n\n{COLS} x {ROWS} pixels of a real scene; torch {torch.__version__}."
    print(text)
    write_block(ROOT / "docs" / "benchmarks.md", "engine", text)


if __name__ == "__main__":
    main()
