"""Tests of a run on own pairs from the command line: the blur is fitted, and two processes need no strategy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rs_srgan import load_model
from tests.train.data.makers import pair_folder
from train.__main__ import main

CONFIG = str(Path("train/configs/finetune.yaml").resolve())


@pytest.fixture
def own(tmp_path):
    return pair_folder(tmp_path / "mine", count=4, side=128)


def test_the_blur_between_the_pairs_becomes_that_of_the_model_in_two_processes(own, tmp_path):
    options = ["--data.crop_lr_px=16", "--data.batch_size=2", "--data.steps_per_epoch=2", "--trainer.max_epochs=1"]
    options += ["--trainer.accelerator=cpu", "--trainer.devices=2", "--trainer.enable_progress_bar=false"]
    request = ["fit", "--config", CONFIG, f"--data.root={own}", *options]
    done = subprocess.run(
        [sys.executable, "-m", "train", *request, f"--trainer.default_root_dir={tmp_path / 'run'}"],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("mtf_nyquist is now") == 1
    assert min(load_model(tmp_path / "run" / "model").config.mtf_nyquist) > 0.4  # LR is a mean of 4 x 4 pixels
    assert "than the start (sisr-x4-rgbn)" in done.stderr


def test_inspect_prints_what_lies_between_lr_and_hr(own, capsys):
    assert main(["inspect", "--config", CONFIG, f"--data.root={own}"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {band}: MTF at Nyquist 0." in printed for band in ("B04", "B03", "B02", "B08"))
