"""Speed of `rs-srgan predict` on revisits of a whole tile: python -m benchmarks.scene_revisits [--cache FOLDER].

Needs RS_SRGAN_DATA and 15 GB of disk. Writes a table in docs/benchmarks.md. Nothing else should run meanwhile.

The revisits are one mosaic with other brightness, noise and a small shift: predict reads, registers and uses each.
"""

import argparse
import tempfile
from pathlib import Path

from huggingface_hub import cached_assets_path

from benchmarks.mosaic import SIDE_PX, product
from benchmarks.report import ROOT, write_block
from benchmarks.scene import predict
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import REVISITS_MODEL

# Side of the products, pixels, and their number.
RUNS = ((2048, 1), (2048, 2), (2048, 4), (2048, 8), (SIDE_PX, 4))


def main() -> None:
    """Measure all runs, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scene_revisits")
    parser.add_argument("--cache", type=Path, default=cached_assets_path("rs_srgan", namespace="benchmarks"))
    cache = parser.parse_args().cache
    rows = []
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for side, views in RUNS:
            sources = [product(cache, side, date=date) for date in range(views)]
            run = predict(sources, Path(folder), "--model", REVISITS_MODEL)
            took = f"{run.seconds / 60:.1f} min" if run.seconds > 100 else f"{run.seconds:.1f} s"
            rows.append([f"{side} x {side}", f"{views}", took, f"{run.pipeline_k:.0f} k", f"{run.peak_gb:.2f} GB"])
            print(rows[-1], flush=True)
    text = table(["LR pixels", "views", "whole command", "LR px/s", "peak memory"], rows)
    write_block(ROOT / "docs" / "benchmarks.md", "revisits", text + f"\n\n{REVISITS_MODEL}, default options.")


if __name__ == "__main__":
    main()
