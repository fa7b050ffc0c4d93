"""Tests that the bundled configurations train in two processes on a CPU, for two steps each.

All of them: pytest -m "slow or not slow" tests/train/end_to_end/test_two_devices.py, about a minute of processor
time in each process.
"""

import json
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
from tests.train.end_to_end.two_devices_script import CONFIGS

ROOT = Path(__file__).parents[3]
SCRIPT = "tests.train.end_to_end.two_devices_script"
# One configuration of each kind: one optimiser, two that take turns, and weights without a part in the losses.
KINDS = ("finetune", "srgan_x4_rgbn", "uncertainty")
# Each experiment begins with the model of an earlier one, so they share a folder and run in this order.
OTHERS = sorted({path.stem for path in CONFIGS.glob("*.yaml")} - {*KINDS})
OTHERS = [name for name in OTHERS if not name.startswith("misr_exp")] + [n for n in OTHERS if n.startswith("misr_exp")]
# Places of images on the sensor's own grid; the first two validate.
NATIVE = ("oresund", "limburg", "place0", "place1", "moved")
SIX = ("B05", "B06", "B07", "B8A", "B11", "B12")


def make_pairs_and_collection(folder: Path) -> None:
    """Write the data of `KINDS`: pairs, and a collection with images on the sensor's own grid."""
    pair_folder(folder / "data", count=4)
    root = make_small_data(folder / "collection")
    entries = [native_entry(place, nn_resampled=place == "moved") for place in NATIVE]
    native_folder(root, [(entry, scene_dn(128, 128, seed=seed)) for seed, entry in enumerate(entries)])


def make_the_rest(folder: Path) -> None:
    """Write the data of `OTHERS`, beside that of `KINDS`."""
    root = folder / "collection"
    write(root / "sentinel2" / "galicia_1.tif", scene_dn(150, 140, bands=6, seed=20), SIX)
    for seed in range(4):  # the six bands on the fine grid, as in the collection
        dn = scene_dn(150, 140, bands=10, seed=30 + seed)
        write(root / "sentinel2" / f"burgundy_{seed}_2019_10m_10b.tif", dn, (*RGBN, *SIX))
    entries = json.loads((root / "sentinel2_native" / "manifest.json").read_text())
    for seed, place in enumerate(NATIVE):
        entries.append(native_entry(place, f"{place}_20m_6b.tif", bands=SIX, gsd_m=20))
        write(root / "sentinel2_native" / f"{place}_20m_6b.tif", scene_dn(64, 64, bands=6, seed=seed), SIX)
    (root / "sentinel2_native" / "manifest.json").write_text(json.dumps(entries))
    photographs(folder / "data" / "oxford_pets", count=20)
    photographs(folder / "data" / "openimages", count=20)
    index(folder / "data" / "spot6")
    for side, east in (("train", 3e5), ("val", 6e5)):
        write_landsat(folder / "data" / "landsat" / side / "a.tif", seed=0, east=east)


def trained(folder: Path, names) -> str:
    """Train configurations in two processes; return what they printed."""
    done = subprocess.run(
        [sys.executable, "-m", SCRIPT, *names],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "RS_SRGAN_DATA": str(folder / "collection")},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr


def require_models(folder: Path, names) -> None:
    for name in names:
        given = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
        assert load_model(folder / given["trainer"]["default_root_dir"] / "model"), name


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Return the folder in which the configurations of `KINDS` trained, and what they printed."""
    folder = tmp_path_factory.mktemp("two")
    make_pairs_and_collection(folder)
    return folder, trained(folder, KINDS)


def test_a_run_with_one_optimiser_two_or_a_part_of_the_weights_trains_in_two_processes(kinds):
    folder, _ = kinds
    require_models(folder, KINDS)


def test_the_blur_between_the_pairs_is_fitted_once_and_the_outcome_printed_once(kinds):
    folder, printed = kinds
    assert printed.count("mtf_nyquist is now") == 1
    assert printed.count("dB on average of") == 2  # of finetune and of srgan; the head has no such figure
    mtf = load_model(folder / "runs" / "finetune" / "model").config.mtf_nyquist
    assert min(mtf) > 0.4  # LR is a mean of 4 x 4 pixels


@pytest.mark.slow
def test_all_other_configurations_train_in_two_processes(kinds):
    folder, _ = kinds
    make_the_rest(folder)
    trained(folder, OTHERS)
    require_models(folder, OTHERS)
