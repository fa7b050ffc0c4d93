import json
import math

import lightning as L
import pytest
import torch

from rs_srgan import InputError, load_model
from tests.train.data.makers import pair_folder, pair_module
from tests.train.test_module import SMALL, held_out, pairs, trainer
from train.callbacks import Averaging, FitNormalisation, SaveModel
from train.data.normalisation import measure
from train.module import SISRModule


class Average(L.Callback):
    """Exponential average of the weights, computed independently step by step."""

    def __init__(self, decay: float) -> None:
        self.decay, self.values = decay, {}

    def on_train_batch_end(self, trainer, module, *_):
        for name, value in module.model.state_dict().items():
            old = self.values.get(name, value)
            self.values[name] = self.decay * old + (1 - self.decay) * value


def test_the_saved_model_has_the_averaged_weights(tmp_path):
    average = Average(0.5)
    callbacks = [average, SaveModel(str(tmp_path / "model")), Averaging(decay=0.5)]
    trainer(max_steps=6, callbacks=callbacks).fit(SISRModule(config=SMALL, warmup_steps=1), pairs())
    for name, value in load_model(tmp_path / "model").state_dict().items():
        torch.testing.assert_close(value, average.values[name])


def test_a_validation_also_saves_the_averaged_weights(tmp_path):
    average, seen = Average(0.5), []

    class Look(L.Callback):
        def on_validation_end(self, *_):
            saved = load_model(tmp_path / "model").state_dict()
            seen.append(all(torch.allclose(value, average.values[name]) for name, value in saved.items()))

    callbacks = [average, SaveModel(str(tmp_path / "model")), Averaging(decay=0.5), Look()]
    run = trainer(max_steps=12, val_check_interval=4, num_sanity_val_steps=0, callbacks=callbacks)
    run.fit(SISRModule(config=SMALL, warmup_steps=1), pairs(), held_out())
    assert seen == [True, True, True]


def test_averaging_before_saving_is_refused(tmp_path):
    callbacks = [Averaging(decay=0.5), SaveModel(str(tmp_path / "model"))]
    with pytest.raises(InputError, match="Swap"):
        trainer(max_steps=2, callbacks=callbacks).fit(SISRModule(config=SMALL), pairs())


def test_another_module_cannot_be_saved_as_a_model(tmp_path):
    class Other(L.LightningModule):
        def training_step(self, batch, batch_idx):
            return None

        def configure_optimizers(self):
            return None

    with pytest.raises(TypeError, match="SRModule"):
        trainer(max_steps=1, max_time={"seconds": 1}, callbacks=[SaveModel(str(tmp_path))]).fit(Other(), pairs(4))


@pytest.mark.parametrize("length", [{"max_steps": 4}, {"max_time": {"seconds": 1}}])
def test_a_finished_run_that_is_resumed_leaves_its_model_alone(tmp_path, length, caplog):
    folder = tmp_path / "model"

    def run(resume=None):
        callbacks = [SaveModel(str(folder)), Averaging(decay=0.5)]
        fit = trainer(callbacks=callbacks, **length)
        with caplog.at_level("INFO"):
            fit.fit(SISRModule(config=SMALL, warmup_steps=1, learning_rate=1e-2), pairs(), ckpt_path=resume)
        return fit

    run().save_checkpoint(tmp_path / "last.ckpt")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "Nothing" not in caplog.text
    run(tmp_path / "last.ckpt")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert "Nothing is left to do" in caplog.text


def test_a_trial_run_writes_nothing(tmp_path):
    callbacks = [SaveModel(str(tmp_path / "model"))]
    trainer(fast_dev_run=True, callbacks=callbacks).fit(SISRModule(config=SMALL, warmup_steps=1), pairs())
    assert not (tmp_path / "model").exists()


def test_a_resumed_run_adds_to_the_time_of_earlier_runs(tmp_path):
    callback = SaveModel(str(tmp_path))
    callback.load_state_dict({"seconds": 3600.0})
    assert callback.state_dict()["seconds"] >= 3600


def test_a_figure_without_a_value_is_null(tmp_path, monkeypatch):
    monkeypatch.setattr(L.Trainer, "callback_metrics", {"val/psnr": math.nan})
    trainer(max_steps=1, callbacks=[SaveModel(str(tmp_path))]).fit(SISRModule(config=SMALL, warmup_steps=1), pairs(4))
    assert json.loads((tmp_path / "training.json").read_text())["val/psnr"] is None


def test_the_normalisation_of_the_data_is_saved_and_belongs_to_the_checkpoint(tmp_path):
    data = pair_module(pair_folder(tmp_path / "mine", count=3, side=96))
    run = trainer(max_steps=1, callbacks=[FitNormalisation(), SaveModel(str(tmp_path / "model")), Averaging(0.5)])
    run.fit(SISRModule(config=SMALL, warmup_steps=1, reflectance_mean="fit"), datamodule=data)
    config = load_model(tmp_path / "model").config
    assert (config.reflectance_mean, config.reflectance_std) == measure(data.crops)
    assert config.reflectance_std < 0.1  # of the made-up land; the default is 0.15
    run.save_checkpoint(tmp_path / "last.ckpt")
    with pytest.raises(InputError, match="reflectance_mean"):
        trainer(max_steps=2).fit(SISRModule(config=SMALL), datamodule=data, ckpt_path=str(tmp_path / "last.ckpt"))


def test_data_that_cannot_be_measured_are_refused(tmp_path):
    with pytest.raises(InputError, match="module"):
        trainer(max_steps=1, callbacks=[FitNormalisation()]).fit(
            SISRModule(config=SMALL, reflectance_mean="fit"), pairs()
        )
