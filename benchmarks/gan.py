"""Stability and gain of a GAN run: python -m benchmarks.gan runs/srgan_x4_rgbn. Needs RS_SRGAN_DATA.

Writes a table in docs/training.md and docs/gan_curves.png, from the log of the run and from the validation of the model
that it started from.
"""

import argparse
from pathlib import Path

import lightning as L
import numpy as np
import yaml

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from train.data.mixture import MixtureDataModule
from train.module import SISRModule
from train.report import curves, read_log
from train.validation import SPECTRUM_AT

PARTS = 4  # the run is cut into so many parts, each a row of the table
GROUPS = {"native": "native pixels", "sentinel2": "resampled chips", "naip": "NAIP"}


def before(init_from: str) -> dict[str, float]:
    """Validate the model that the run started from.

    Args:
        init_from: name or folder of that model.
    """
    trainer = L.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False)
    data = MixtureDataModule(native_share=1.0)  # else images on the sensor's own grid do not validate
    (metrics,) = trainer.validate(SISRModule(init_from=init_from), datamodule=data, verbose=False)
    return metrics


def columns(figures: dict[str, float]) -> list[str]:
    """Write the cells with gains and spectra by group.

    Args:
        figures: figures of a validation, by the name that training logs.
    """
    gains = [f"{figures[f'val/gain_{group}']:+.2f}" for group in GROUPS]
    spectra = [" / ".join(f"{figures[f'val/spectrum_{group}_{at}']:.0f}" for at in SPECTRUM_AT) for group in GROUPS]
    return [*gains, *spectra]


def main() -> None:
    """Read the log, validate the model before, and write the table and the curves."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gan")
    parser.add_argument("run", type=Path, help="folder of the run")
    folder = parser.parse_args().run
    log = max(folder.glob("log/*/metrics.csv"), key=lambda path: path.stat().st_mtime)
    lines = read_log(log)
    config = yaml.safe_load((log.parent / "config.yaml").read_text())
    training = [line for line in lines if line.get("train/adversarial")]
    validations = [line for line in lines if line.get("val/psnr")]
    rows = [["model before", "", "", *columns(before(config["model"]["init_args"]["init_from"]))]]
    for part in range(PARTS):
        span = training[part * len(training) // PARTS : (part + 1) * len(training) // PARTS]
        last = validations[(part + 1) * len(validations) // PARTS - 1]

        def over(name: str, span: list[dict[str, str]] = span) -> str:
            low, middle, high = np.percentile([float(line[name]) for line in span], (10, 50, 90))
            return f"{middle:.2f} ({low:.2f} to {high:.2f})"

        rows.append(
            [
                f"to iteration {float(span[-1]['train/iterations']):.0f}",
                over("train/discriminator"),
                over("train/told_apart"),
                *columns({name: float(value) for name, value in last.items() if value and name.startswith("val/")}),
            ]
        )
    at = " / ".join(map(str, SPECTRUM_AT))
    header = ["", "D's loss", "told apart"]
    header += [f"gain, {name}, dB" for name in GROUPS.values()]
    header += [f"spectrum against HR, {name}, dB at {at} of Nyquist" for name in GROUPS.values()]
    text = table(header, rows)
    text += (
        "\n\nMedian and the middle 80 % of the logged iterations. A discriminator that learned nothing has a loss of "
        "0.69 and tells 0.5 of the images apart. The gain is over bicubic and three back-projections.\n\n"
        "![Curves of the run](gan_curves.png)"
    )
    print(text)
    curves(log).savefig(ROOT / "docs" / "gan_curves.png", dpi=80)
    write_block(ROOT / "docs" / "training.md", "gan", text)


if __name__ == "__main__":
    main()
