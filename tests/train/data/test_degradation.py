import pytest
import torch

from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.degradation import SensorJitter, simulate_lr

MTF = SENTINEL2.mtf_nyquist(RGBN)
STEADY = SensorJitter(nominal_share=1.0, noise=0.0, gain_share=0.0, shift_share=0.0)


@pytest.fixture
def hr():
    torch.manual_seed(0)
    return torch.nn.functional.interpolate(torch.rand(32, 4, 16, 16) * 0.3, scale_factor=4, mode="bicubic").clamp(0.01)


def simulate(hr, jitter, seed=0):
    return simulate_lr(hr, 4, MTF, jitter, torch.Generator().manual_seed(seed))


def test_without_jitter_it_equals_the_sensor_model(hr):
    torch.testing.assert_close(simulate(hr, STEADY), degrade(hr, 4, wald_mtf(MTF, 4)))


def test_the_same_seed_gives_the_same_sensor(hr):
    torch.testing.assert_close(simulate(hr, SensorJitter()), simulate(hr, SensorJitter()), rtol=0, atol=0)
    assert not torch.equal(simulate(hr, SensorJitter()), simulate(hr, SensorJitter(), seed=1))


def test_noise_has_the_stated_strength():
    grey = torch.full((64, 4, 64, 64), 0.1)
    jitter = SensorJitter(nominal_share=0, blur=(1, 1), noise=7e-4, noise_factor=(2, 2), gain_share=0, shift_share=0)
    assert (simulate(grey, jitter) - 0.1).std().item() == pytest.approx(1.4e-3, rel=0.02)


def test_a_wider_blur_lowers_contrast_and_keeps_brightness(hr):
    sharp, soft = (
        simulate(hr, SensorJitter(nominal_share=0, blur=(b, b), noise=0, gain_share=0, shift_share=0))
        for b in (0.85, 1.45)
    )
    assert soft.std() < sharp.std()
    torch.testing.assert_close(soft.mean(), sharp.mean(), rtol=5e-3, atol=0)


def test_shifts_between_bands_have_the_stated_size():
    """Measure the shift on a ramp of slope 1."""
    ramp = torch.arange(128.0).expand(200, 1, 128, 128).contiguous()
    jitter = SensorJitter(nominal_share=1, noise=0, gain_share=0, shift_share=1, shift_lr_px=0.15)
    moved = simulate_lr(ramp, 4, (0.26,), jitter, torch.Generator().manual_seed(0))
    shift = (moved - degrade(ramp, 4, wald_mtf([0.26], 4)))[:, 0, 8, 8:-8].mean(1)
    assert shift.std().item() == pytest.approx(0.15 * 4, rel=0.15)
    assert abs(shift.mean().item()) < 0.15


def test_resampling_from_the_sensors_grid_changes_only_its_share(hr):
    """Keep the random numbers of the other samples, so older runs can be repeated."""
    plain, some, every = (simulate(hr, SensorJitter(grid_share=share)) for share in (0.0, 0.5, 1.0))
    same = (some == plain).flatten(1).all(1)
    assert 6 < same.sum() < 26
    assert not (every == plain).flatten(1).all(1).any()
    assert (every - plain).abs().mean() < 0.25 * plain.std()


def test_noise_after_resampling_has_the_stated_strength():
    grey = torch.full((16, 4, 64, 64), 0.1)
    jitter = SensorJitter(
        nominal_share=0,
        noise=7e-4,
        noise_factor=(2, 2),
        gain_share=0,
        shift_share=0,
        grid_share=1.0,
        grid_angle=(8, 20),
    )
    inner = (simulate(grey, jitter) - 0.1)[..., 4:-4, 4:-4]
    assert inner.std().item() == pytest.approx(1.4e-3, rel=0.05)
