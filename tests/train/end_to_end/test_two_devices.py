"""Tests that the bundled configurations train in two processes on a CPU, for two steps each.

All of them: pytest -m "slow or not slow" tests/train/end_to_end/test_two_devices.py, about ten minutes on two cores.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rs_srgan import load_model
from tests.conftest import scene_dn
from tests.train.conftest import make_small_data, write
from tests.train.data.makers import RGBN, index, native_entry, native_folder, pair_folder, photographs
from tests.train.end_to_end.test_landsat import write_landsat

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "train" / "configs"
# Each experiment begins with the model of an earlier one, so they share a folder and run in this order.
ORDER = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
ORDER = [name for name in ORDER if not name.startswith("misr_exp")] + [n for n in ORDER if n.startswith("misr_exp")]
SIX = ("B05", "B06", "B07", "B8A", "B11", "B12")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with small data for all configurations."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "train").symlink_to(ROOT / "train")
    root = make_small_data(folder / "collection")
    write(root / "sentinel2" / "galicia_1.tif", scene_dn(150, 140, bands=6, seed=20), SIX)
    for seed in range(4):  # the six bands on the fine grid, as in the collection
        dn = scene_dn(150, 140, bands=10, seed=30 + seed)
        write(root / "sentinel2" / f"burgundy_{seed}_2019_10m_10b.tif", dn, (*RGBN, *SIX))
    files = []
    for seed in range(6):
        place = f"place{seed}"
        files.append((native_entry(place), scene_dn(128, 128, seed=seed)))
        twenty = native_entry(place, f"{place}_20m_6b.tif", bands=SIX, gsd_m=20)
        files.append((twenty, scene_dn(64, 64, bands=6, seed=seed)))
    native_folder(root, files)
    photographs(folder / "data" / "oxford_pets", count=20)
    photographs(folder / "data" / "openimages", count=20)
    index(folder / "data" / "spot6")
    pair_folder(folder / "data", count=4, side=128)
    for side, east in (("train", 3e5), ("val", 6e5)):
        write_landsat(folder / "data" / "landsat" / side / "a.tif", seed=0, east=east)
    return folder


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in ORDER])
def test_a_configuration_trains_in_two_processes(name, folder):
    given = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    model = given["model"]["init_args"]
    small = ["--model.config.channels=16", "--model.config.blocks=1"] if "config" in model else []
    if "init_from" in model and "config" in model:  # the network is that of its start
        small = []
    if "discriminator" in model:
        small.append("--model.discriminator.channels=4")
    # The small data has no real series, and no chips that go back to the sensor's grid.
    without = {"RevisitsDataModule": ["--data.native_share=0"], "GuidedDataModule": ["--data.interpolated=true"]}
    small += without.get(given["data"]["class_path"].split(".")[-1], [])
    options = ["--data.batch_size=2", "--data.steps_per_epoch=2", "--data.workers=0", "--data.crop_lr_px=16"]
    options += ["--trainer.max_epochs=1", "--trainer.max_time=null", "--trainer.accelerator=cpu"]
    options += ["--trainer.devices=2", "--trainer.enable_progress_bar=false"]
    done = subprocess.run(
        [sys.executable, "-m", "train", "fit", "--config", f"train/configs/{name}.yaml", *small, *options],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "RS_SRGAN_DATA": str(folder / "collection")},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert load_model(folder / given["trainer"]["default_root_dir"] / "model")
