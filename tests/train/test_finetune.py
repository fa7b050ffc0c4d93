"""The guide's commands: a bundled model, one's own pairs, a better model for them."""

from pathlib import Path

import numpy as np
import pytest

from rs_srgan import load_model
from rs_srgan.evaluation.metrics import psnr
from rs_srgan.hub import DEFAULT_MODEL
from tests.train.data.makers import pair_folder
from train.__main__ import main
from train.data.pairs import PairLoader, split_pairs

CONFIG = str(Path("train/configs/finetune.yaml").resolve())


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return pair_folder(tmp_path / "mine", count=8)


def test_fine_tuning_on_a_site_improves_that_site(own, tmp_path):
    options = ["--trainer.max_epochs=2", "--data.steps_per_epoch=40", "--trainer.accelerator=cpu"]
    quick = ["--data.batch_size=4", "--data.crop_lr_px=16", "--trainer.enable_progress_bar=false"]
    code = main(
        ["fit", "--config", CONFIG, "--model.init_from", DEFAULT_MODEL, "--data.root", str(own), *options, *quick]
    )
    assert code == 0
    before, after = load_model(DEFAULT_MODEL), load_model(tmp_path / "runs" / "finetune" / "model")
    loader = PairLoader(before.config.bands, 4)
    gains = []
    for pair in split_pairs(own)["val"]:
        lr, hr = loader(pair)
        gains.append(psnr(after.predict(lr[0]), hr) - psnr(before.predict(lr[0]), hr))
    assert np.mean(gains) > 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model.init_from", "no-such-model"], "No model 'no-such-model'"),
        (["--data.root", "nowhere"], "nowhere"),
        (["--ema", "1.5"], "ema is 1.5"),
        (["--model.fusion.name", "recursive"], "one view of each place and the model is a MISR"),
    ],
)
def test_a_wrong_request_is_said_in_a_line(own, options, words, capsys):
    assert main(["fit", "--config", CONFIG, "--data.root", str(own), "--trainer.accelerator=cpu", *options]) == 2
    printed = capsys.readouterr().err
    assert words in printed.splitlines()[-1]
