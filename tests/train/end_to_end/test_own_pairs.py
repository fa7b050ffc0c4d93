"""Tests of a run on own pairs from the command line: the blur is fitted, and two processes need no strategy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rs_srgan import load_model
from tests.train.data.makers import pair_folder

CONFIG = str(Path("train/configs/finetune.yaml").resolve())


def train(command, folder, tmp_path, *options):
    request = [sys.executable, "-m", "train", command, "--config", CONFIG, f"--data.root={folder}", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(request, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def own(tmp_path):
    return pair_folder(tmp_path / "mine", count=4, side=128)


@pytest.mark.parametrize("devices", [1, 2])
def test_the_blur_between_the_pairs_becomes_that_of_the_model(own, tmp_path, devices):
    options = ["--data.crop_lr_px=16", "--data.batch_size=2", "--data.steps_per_epoch=2", "--trainer.max_epochs=1"]
    options += ["--trainer.accelerator=cpu", f"--trainer.devices={devices}", "--trainer.enable_progress_bar=false"]
    done = train("fit", own, tmp_path, *options, f"--trainer.default_root_dir={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("mtf_nyquist is now") == 1
    assert min(load_model(tmp_path / "run" / "model").config.mtf_nyquist) > 0.4  # LR is a mean of 4 x 4 pixels
    assert "than the start (sisr-x4-rgbn)" in done.stderr


def test_inspect_prints_what_lies_between_lr_and_hr(own, tmp_path):
    done = train("inspect", own, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert all(f"  {band}: MTF at Nyquist 0." in done.stdout for band in ("B04", "B03", "B02", "B08"))
