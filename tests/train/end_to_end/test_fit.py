"""Tests of training end to end on a small data folder, by the command that users type."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from rs_srgan import load_model
from tests.train.conftest import make_small_data
from train.__main__ import main

CONFIG = "train/configs/sisr_x4_rgbn.yaml"


def arguments(folder: Path, command: str, **options) -> list[str]:
    """Return a request with a bundled configuration and a small network; its run is in `folder`."""
    small = {
        "model.init_args.config.channels": 16,
        "model.init_args.config.blocks": 1,
        "model.init_args.warmup_steps": 2,
        "data.init_args.root": folder / "data",
        "data.init_args.crop_lr_px": 12,
        "data.init_args.batch_size": 2,
        "data.init_args.steps_per_epoch": 4,
        "trainer.max_time": "null",
        "trainer.enable_progress_bar": "false",
        "trainer.log_every_n_steps": 1,
    }
    options = small | {key.replace("__", "."): value for key, value in options.items()}
    return [command, "--config", str(folder / "config.yaml"), *(f"--{key}={value}" for key, value in options.items())]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Return the folder of a run of eight steps, made by the command in a process of its own."""
    folder = tmp_path_factory.mktemp("fit")
    make_small_data(folder / "data")
    text = yaml.safe_dump(yaml.safe_load(Path(CONFIG).read_text()))
    (folder / "config.yaml").write_text(text.replace("runs/sisr_x4_rgbn", str(folder / "run")))
    done = subprocess.run(
        [sys.executable, "-m", "train", *arguments(folder, "fit", trainer__max_steps=8)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder


def rows(folder):
    with open(sorted((folder / "log").glob("version_*"))[-1] / "metrics.csv") as file:
        return list(csv.DictReader(file))


def test_a_run_saves_a_model_which_validate_keeps_and_resumes_where_it_stopped(finished):
    folder = finished / "run"
    logged = rows(folder)
    assert any(row["val/gain_sentinel2"] for row in logged)
    assert any(row["val/gain_naip"] for row in logged)
    assert {"train/charbonnier", "train/fft", "train/gradient", "train/sam", "train/loss"} <= logged[0].keys()
    assert json.loads((folder / "model" / "training.json").read_text())["steps"] == 8
    model = load_model(folder / "model")

    before = {path: path.stat().st_mtime_ns for name in ("model", "figures") for path in (folder / name).iterdir()}
    assert len(before) > 3
    assert main(arguments(finished, "validate")) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before

    last = folder / "checkpoints" / "last.ckpt"
    assert main(arguments(finished, "fit", trainer__max_steps=12, ckpt_path=last)) == 0
    assert sum(bool(row["train/loss"]) for row in rows(folder)) == 4  # the other eight were done
    assert json.loads((folder / "model" / "training.json").read_text())["steps"] == 12
    later = load_model(folder / "model")
    moved = [not torch.equal(a, b) for a, b in zip(model.parameters(), later.parameters(), strict=True)]
    assert all(moved)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "set trainer.max_steps, max_epochs or max_time"),
        ({"trainer__max_steps": 2, "data__init_args__root": "/no/such/folder"}, "data folder /no/such/folder does not"),
        ({"trainer__max_steps": 2, "model__init_args__config__generator": "swin"}, "generator is 'swin'"),
    ],
)
def test_a_wrong_request_ends_with_exit_code_2(finished, capsys, options, words):
    assert main(arguments(finished, "fit", **options)) == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
