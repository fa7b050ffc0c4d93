"""Tests that run the commands of docs/finetuning.md as they stand there, on small data and for two steps.

All of them: pytest -m "slow or not slow" tests/train/end_to_end/test_guide_of_finetuning.py.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from rs_srgan import load_model
from tests.conftest import scene_dn
from tests.train.data.makers import RGB, RGBN, coarse, pair_folder, write_at
from tests.train.end_to_end.test_landsat import write_landsat
from train.__main__ import main

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "finetuning.md").read_text(encoding="utf-8")
CASES = dict(re.findall(r"^### (.+?)\n\n```sh\n(.+?)```", GUIDE, re.M | re.S))
TWELVE = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
SHORT = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.crop_lr_px=8"]
SHORT += ["--data.batch_size=2", "--data.steps_per_epoch=2", "--trainer.max_epochs=1", "--trainer.max_time=null"]


def images(folder: Path) -> None:
    folder.mkdir()
    for seed in range(3):
        write_at(folder / f"place{seed}.tif", scene_dn(64, 64, seed=seed), RGBN, f"place{seed}", 10)


def pairs(folder: Path, bands=RGBN) -> None:
    pair_folder(folder, count=3, bands=bands, side=64)


def aerial(folder: Path) -> None:
    pairs(folder, RGB)
    for path in folder.glob("*r/*.tif"):
        with rasterio.open(path) as dataset:
            values, transform = dataset.read(), dataset.transform
        write_at(path, (values / 30).clip(1, 255).astype(np.uint8), RGB, "x")
        with rasterio.open(path, "r+") as out:
            out.transform = transform


def thermal(folder: Path) -> None:
    for part in ("hr", "lr"):
        (folder / part).mkdir(parents=True)
    for seed in range(3):
        kelvin = (270 + scene_dn(64, 64, bands=1, seed=seed).clip(0, 4000) / 100).astype(np.float32)
        write_at(folder / "hr" / f"p{seed}.tif", kelvin, ["thermal"], f"p{seed}")
        low = kelvin.reshape(1, 16, 4, 16, 4).mean((2, 4))
        write_at(folder / "lr" / f"p{seed}.tif", low, ["thermal"], f"p{seed}", 10)


def revisits(folder: Path) -> None:
    pairs(folder)
    for path in sorted((folder / "lr").glob("*.tif")):
        (folder / "lr" / path.stem).mkdir()
        path.rename(folder / "lr" / path.stem / "2021.tif")
        dn = coarse(scene_dn(64, 64, seed=int(path.stem[-1]))) + np.uint16(9)
        write_at(folder / "lr" / path.stem / "2022.tif", dn, RGBN, path.stem, 10)


def landsat(folder: Path) -> None:
    for side, east in (("train", 3e5), ("val", 6e5)):
        write_landsat(folder / "landsat" / side / "a.tif", seed=0, east=east)


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("case", "folder", "make", "bands"),
    [
        pytest.param("Images alone", "images", images, RGBN, marks=SLOW),
        pytest.param("Pairs of two sensors", "across", pairs, RGBN, marks=SLOW),
        pytest.param("Aerial images, red, green, blue", "aerial", aerial, RGB, marks=SLOW),
        pytest.param("Landsat", "data", landsat, ("B4", "B3", "B2", "B5"), marks=SLOW),
        ("Thermal", "thermal", thermal, ("thermal",)),
        pytest.param("Twelve bands", "twelve", lambda folder: pairs(folder, TWELVE), TWELVE, marks=SLOW),
        pytest.param("Revisits", "revisits", revisits, RGBN, marks=SLOW),
    ],
)
def test_the_command_trains_a_model_for_such_data(case, folder, make, bands, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train").symlink_to(ROOT / "train")
    make(tmp_path / folder)
    assert run(case) == 0
    (model,) = Path("runs").glob("*/model")
    config = load_model(model).config
    assert config.bands == bands
    if case == "Thermal":
        assert 0.2 < config.reflectance_mean < 0.9 and config.reflectance_std < 0.15
        assert load_model(model).predict(np.full((1, 12, 12), 0.4, np.float32)).shape == (1, 48, 48)


@pytest.mark.slow
def test_the_gan_stage_begins_with_the_model_of_the_pairs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train").symlink_to(ROOT / "train")
    pair_folder(tmp_path / "pairs", count=3, side=128)
    crops = ["--data.crop_lr_px=16", "--trainer.default_root_dir=runs/pairs"]
    assert run("Pairs of one sensor", *crops) == 0
    assert run("GAN stage", "--data.crop_lr_px=16", "--trainer.default_root_dir=runs/gan") == 0
    assert load_model(Path("runs/gan/model")).config.base_model == "runs/pairs/model"


@pytest.mark.slow
def test_two_machines_train_one_model(tmp_path):
    pairs(tmp_path / "pairs")
    (tmp_path / "train").symlink_to(ROOT / "train")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = shlex.split(CASES["Two machines"].replace("\\\n", " "))
    request = [sys.executable, *words[words.index("-m") :], *SHORT, "--trainer.default_root_dir=run"]
    given = dict(word.split("=") for word in words[:3])
    assert given.keys() == {"MASTER_ADDR", "MASTER_PORT", "NODE_RANK"}
    here = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    machines = [
        subprocess.Popen(request, cwd=tmp_path, env=os.environ | here | {"NODE_RANK": rank}, stderr=subprocess.PIPE)
        for rank in "01"
    ]
    ends = [machine.communicate()[1].decode()[-2000:] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], ends
    assert load_model(tmp_path / "run" / "model").config.bands == RGBN


def test_every_case_is_tested():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [case for case in CASES if f'"{case}"' not in source] == []


def run(case: str, *options: str) -> int:
    """Run the command of a case, for two steps."""
    words = shlex.split(CASES[case].replace("\\\n", " "))
    assert words[:3] == ["python", "-m", "train"]
    return main([*words[3:], *SHORT, *options])
