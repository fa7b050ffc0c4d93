"""The guide's story, docs/hub.md, from one's own pairs to somebody else's map; every command a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from huggingface_hub import ModelCard

from rs_srgan import load_model
from tests.conftest import scene_dn
from tests.hub.server import OWNER
from tests.train.data.makers import pair_folder

pytest.importorskip("torchmetrics")

NAME = "organisation/spot-x4"
CONFIG = Path("train/configs/finetune.yaml").resolve()


def command(*arguments, token=None):
    """What it printed; the token is in the environment, or nowhere."""
    environment = {**os.environ, "PYTHONPATH": str(CONFIG.parents[2])}
    environment.pop("HF_TOKEN", None)
    if token:
        environment["HF_TOKEN"] = token
    process = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert process.returncode == 0, process.stderr
    assert OWNER not in process.stdout + process.stderr
    return process.stdout


def test_from_pairs_to_a_model_that_others_load_by_its_id(hub, tmp_path, monkeypatch, write_tif):
    monkeypatch.chdir(tmp_path)
    pair_folder(tmp_path / "pairs" / "train", count=4)
    pair_folder(tmp_path / "pairs" / "val", count=2, names=["field", "town"])
    options = ["--trainer.max_epochs=1", "--data.steps_per_epoch=5", "--data.batch_size=2", "--data.crop_lr_px=16"]
    command("train", "fit", "--config", CONFIG, "--data.root", "pairs", "--trainer.accelerator=cpu", *options)
    model = tmp_path / "runs" / "finetune" / "model"

    command("rs_srgan", "evaluate", "pairs/val", "--model", model, "-o", "own_pairs", "--pictures", "1")
    assert command("rs_srgan", "card", model, "--report", "own_pairs", "--name", NAME) == f"{model / 'README.md'}\n"
    assert command("rs_srgan", "push", model, NAME, "--private", token=OWNER) == f"{hub.url}/{NAME}\n"

    card = ModelCard(hub.repos[NAME].files()["README.md"].decode())
    assert card.data.base_model == "sisr-x4-rgbn"
    figures = {each.metric_type: each.metric_value for each in card.data.eval_results}
    metrics = json.loads(hub.repos[NAME].files()["metrics.json"])
    assert figures["psnr"] == round(metrics["groups"]["own_pairs"]["mean"]["model"]["psnr_db"], 2)
    assert {"field", "town"} <= {cell.strip() for cell in card.text.split("|")}
    pictures = [path for path in hub.repos[NAME].files() if path.startswith("pictures/own_pairs_")]
    assert pictures and all(f"({path})" in card.text for path in pictures)
    assert str(tmp_path).encode() not in b"".join(hub.repos[NAME].files().values())

    source = write_tif(scene_dn(20, 24))
    options = ["--engine", "torch", "--precision", "fp32"]
    command("rs_srgan", "predict", source, "-o", "theirs.tif", "--model", NAME, *options, token=OWNER)
    with rasterio.open("theirs.tif") as theirs:
        found = theirs.read() / np.float32(10000)
        assert theirs.tags()["SR_MODEL"] == NAME
    expected = load_model(model).predict(scene_dn(20, 24) / np.float32(10000))
    np.testing.assert_allclose(found, expected.clip(0), atol=1.1e-4)

    code = f"from rs_srgan import load_model; print(load_model({NAME!r}).fingerprint())"
    again = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CONFIG.parents[2]), "HF_TOKEN": OWNER},
        check=True,
    )
    assert again.stdout.strip() == load_model(model).fingerprint()
