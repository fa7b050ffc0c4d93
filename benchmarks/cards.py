"""Write the cards of all bundled models: python -m benchmarks.cards [--pictures] [NAME ...].

With --pictures, models for single RGB-NIR images are evaluated on windows of the app's sample, the only image in this
package. The card shows one window at random, the best and the worst, like every report of `rs-srgan evaluate`.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import rasterio
from rasterio.windows import Window

from app.jobs.sample import write_sample
from benchmarks.report import ROOT
from rs_srgan.evaluation.assessment import evaluate
from rs_srgan.evaluation.report.pictures import draw
from rs_srgan.models.catalogue import BundledModel, catalogue
from rs_srgan.models.loading import sisr_model
from rs_srgan.publishing.card import PICTURES_FOLDER, write_card
from rs_srgan.sensors import RGBN

# Side of a window, pixels: a third of the sample; half of it for x8, where LR would be too small.
_WINDOW_PX, _WINDOW_PX_X8 = 96, 144
_DPI = 75


def write_windows(folder: Path, side: int) -> None:
    """Cut the sample into windows.

    Args:
        folder: the folder to write the windows to.
        side: side of a window, pixels.
    """
    with tempfile.TemporaryDirectory() as whole, rasterio.open(write_sample(Path(whole))) as sample:
        profile = sample.profile | {"width": side, "height": side, "transform": None}
        for row in range(sample.height // side):
            for col in range(sample.width // side):
                with rasterio.open(folder / f"sample_{row + 1}_{col + 1}.tif", "w", **profile) as window:
                    window.write(sample.read(window=Window(col * side, row * side, side, side)))
                    window.descriptions = sample.descriptions


def draw_pictures(model: BundledModel) -> None:
    """Draw pictures of a model's results on the sample, into its folder; does nothing if the sample does not fit it."""
    config = model.config
    if config.several or config.guide_bands or not set(config.bands) <= set(RGBN):
        return
    with tempfile.TemporaryDirectory() as folder:
        write_windows(Path(folder), _WINDOW_PX_X8 if config.scale == 8 else _WINDOW_PX)
        report = evaluate(folder, sisr_model(model.folder), pictures=1)
    target = model.folder / PICTURES_FOLDER
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for picture in report.pictures:
        name = picture.role.replace(", ", "_")
        draw(picture, config.bands, config.scale).savefig(target / f"{name}.png", dpi=_DPI)


def main() -> None:
    """Write the cards, and print their paths."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cards")
    parser.add_argument("names", nargs="*", help="all bundled models unless given")
    parser.add_argument("--pictures", action="store_true", help="draw the pictures as well")
    options = parser.parse_args()
    models = catalogue()
    for name in options.names or models:
        if options.pictures:
            draw_pictures(models[name])
        print(write_card(models[name].folder).relative_to(ROOT))


if __name__ == "__main__":
    main()
