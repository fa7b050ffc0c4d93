"""Speed of `rs-srgan predict` on revisits of a whole tile: python -m benchmarks.scene_revisits [--cache FOLDER].

Needs RS_SRGAN_DATA and 15 GB of disk. Writes a table in docs/benchmarks.md. Nothing else should run meanwhile.

The revisits are copies of one product: each is read, registered and used like a different one.
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

# Side of the product, pixels, and number of copies.
RUNS = ((2048, 1), (2048, 2), (2048, 4), (2048, 8), (SIDE_PX, 4))


def measure(source: Path, views: int, folder: Path) -> Run:
    """Run the command on copies of a product.

    Args:
        source: the product.
        views: number of copies.
        folder: an empty folder for the copies and the result.
    """
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
    """Measure all runs, and write the table."""
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
