import pytest
import torch

from rs_srgan import SISR, InputError, SISRConfig
from rs_srgan.models.quantization import quantized_layers
from tests.train.test_module import SMALL
from train.start import start


def test_another_scale_keeps_the_body_and_gets_a_new_tail(tmp_path):
    model = SISR(SISRConfig(scale=2, channels=16, blocks=1, uncertainty=True))
    model.save_pretrained(tmp_path)
    begun = start(SISRConfig(scale=8, channels=16, blocks=1), str(tmp_path), None)
    known = model.state_dict()
    for name, weight in begun.state_dict().items():
        assert ("tail" in name) != (name in known and torch.equal(known[name], weight)), name
    assert begun.scale == 8 and begun.uncertainty is None
    lr = torch.rand(1, 4, 8, 8) * 0.3
    with torch.no_grad():  # the new tail starts small, so the result is near bicubic
        assert (begun(lr) - SISR(begun.config).finish(lr, torch.zeros(1, 256, 8, 8))).abs().max() < 0.05


@pytest.mark.parametrize("keep", [False, True])
def test_a_model_whose_weights_will_change_is_no_longer_quantised(tmp_path, keep):
    model = SISR(SISRConfig(channels=16, blocks=1, quantized=True)).eval()
    model.save_pretrained(tmp_path)
    begun = start(None, str(tmp_path), None, keep_quantized=keep).eval()
    assert begun.config.quantized == keep
    assert bool(quantized_layers(begun)) == keep
    lr = torch.rand(1, 4, 8, 8) * 0.3
    with torch.no_grad():
        torch.testing.assert_close(begun(lr), model(lr), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "init_from"),
        ({"config": SISRConfig(channels=16, blocks=1, quantized=True)}, "quantized"),
        (
            {"config": SMALL, "init_from": "sisr-x4-rgbn"},
            "48",
        ),
    ],
)
def test_a_wrong_start_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        start(options.get("config"), options.get("init_from"), None)
