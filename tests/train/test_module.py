import math

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Timer
from torch.utils.data import DataLoader

from rs_srgan import SISR, InputError, SISRConfig
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
    module = SISRModule(SMALL, learning_rate=2e-3, warmup_steps=5)
    losses = []
    module.log = lambda name, value, **_: losses.append(float(value)) if name == "train/loss" else None
    trainer(max_steps=80).fit(module, pairs())
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_the_rate_warms_up_and_falls_to_a_hundredth():
    rates = []

    class Watch(L.Callback):
        def on_train_batch_start(self, trainer, *_):
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    trainer(max_steps=40, callbacks=[Watch()]).fit(SISRModule(SMALL, learning_rate=1e-3, warmup_steps=10), pairs())
    assert rates[0] == pytest.approx(1e-4)
    assert max(rates) == pytest.approx(max(rates[8:13]))
    assert rates[-1] < 0.03 * 1e-3
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_run_by_the_clock_completes_its_schedule():
    module = SISRModule(SMALL, warmup_steps=1)
    clock = Timer(duration={"seconds": 100})
    run = trainer(max_steps=-1, callbacks=[clock])
    module.trainer = run
    clock._offset = 50.0
    assert module.progress() == pytest.approx(0.5)
    assert module.rate(1000) == pytest.approx(0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi / 2)))
    clock._offset = 250.0
    assert module.progress() == 1


def test_a_loss_that_is_not_finite_stops_and_names_its_term_and_step():
    module = SISRModule(SMALL)
    module.log = module.log_dict = lambda *_, **__: None
    with pytest.raises(FloatingPointError, match="The charbonnier loss is inf at step 1"):
        trainer(max_steps=50).fit(module, pairs(fill=1e30))


def test_data_that_is_not_finite_is_never_learnt_from():
    with pytest.raises(FloatingPointError, match="The hr images of step 1 hold values that are not finite"):
        trainer(max_steps=50).fit(SISRModule(SMALL), pairs(fill=math.nan))


def test_plateau_quarters_the_rate_where_psnr_no_longer_rises():
    image = {"hr": torch.rand(4, 48, 48), "lr": torch.rand(4, 12, 12), "group": "images", "site": "a"}
    module = SISRModule(SMALL, learning_rate=1e-6, schedule="plateau")  # so that nothing rises
    run = trainer(max_steps=12, num_sanity_val_steps=0)
    run.fit(module, pairs(4), DataLoader([image], 1))
    assert run.optimizers[0].param_groups[0]["lr"] < 0.3e-6


def test_validation_averages_images_of_a_site_then_sites_then_groups():
    torch.manual_seed(0)
    sites = [("naip", "a"), ("naip", "a"), ("naip", "b"), ("sentinel2", "c")]
    items = [{"hr": torch.rand(4, 48, 48) * (i + 1), "lr": torch.rand(4, 12, 12)} for i in range(4)]
    items = [item | {"group": group, "site": site} for item, (group, site) in zip(items, sites, strict=True)]

    def figures(some):
        (found,) = trainer(max_steps=1).validate(SISRModule(SMALL), DataLoader(some, 1), verbose=False)
        return found

    each = [figures([item])["val/psnr"] for item in items]
    together = figures(items)
    assert max(each) - min(each) > 5
    assert together["val/psnr_naip"] == pytest.approx(((each[0] + each[1]) / 2 + each[2]) / 2, abs=0.02)
    assert together["val/psnr"] == pytest.approx((together["val/psnr_naip"] + each[3]) / 2, abs=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"warmup_steps": 0}, "warmup_steps is 0; expected at least 1"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0; expected more than 0"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0; expected 0 or more"),
        ({"weights": ReconstructionWeights(0, 0, 0, 0, 0, 0)}, "All weights of the loss are 0"),
        ({}, "crop_lr_px of more than 4"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, words):
    tiny = DataLoader([{"hr": torch.rand(4, 16, 16), "lr": torch.rand(4, 4, 4)}] * 2, 1)
    with pytest.raises(InputError, match=words):
        trainer(max_steps=1).fit(SISRModule(SMALL, **options), tiny)


def test_another_scale_begins_with_the_same_body_and_a_tail_of_its_own(tmp_path):
    model = SISR(SISRConfig(scale=2, channels=16, blocks=1, uncertainty=True))
    model.save_pretrained(tmp_path)
    begun = SISRModule(SISRConfig(scale=8, channels=16, blocks=1), init_from=str(tmp_path)).model
    known = model.state_dict()
    for name, weight in begun.state_dict().items():
        assert ("tail" in name) != (name in known and torch.equal(known[name], weight)), name
    assert begun.scale == 8 and begun.uncertainty is None
    lr = torch.rand(1, 4, 8, 8) * 0.3
    with torch.no_grad():  # its tail begins small, so near to bicubic
        assert (begun(lr) - SISR(begun.config).finish(lr, torch.zeros(1, 256, 8, 8))).abs().max() < 0.05
