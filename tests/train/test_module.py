import math

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from rs_srgan import InputError, SISRConfig
from train.losses import ReconstructionWeights
from train.module import SISRModule

SMALL = SISRConfig(channels=16, blocks=1)


def pairs(count=64, fill=None):
    torch.manual_seed(0)
    hr = torch.nn.functional.interpolate(torch.rand(count, 4, 16, 16) * 0.3, scale_factor=4, mode="bicubic")
    lr = torch.nn.functional.avg_pool2d(hr, 4)
    if fill is not None:
        hr[7] = fill
    return DataLoader([{"hr": h, "lr": low} for h, low in zip(hr, lr, strict=True)], 4)


def trainer(**options):
    quiet = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    return L.Trainer(accelerator="cpu", max_epochs=-1, **quiet, **options)


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    module = SISRModule(config=SMALL, learning_rate=2e-3, warmup_steps=5)
    losses = []
    module.log = lambda name, value, **_: losses.append(float(value)) if name == "train/loss" else None
    trainer(max_steps=80).fit(module, pairs())
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_a_loss_that_is_not_finite_stops_the_run():
    module = SISRModule(config=SMALL)
    module.log = module.log_dict = lambda *_, **__: None
    with pytest.raises(FloatingPointError, match="charbonnier"):
        trainer(max_steps=50).fit(module, pairs(fill=1e30))


def test_images_that_are_not_finite_stop_the_run():
    with pytest.raises(FloatingPointError, match=r"\bhr\b"):
        trainer(max_steps=50).fit(SISRModule(config=SMALL), pairs(fill=math.nan))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"warmup_steps": 0}, "warmup_steps"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"weights": ReconstructionWeights(0, 0, 0, 0, 0, 0)}, "weights"),
        ({}, "crop_lr_px"),
    ],
)
def test_settings_out_of_range_are_refused(options, words):
    tiny = DataLoader([{"hr": torch.rand(4, 16, 16), "lr": torch.rand(4, 4, 4)}] * 2, 1)
    with pytest.raises(InputError, match=words) as refused:
        trainer(max_steps=1).fit(SISRModule(config=SMALL, **options), tiny)
    assert all(str(value) in str(refused.value) for value in options.values() if isinstance(value, int | float))
