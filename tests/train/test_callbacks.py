import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging

from rs_srgan import load_model
from tests.train.test_module import SMALL, pairs, trainer
from train.callbacks import SaveModel
from train.module import SISRModule


class Average(L.Callback):
    """The exponential average, computed here once more, step by step."""

    def __init__(self, decay: float) -> None:
        self.decay, self.values = decay, {}

    def on_train_batch_end(self, trainer, module, *_):
        for name, value in module.model.state_dict().items():
            old = self.values.get(name, value)
            self.values[name] = self.decay * old + (1 - self.decay) * value


def test_what_is_saved_is_the_average_of_the_weights(tmp_path):
    average = Average(0.5)
    callbacks = [average, EMAWeightAveraging(decay=0.5), SaveModel(str(tmp_path / "model"))]
    trainer(max_steps=6, callbacks=callbacks).fit(SISRModule(SMALL, warmup_steps=1), pairs())
    for name, value in load_model(tmp_path / "model").state_dict().items():
        torch.testing.assert_close(value, average.values[name])


def test_another_module_cannot_be_saved_as_a_model(tmp_path):
    with pytest.raises(TypeError, match="saves a SISRModule, not a LightningModule"):
        SaveModel(str(tmp_path)).on_train_end(trainer(max_steps=1), L.LightningModule())


def test_the_time_of_earlier_runs_is_kept(tmp_path):
    callback = SaveModel(str(tmp_path))
    callback.load_state_dict({"seconds": 3600.0})
    assert callback.state_dict()["seconds"] >= 3600
