import pytest
import torch
from torch import nn

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.models.generators import GENERATORS
from rs_srgan.models.quantization import QuantizedConv2d, in_int8, quantize, quantized_layers


def layer(gain=1.0, low=-2.0, high=2.0):
    torch.manual_seed(0)
    made = QuantizedConv2d(nn.Conv2d(6, 5, 3, padding=1))
    made.input_gain.fill_(gain)
    made.input_range.copy_(torch.tensor([low, high]))
    return made


def test_rounding_is_off_until_it_is_switched_on():
    plain = nn.Conv2d(6, 5, 3, padding=1)
    made = QuantizedConv2d(plain)
    x = torch.randn(2, 6, 9, 8)
    torch.testing.assert_close(made(x), plain(x), rtol=0, atol=0)
    with in_int8(made):
        assert not torch.equal(made(x), plain(x))
    torch.testing.assert_close(made(x), plain(x), rtol=0, atol=0)


@pytest.mark.parametrize("gain", [0.25, 1.0, 3.0])
def test_rounded_results_are_within_half_a_step_of_each_value(gain):
    made, x = layer(gain, -2 * gain, 2 * gain), torch.rand(2, 6, 9, 8) * 3.9 - 1.95
    with in_int8(made), torch.no_grad():
        rounded = made(x)
    exact = made(x)
    # |rounded - exact| <= sum of |w| dx + |x| dw, with steps of 4 / 255 for x and of max|w| / 127 for w
    weights = made.weight.abs()
    bound = weights.sum((1, 2, 3)) * 2 / 255 + 54 * (2 + 2 / 255) * weights.amax((1, 2, 3)) / 254
    assert ((rounded - exact).abs() <= bound[:, None, None] + 1e-5).all()
    assert (rounded - exact).abs().max() > 0


def test_values_on_the_levels_are_exact():
    made = layer(low=-1.0, high=1.55)  # a step of 0.01, zero is level 100
    with torch.no_grad():
        made.weight.copy_(torch.randint(-127, 128, made.weight.shape) / 100)
        made.weight[:, 0, 0, 0] = 1.27
    x = torch.randint(-100, 156, (1, 6, 12, 12)) / 100
    exact = made(x)
    with in_int8(made), torch.no_grad():
        torch.testing.assert_close(made(x), exact, rtol=0, atol=1e-4)


def test_inputs_beyond_the_range_are_clipped():
    made, x = layer(low=-1.0, high=1.55), torch.randn(1, 6, 9, 9) * 10
    with in_int8(made), torch.no_grad():
        torch.testing.assert_close(made(x), made(x.clamp(-1, 1.55)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in GENERATORS if name != "none"])
def test_first_and_last_layers_keep_full_precision(name):
    generator = GENERATORS[name](4, 4, 2, 16, 2)
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    quantize(generator)
    layers = quantized_layers(generator)
    assert layers
    assert len(quantized_layers(generator.body)) == len(layers)
    assert len(quantized_layers(generator.head)) == 0
    after = generator.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())


def test_a_generator_without_convolutions_is_refused():
    with pytest.raises(InputError, match="quantized"):
        SISR(SISRConfig(generator="none", quantized=True))


def test_a_saved_and_loaded_model_rounds_alike(tmp_path):
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=2, quantized=True)).eval()
    for index, each in enumerate(quantized_layers(model)):
        each.input_range.copy_(torch.tensor([-1.5, 1 + index / 10]))
        each.input_gain.uniform_(0.5, 2)
    model.save_pretrained(tmp_path)
    loaded, lr = load_model(tmp_path), torch.rand(1, 4, 12, 12) * 0.4
    assert loaded.fingerprint() == model.fingerprint()
    with in_int8(model), in_int8(loaded), torch.no_grad():
        torch.testing.assert_close(loaded(lr), model(lr), rtol=0, atol=0)
    quantized_layers(loaded)[0].input_range.mul_(2)
    assert loaded.fingerprint() != model.fingerprint()
