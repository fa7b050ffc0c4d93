import math

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Timer
from torch.utils.data import DataLoader

from rs_srgan import InputError
from tests.train.test_module import SMALL, pairs, trainer
from train.module import SISRModule
from train.schedule import cosine, require_positive, run_progress


def test_the_rate_warms_up_and_falls_to_a_hundredth():
    rates = []

    class Watch(L.Callback):
        def on_train_batch_start(self, trainer, *_):
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    trainer(max_steps=40, callbacks=[Watch()]).fit(
        SISRModule(config=SMALL, learning_rate=1e-3, warmup_steps=10), pairs()
    )
    assert rates[0] == pytest.approx(1e-4)
    assert max(rates) == pytest.approx(max(rates[8:13]))
    assert rates[-1] < 0.03 * 1e-3
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_run_with_max_time_completes_its_schedule():
    clock = Timer(duration={"seconds": 100})
    run = trainer(max_steps=-1, callbacks=[clock])
    clock.load_state_dict({"time_elapsed": {"train": 50.0}})
    assert run_progress(run) == pytest.approx(0.5)
    assert cosine(1000, 1, 0.5) == pytest.approx(0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi / 2)))
    clock.load_state_dict({"time_elapsed": {"train": 250.0}})
    assert run_progress(run) == 1


def test_plateau_quarters_the_rate_when_psnr_stops_rising():
    image = {"hr": torch.rand(4, 48, 48), "lr": torch.rand(4, 12, 12), "group": "images", "site": "a"}
    module = SISRModule(config=SMALL, learning_rate=1e-6, schedule="plateau")  # so that nothing rises
    run = trainer(max_steps=12, num_sanity_val_steps=0)
    run.fit(module, pairs(4), DataLoader([image], 1))
    assert run.optimizers[0].param_groups[0]["lr"] < 0.3e-6


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_a_rate_that_is_not_positive_and_finite_is_refused(rate):
    with pytest.raises(InputError, match="learning_rate"):
        require_positive("learning_rate", rate)
