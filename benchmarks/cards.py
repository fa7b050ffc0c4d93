"""Write the cards of all bundled models anew: python -m benchmarks.cards [--pictures].

With pictures, each model of one image that can be is shown on the app's sample, the only image that ships with this
package: so nobody chose. A report on other images shows some at random, the best and the worst (rs-srgan evaluate).
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from app.sample import write_sample
from rs_srgan.bands import RGBN
from rs_srgan.card import PICTURES_FOLDER, write_card
from rs_srgan.evaluation.assessment import evaluate
from rs_srgan.evaluation.pictures import draw
from rs_srgan.hub import BundledModel, catalogue, load_model
from rs_srgan.models import MISRConfig

_ROLE = "not chosen, the app's sample (spyndex; contains modified Copernicus Sentinel data)"
_DPI = 80


def draw_sample(model: BundledModel) -> None:
    """What the model makes of the sample, into its folder; nothing for one that needs other bands or several images."""
    config = model.config
    if isinstance(config, MISRConfig) or config.guide_bands or not set(config.bands) <= set(RGBN):
        return
    with tempfile.TemporaryDirectory() as folder:
        report = evaluate(write_sample(Path(folder)), load_model(model.folder), pictures=1)
    (shown,) = report.pictures
    target = model.folder / PICTURES_FOLDER / "sample.png"
    target.parent.mkdir(exist_ok=True)
    draw(replace(shown, role=_ROLE), config.bands, config.scale).savefig(target, dpi=_DPI)


def main() -> None:
    """Write and name them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cards")
    parser.add_argument("--pictures", action="store_true", help="draw those, too")
    pictures = parser.parse_args().pictures
    for model in catalogue().values():
        if pictures:
            draw_sample(model)
        print(write_card(model.folder))


if __name__ == "__main__":
    main()
