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

CONFIG = "train/configs/sisr_x4_rgbn.yaml"


@pytest.fixture
def fit(small_data, tmp_path):
    """Return a function that runs `python -m train fit` with a bundled configuration and a small network."""
    config = yaml.safe_load(Path(CONFIG).read_text())
    text = yaml.safe_dump(config).replace("runs/sisr_x4_rgbn", str(tmp_path / "run"))
    (tmp_path / "config.yaml").write_text(text)
    small = {
        "model.init_args.config.channels": 16,
        "model.init_args.config.blocks": 1,
        "model.init_args.warmup_steps": 2,
        "data.init_args.root": small_data,
        "data.init_args.crop_lr_px": 12,
        "data.init_args.batch_size": 2,
        "data.init_args.steps_per_epoch": 4,
        "trainer.max_time": "null",
        "trainer.enable_progress_bar": "false",
        "trainer.log_every_n_steps": 1,
    }

    def run(command="fit", /, **options):
        options = small | {key.replace("__", "."): value for key, value in options.items()}
        arguments = [f"--{key}={value}" for key, value in options.items()]
        return subprocess.run(
            [sys.executable, "-m", "train", command, "--config", str(tmp_path / "config.yaml"), *arguments],
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    return run


def rows(folder):
    with open(sorted((folder / "log").glob("version_*"))[-1] / "metrics.csv") as file:
        return list(csv.DictReader(file))


def test_a_run_saves_a_model_and_resumes_where_it_stopped(fit, tmp_path):
    first = fit(trainer__max_steps=8)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "run"
    logged = rows(folder)
    assert any(row["val/gain_sentinel2"] for row in logged)
    assert any(row["val/gain_naip"] for row in logged)
    assert {"train/charbonnier", "train/fft", "train/gradient", "train/sam", "train/loss"} <= logged[0].keys()
    assert json.loads((folder / "model" / "training.json").read_text())["steps"] == 8
    model = load_model(folder / "model")

    resumed = fit(trainer__max_steps=12, ckpt_path=folder / "checkpoints" / "last.ckpt")
    assert resumed.returncode == 0, resumed.stderr
    assert sum(bool(row["train/loss"]) for row in rows(folder)) == 4  # the other eight were done
    assert json.loads((folder / "model" / "training.json").read_text())["steps"] == 12
    later = load_model(folder / "model")
    moved = [not torch.equal(a, b) for a, b in zip(model.parameters(), later.parameters(), strict=True)]
    assert all(moved)


def test_validate_keeps_the_results_of_the_run(fit, tmp_path):
    assert fit(trainer__max_steps=4).returncode == 0
    folder = tmp_path / "run"
    before = {path: path.stat().st_mtime_ns for name in ("model", "figures") for path in (folder / name).iterdir()}
    assert len(before) > 3
    done = fit("validate")
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "set trainer.max_steps, max_epochs or max_time"),
        ({"trainer__max_steps": 2, "data__init_args__root": "/no/such/folder"}, "data folder /no/such/folder does not"),
        ({"trainer__max_steps": 2, "model__init_args__config__generator": "swin"}, "generator is 'swin'"),
        ({"trainer__max_steps": 2, "model__init_args__config__chanels": "32"}, "chanels"),
    ],
)
def test_a_wrong_request_ends_with_exit_code_2(fit, options, words):
    done = fit(**options)
    assert done.returncode == 2, done.stderr[-2000:]
    assert words in done.stderr
    assert "Traceback" not in done.stderr
