import torch

from rs_srgan import SISR, SISRConfig
from rs_srgan.models.quantization import in_int8, quantized_layers
from train.calibration import calibrate


def model():
    torch.manual_seed(0)
    made = SISR(SISRConfig(scale=2, channels=16, blocks=2, quantized=True)).eval()
    with torch.no_grad():
        made.generator.tail.weight.mul_(10)
    return made


def batches(count=4, factor=1.0):
    torch.manual_seed(1)
    return [(torch.rand(4, 4, 24, 24) * 0.4 * factor,) for _ in range(count)]


def error(made, lr):
    with torch.no_grad():
        exact = made(lr)
        with in_int8(made):
            return float((made(lr) - exact).square().mean().sqrt() / (exact - lr.mean()).square().mean().sqrt())


def test_a_calibrated_model_is_close_to_full_precision():
    made = model()
    (lr,) = batches(1)[0]
    calibrate(made, batches())
    calibrated = error(made, lr)
    for layer in quantized_layers(made):
        layer.input_range.copy_(torch.tensor([-100.0, 100.0]))
    assert 0 < calibrated < 0.01 < error(made, lr)


def test_ranges_hold_zero_and_grow_with_brightness():
    made = model()
    calibrate(made, batches())
    ranges = [layer.input_range.clone() for layer in quantized_layers(made)]
    calibrate(made, batches(factor=4.0))
    for before, layer in zip(ranges, quantized_layers(made), strict=True):
        low, high = layer.input_range
        assert low <= 0 < high
        assert high - low > before[1] - before[0]


def test_channels_with_small_values_are_enlarged():
    made = model()
    with torch.no_grad():
        made.generator.head.weight[3] *= 0.01
        made.generator.head.bias[3] *= 0.01
    calibrate(made, batches())
    gain = quantized_layers(made)[0].input_gain
    assert gain.argmax() == 3
    assert torch.isfinite(gain).all() and (gain > 0).all()


def test_a_channel_of_zeros_has_a_finite_gain():
    made = model()
    with torch.no_grad():
        made.generator.head.weight[3] = 0
        made.generator.head.bias[3] = 0
    calibrate(made, batches())
    assert torch.isfinite(quantized_layers(made)[0].input_gain).all()
    assert error(made, batches(1)[0][0]) < 0.02


def test_weights_and_results_in_full_precision_stay(tmp_path):
    made = model()
    (lr,) = batches(1)[0]
    with torch.no_grad():
        before = made(lr)
        calibrate(made, batches())
        torch.testing.assert_close(made(lr), before, rtol=0, atol=0)
