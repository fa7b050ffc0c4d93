"""Tests that values that are not finite stop a run with a message of one line, and that saved files are kept."""

import json
import math
from pathlib import Path

import lightning as L
import pytest
import torch
import yaml
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from rs_srgan import InputError, SISRConfig, load_model
from tests.train.test_gan import large_pairs, module
from tests.train.test_module import SMALL
from train.__main__ import main
from train.callbacks import Averaging, SaveModel
from train.module import SISRModule


class Ruin(L.Callback):
    """Ruins the weights in the last step of the second epoch, after the checks of that step."""

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.current_epoch == 1 and batch_idx == 3:
            next(module.model.parameters()).data.fill_(math.nan)


def run(trained, folder, *callbacks, validation=None, resume=None, epochs=3):
    saving = ModelCheckpoint(
        folder / "checkpoints",
        save_last=True,
        every_n_epochs=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    fit = L.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=[*callbacks, saving, SaveModel(str(folder / "model")), Averaging(0.5)],
        **quiet,
    )
    fit.fit(trained, large_pairs(), validation, ckpt_path=resume)


def images():
    return DataLoader([{"hr": torch.rand(4, 64, 64), "lr": torch.rand(4, 16, 16), "group": "g", "site": "a"}], 1)


@pytest.mark.parametrize("stage", ["psnr", "gan"])
@pytest.mark.parametrize("validates", [True, False])
def test_ruined_weights_replace_no_saved_file(stage, validates, tmp_path):
    trained = module() if stage == "gan" else SISRModule(config=SMALL, warmup_steps=1)
    last = tmp_path / "checkpoints" / "last.ckpt"
    with pytest.raises(FloatingPointError, match="kept") as stopped:
        run(trained, tmp_path, Ruin(), validation=images() if validates else None)
    assert str(last) in str(stopped.value)
    checkpoint = torch.load(last, weights_only=True)
    assert checkpoint["epoch"] == 0
    assert all(value.isfinite().all() for value in checkpoint["current_model_state"].values())
    if validates:
        assert all(value.isfinite().all() for value in load_model(tmp_path / "model").state_dict().values())
        assert json.loads((tmp_path / "model" / "training.json").read_text())["steps"] == 4  # batches, also for a GAN
    else:
        assert not (tmp_path / "model").exists()


class Spoiled(L.LightningDataModule):
    """Data whose HR is NaN from an epoch on."""

    def __init__(self, scale: int, bands: tuple[str, ...], mtf_nyquist: tuple[float, ...], spoiled_from: int = 0):
        super().__init__()
        self.sides, self.left = (16 * scale, len(bands)), spoiled_from

    def train_dataloader(self):
        side, bands = self.sides
        hr = torch.full((bands, side, side), 0.1 if self.left else math.nan)
        self.left -= 1
        return DataLoader([{"hr": hr, "lr": torch.full((bands, 16, 16), 0.1)}] * 4, 2)


@pytest.mark.parametrize("good", [0, 1])
def test_the_command_names_the_last_checkpoint_if_there_is_one(good, tmp_path, capsys):
    config = yaml.safe_load(Path("train/configs/finetune.yaml").read_text())
    config["data"] = {"class_path": f"{Spoiled.__module__}.Spoiled", "init_args": {"spoiled_from": good}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(config))
    options = ["--trainer.max_epochs=3", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    options += [f"--trainer.default_root_dir={tmp_path / 'run'}", "--trainer.callbacks+=LearningRateMonitor"]
    assert main(["fit", "--config", str(tmp_path / "own.yaml"), *options]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"train: The hr images of step {2 * good} have values that are not finite")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"  # the request names another callback
    assert last.is_file() == bool(good)
    assert (str(last) in line) == bool(good)
    assert ("This run has no checkpoint" in line) != bool(good)


def test_a_checkpoint_of_another_stage_or_architecture_is_refused(tmp_path):
    run(SISRModule(config=SMALL, warmup_steps=1), tmp_path, epochs=1)
    last = tmp_path / "checkpoints" / "last.ckpt"
    with pytest.raises(InputError, match="GANModule"):
        run(module(), tmp_path, resume=last)
    wide = SISRModule(config=SISRConfig(channels=32, blocks=1), warmup_steps=1)
    with pytest.raises(InputError, match="architecture"):
        run(wide, tmp_path, resume=last)
