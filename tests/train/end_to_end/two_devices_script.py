"""Script that test_two_devices.py runs: trains bundled configurations, one after the other, in the same two processes.

Starting two processes and importing PyTorch in both takes longer than the two steps of a configuration.
"""

import sys
from pathlib import Path

import yaml

from train.__main__ import main

CONFIGS = Path(__file__).parents[3] / "train" / "configs"
# Options that the small data needs: it has no real series, and no chips that go back to the sensor's grid.
DATA = {"RevisitsDataModule": ["--data.native_share=0"], "GuidedDataModule": ["--data.interpolated=true"]}
SHORT = [
    *("--data.batch_size=2", "--data.steps_per_epoch=2", "--data.workers=0", "--data.crop_lr_px=16"),
    *("--trainer.max_epochs=1", "--trainer.max_time=null", "--trainer.accelerator=cpu", "--trainer.devices=2"),
    "--trainer.enable_progress_bar=false",
]


def request(name: str) -> list[str]:
    """Return the command line of a configuration with small networks, for two steps."""
    given = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    model = given["model"]["init_args"]
    small = []
    # A run that begins with a bundled model has the network of that one.
    if "config" in model and str(model.get("init_from", "runs/")).startswith("runs/"):
        small += ["--model.config.channels=16", "--model.config.blocks=1"]
    if "discriminator" in model:
        small.append("--model.discriminator.channels=4")
    small += DATA.get(given["data"]["class_path"].split(".")[-1], [])
    return ["fit", "--config", str(CONFIGS / f"{name}.yaml"), *small, *SHORT]


if __name__ == "__main__":
    for each in sys.argv[1:]:
        code = main(request(each))
        if code:
            sys.exit(f"{each} ended with {code}.")
