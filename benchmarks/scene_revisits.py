"""Several revisits of a whole tile through `rs-srgan predict`: python -m benchmarks.scene_revisits [--cache FOLDER].

Needs RS_SRGAN_DATA, 15 GB of disk, and nothing else running. Writes docs/benchmarks.md.

The revisits are copies of one product: each is read, registered and taken into account like any other.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from huggingface_hub import cached_assets_path

from benchmarks.mosaic import SIDE_PX, product
from benchmarks.report import ROOT, write_block
from benchmarks.scene import Run, predict
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import REVISITS_MODEL

# Side of the product, and how many of it.
RUNS = ((2048, 1), (2048, 2), (2048, 4), (2048, 8), (SIDE_PX, 4))


def measure(source: Path, views: int, folder: Path) -> Run:
    """One command on so many copies."""
    copies = [source]
    for number in range(1, views):
        copies.append(folder / f"{number}" / source.name)
        shutil.copytree(source, copies[-1], symlinks=True)
    try:
        return predict(copies, folder, "--model", REVISITS_MODEL)
    finally:
        for copy in copies[1:]:
            shutil.rmtree(copy.parent)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scene_revisits")
    parser.add_argument("--cache", type=Path, default=cached_assets_path("rs_srgan", namespace="benchmarks"))
    cache = parser.parse_args().cache
    rows = []
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for side, views in RUNS:
            run = measure(product(cache, side), views, Path(folder))
            took = f"{run.seconds / 60:.1f} min" if run.seconds > 100 else f"{run.seconds:.1f} s"
            rows.append([f"{side} x {side}", f"{views}", took, f"{run.pipeline_k:.0f} k", f"{run.peak_gb:.2f} GB"])
            print(rows[-1], flush=True)
    text = table(["LR pixels", "views", "whole command", "LR px/s", "peak memory"], rows)
    write_block(ROOT / "docs" / "benchmarks.md", "revisits", text + f"\n\n{REVISITS_MODEL}, default options.")


if __name__ == "__main__":
    main()
