import pytest
import torch
from torch.utils.data import DataLoader

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, load_model
from rs_srgan.models.quantization import in_int8, quantized_layers
from tests.train.test_module import pairs, trainer
from train.callbacks import SaveModel
from train.quantization import QuantizationModule, quantized


@pytest.fixture
def source(tmp_path):
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=2, uncertainty=True))
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    model.save_pretrained(tmp_path / "source")
    return tmp_path / "source"


def validation():
    (batch,) = [batch for batch, _ in zip(pairs(), range(1), strict=False)]
    return DataLoader([{"hr": batch["hr"][0], "lr": batch["lr"][0], "group": "a", "site": "a0"}], 1)


def test_a_run_leaves_a_model_for_int8_that_is_as_good_in_full_precision(source, tmp_path):
    torch.manual_seed(0)
    module = QuantizationModule(str(source), learning_rate=1e-3, warmup_steps=1)
    run = trainer(max_steps=25, num_sanity_val_steps=0, callbacks=[SaveModel(str(tmp_path / "model"))])
    run.fit(module, pairs(), validation())
    made, before = load_model(tmp_path / "model"), load_model(source)
    assert made.config.quantized and not before.config.quantized
    batch = next(iter(pairs()))

    def error(model):
        return float((model(batch["lr"]) - batch["hr"]).abs().mean())

    with torch.no_grad():
        assert error(made) < error(before)
        with in_int8(made):
            assert error(made) < error(before)
    assert 0 < run.callback_metrics["val/int8_rmse_dn"] < 50
    assert run.callback_metrics["val/int8_rmse_dn_a"] == run.callback_metrics["val/int8_rmse_dn"]
    for name, weight in before.uncertainty.state_dict().items():
        assert torch.equal(made.uncertainty.state_dict()[name], weight), name


def test_ranges_come_from_the_first_batches_and_stay(source):
    found = []
    for steps in (1, 4):
        torch.manual_seed(0)
        module = QuantizationModule(str(source), warmup_steps=1)
        trainer(max_steps=steps).fit(module, pairs())
        found.append([layer.input_range for layer in quantized_layers(module.model)])
    for once, later in zip(*found, strict=True):
        assert torch.equal(once, later)
        assert not torch.equal(once, torch.tensor([-1.0, 1.0]))


def test_the_trained_model_is_not_changed(source):
    module = QuantizationModule(str(source), learning_rate=1e-2, warmup_steps=1)
    trainer(max_steps=2).fit(module, pairs())
    for name, weight in load_model(source).state_dict().items():
        assert torch.equal(module.trained.state_dict()[name], weight), name


def test_a_copy_computes_as_the_model_until_it_rounds(source):
    model = load_model(source)
    made, lr = quantized(model).eval(), torch.rand(1, 4, 12, 12) * 0.4
    with torch.no_grad():
        torch.testing.assert_close(made(lr), model(lr), rtol=0, atol=0)
        with in_int8(made):
            assert not torch.equal(made(lr), model(lr))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"bright_share": 1.5}, "bright_share"), ({"full_precision_share": 1}, "full_"), ({"distillation": 0}, "dist")],
)
def test_settings_out_of_range_are_refused(source, options, words):
    with pytest.raises(InputError, match=words):
        QuantizationModule(str(source), **options)


def test_a_model_for_several_views_is_refused(tmp_path):
    MISR(MISRConfig(channels=16, blocks=1, fusion="recursive")).save_pretrained(tmp_path / "misr")
    with pytest.raises(InputError, match="MISR"):
        QuantizationModule(str(tmp_path / "misr"))


def test_a_resumed_run_takes_another_learning_rate(source, tmp_path):
    first = trainer(max_steps=1)
    first.fit(QuantizationModule(str(source), learning_rate=1e-3, warmup_steps=1), pairs(8))
    first.save_checkpoint(tmp_path / "last.ckpt")
    rates = []
    for rate in (1e-3, 1e-4):
        later = trainer(max_steps=2)
        module = QuantizationModule(str(source), learning_rate=rate, warmup_steps=1)
        later.fit(module, pairs(8), ckpt_path=tmp_path / "last.ckpt")
        rates.append(later.optimizers[0].param_groups[0]["lr"])
    assert rates[1] == pytest.approx(rates[0] / 10)
