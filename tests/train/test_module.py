import math

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from rs_srgan import InputError, SISRConfig
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.projection import back_projected_bicubic
from train.callbacks import Averaging
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
    return L.Trainer(accelerator="cpu", **{"max_epochs": -1} | quiet | options)


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    module = SISRModule(config=SMALL, learning_rate=2e-3, warmup_steps=5)
    losses = []
    module.log_means = lambda values, **_: losses.extend(
        float(values[name].detach()) for name in values if name == "train/loss"
    )
    trainer(max_steps=60).fit(module, pairs())
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_a_loss_that_is_not_finite_stops_the_run():
    module = SISRModule(config=SMALL)
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


@pytest.mark.parametrize("adds_to", ["bicubic", "mtf-glp"])
def test_validation_compares_with_the_method_that_sees_the_same_input(adds_to):
    torch.manual_seed(0)
    config = SISRConfig(
        scale=2, bands=("B05", "B11"), guide_bands=("B04", "B08"), channels=16, blocks=1, adds_to=adds_to
    )
    module = SISRModule(config=config)
    batch = {"lr": torch.rand(1, 2, 20, 24), "guide": torch.rand(1, 2, 40, 48), "hr": torch.rand(1, 2, 40, 48)}
    with torch.no_grad():
        baseline = module.baseline(batch)
    if adds_to == "mtf-glp":
        torch.testing.assert_close(baseline, module.model.classical(batch["lr"], batch["guide"]), rtol=0, atol=0)
    else:
        mtf = wald_mtf(config.mtf_nyquist, 2)
        torch.testing.assert_close(baseline, back_projected_bicubic(batch["lr"], 2, mtf), rtol=0, atol=0)


def test_a_new_guided_model_gains_nothing_over_its_baseline():
    """Begin with a network that adds nothing, so the gain in the log begins at 0."""
    bands = {"bands": ("B05", "B11"), "guide_bands": ("B04", "B08")}
    module = SISRModule(config=SISRConfig(scale=2, channels=16, blocks=1, adds_to="mtf-glp", **bands))
    fine = torch.rand(2, 96, 96)
    item = {"hr": fine, "guide": torch.rand(2, 96, 96), "lr": torch.nn.functional.avg_pool2d(fine, 2)}
    item |= {"group": "native", "site": "native/dell"}
    (figures,) = trainer(max_steps=1).validate(module, DataLoader([item], 1), verbose=False)
    assert figures["val/gain_native"] == pytest.approx(0, abs=0.05)


def held_out():
    """Return one validation image."""
    item = {"hr": torch.rand(4, 48, 48), "lr": torch.rand(4, 12, 12), "group": "sentinel2", "site": "a"}
    return DataLoader([item], 1)


class Validated(L.Callback):
    """The steps after which a run validated."""

    def __init__(self):
        self.steps = []

    def on_validation_end(self, trainer, module):
        self.steps.append(trainer.global_step)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"max_steps": 10}, [10]),
        ({"max_steps": 16}, [16]),
        ({"max_steps": 20}, [16, 20]),
        ({"max_steps": 20, "check_val_every_n_epoch": 2}, [20]),
        ({"max_steps": 40, "check_val_every_n_epoch": 2}, [32, 40]),
        ({"max_epochs": 3, "check_val_every_n_epoch": 2}, [32, 48]),
        ({"max_epochs": 1, "val_check_interval": 6}, [6, 12, 16]),
        ({"max_epochs": 2, "val_check_interval": 20, "check_val_every_n_epoch": None}, [20, 32]),
    ],
)
def test_a_run_validates_its_last_weights_once(options, expected):
    """Run epochs of 16 steps; the length and the validations are given in steps or epochs."""
    seen = Validated()
    run = trainer(num_sanity_val_steps=0, callbacks=[seen], **options)
    run.fit(SISRModule(config=SMALL, warmup_steps=1), pairs(), held_out())
    assert (seen.steps, run.global_step) == (expected, expected[-1])


def test_a_run_by_the_clock_validates_its_last_weights():
    seen = Validated()
    run = trainer(max_time={"seconds": 1}, check_val_every_n_epoch=1_000_000, num_sanity_val_steps=0, callbacks=[seen])
    run.fit(SISRModule(config=SMALL, warmup_steps=1), pairs(), held_out())
    assert seen.steps == [run.global_step]


def test_a_resumed_run_takes_another_learning_rate(tmp_path, caplog):
    first = trainer(max_steps=2)
    first.fit(SISRModule(config=SMALL, warmup_steps=1, learning_rate=1e-3), pairs())
    first.save_checkpoint(tmp_path / "last.ckpt")
    rates = {}
    for rate in (1e-3, 1e-4):
        caplog.clear()
        later = trainer(max_steps=4)
        later.fit(
            SISRModule(config=SMALL, warmup_steps=1, learning_rate=rate), pairs(), ckpt_path=tmp_path / "last.ckpt"
        )
        rates[rate] = later.optimizers[0].param_groups[0]["lr"]
        assert ("learning rate" in caplog.text) == (rate == 1e-4)
    assert rates[1e-4] == pytest.approx(rates[1e-3] / 10)


def test_a_resumed_run_takes_measures_that_differ_by_rounding(tmp_path):
    """Expect what a checkpoint has, because another processor rounds the fit to the same data differently."""
    first = trainer(max_steps=1)
    first.fit(SISRModule(config=SMALL, warmup_steps=1, mtf_nyquist=(0.301,) * 4), pairs(8))
    first.save_checkpoint(tmp_path / "last.ckpt")
    near = SISRModule(config=SMALL, warmup_steps=1, mtf_nyquist=(0.302,) * 4)
    trainer(max_steps=2, callbacks=[Averaging(0.5)]).fit(near, pairs(8), ckpt_path=tmp_path / "last.ckpt")
    assert near.mtf_nyquist == near.model.config.mtf_nyquist == (0.301,) * 4
    other = SISRModule(config=SMALL, warmup_steps=1, mtf_nyquist=(0.35,) * 4)
    with pytest.raises(InputError, match="mtf_nyquist"):
        trainer(max_steps=2).fit(other, pairs(8), ckpt_path=tmp_path / "last.ckpt")


def test_the_log_has_the_start_and_a_resumed_run_does_not_call_its_model_so(tmp_path, caplog):
    item = {"hr": torch.rand(4, 48, 48), "lr": torch.rand(4, 12, 12), "group": "a", "site": "a"}
    figures = []
    for steps, resume in ((1, None), (2, tmp_path / "last.ckpt")):
        caplog.clear()
        run, module = trainer(max_steps=steps), SISRModule(config=SMALL, warmup_steps=1, learning_rate=1e-2)
        with caplog.at_level("INFO"):
            run.fit(module, pairs(4 * steps), DataLoader([item], 1), ckpt_path=resume)
        figures.append(float(run.callback_metrics["val/start"]))
        run.save_checkpoint(tmp_path / "last.ckpt")
        assert ("the start" in caplog.text) == (resume is None)
    assert figures[0] == figures[1] == pytest.approx(module.at_start["a"])
    assert module.at_start["a"] != module.latest["a"].model


def test_a_given_mtf_is_the_models(tmp_path):
    module = SISRModule(config=SMALL, mtf_nyquist=(0.5, 0.5, 0.5, 0.6))
    assert module.model.config.mtf_nyquist == module.mtf_nyquist == (0.5, 0.5, 0.5, 0.6)
    assert not module.fits_mtf
