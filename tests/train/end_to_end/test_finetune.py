"""Tests of the commands in the guide: fine-tune a bundled model on own pairs."""

from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
import yaml
from torch.utils.data import DataLoader

from rs_srgan import load_model
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.train.data.makers import pair_folder
from train.__main__ import main
from train.data.pair_loader import PairLoader
from train.data.pair_split import split_pairs

CONFIG = str(Path("train/configs/finetune.yaml").resolve())


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return pair_folder(tmp_path / "mine", count=8)


def test_fine_tuning_on_a_site_improves_that_site(own, tmp_path):
    options = ["--trainer.max_epochs=1", "--data.steps_per_epoch=30", "--trainer.accelerator=cpu"]
    quick = ["--data.batch_size=3", "--data.crop_lr_px=12", "--trainer.enable_progress_bar=false"]
    code = main(
        ["fit", "--config", CONFIG, "--model.init_from", DEFAULT_MODEL, "--data.root", str(own), *options, *quick]
    )
    assert code == 0
    assert "Better than the start (sisr-x4-rgbn) by" in (tmp_path / "runs" / "finetune" / "report.md").read_text()
    before, after = load_model(DEFAULT_MODEL), load_model(tmp_path / "runs" / "finetune" / "model")
    loader = PairLoader(before.config.bands, 4)
    gains = []
    for pair in split_pairs(own)["val"]:
        lr, hr = loader(pair)
        gains.append(psnr(after.predict(lr[0]), hr) - psnr(before.predict(lr[0]), hr))
    assert np.mean(gains) > 0.1


def test_log_chooses_the_logger(own, tmp_path):
    options = ["--trainer.max_steps=2", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    given = ["--config", CONFIG, "--data.root", str(own), "--data.crop_lr_px=16", "--log", "tensorboard"]
    given += ["--data.steps_per_epoch=2"]
    assert main(["fit", *given, *options]) == 0
    run = tmp_path / "runs" / "finetune"
    (events,) = (run / "tensorboard").rglob("events.*")
    assert b"val/place" in events.read_bytes()  # a picture
    assert "curves.png" in (run / "report.md").read_text()


@pytest.mark.slow
def test_weights_and_biases_gets_curves_and_pictures_without_a_network(own, tmp_path, monkeypatch):
    """Run with the package: pip install wandb, python -m pytest -m slow -k weights_and_biases."""
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    options = ["--trainer.max_steps=2", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    given = ["--config", CONFIG, "--data.root", str(own), "--data.crop_lr_px=16", "--log", "wandb"]
    given += ["--data.steps_per_epoch=2", "--trainer.log_every_n_steps=1", "--trainer.default_root_dir=runs/moors"]
    assert main(["fit", *given, *options]) == 0
    run = tmp_path / "runs" / "moors"
    (record,) = run.glob("wandb/offline-run-*/run-*.wandb")
    assert all(name in record.read_bytes() for name in (b"moors", b"train/loss", b"val/psnr"))
    assert any(run.glob("wandb/offline-run-*/files/media/images/val/*.png"))
    report = (run / "report.md").read_text()
    assert "curves.png" in report and "(figures/" in report


class OwnData(L.LightningDataModule):
    """Data module as a user would write it."""

    def __init__(self, scale: int, bands: tuple[str, ...], mtf_nyquist: tuple[float, ...], count: int = 4):
        super().__init__()
        hr = torch.rand(count, len(bands), 16 * scale, 16 * scale) * 0.3
        lr = torch.nn.functional.avg_pool2d(hr, scale)
        self.items = [{"hr": fine, "lr": coarse} for fine, coarse in zip(hr, lr, strict=True)]

    def train_dataloader(self):
        return DataLoader(self.items, 2)

    def val_dataloader(self):
        return DataLoader([{**item, "site": "here", "group": "own"} for item in self.items], 1)


def test_a_users_data_module_works_by_its_class_path(own, tmp_path):
    config = yaml.safe_load(Path(CONFIG).read_text())
    config["data"] = {"class_path": f"{OwnData.__module__}.OwnData", "init_args": {"count": 6}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(config))
    options = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    assert main(["fit", "--config", str(tmp_path / "own.yaml"), *options]) == 0
    assert "val/gain_own" in (tmp_path / "runs" / "finetune" / "report.md").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model.init_from", "no-such-model"], "No model 'no-such-model'"),
        (["--data.root", "nowhere"], "nowhere"),
        (["--ema", "1.5"], "ema is 1.5"),
        (["--model.fusion.name", "recursive"], "one view of each place and the model is a MISR"),
    ],
)
def test_a_wrong_request_ends_with_one_line(own, options, words, capsys):
    assert main(["fit", "--config", CONFIG, "--data.root", str(own), "--trainer.accelerator=cpu", *options]) == 2
    printed = capsys.readouterr().err
    assert words in printed.splitlines()[-1]
