import pytest
import torch

from rs_srgan.sensors.mtf import degrade
from train.data.sensor_grid import NOISE_VARIANCE, cubic, observe

MTF = torch.full((2, 3), 0.26)


def phases(seed: int = 0, batch: int = 2, bands: int = 3) -> torch.Tensor:
    return torch.rand(batch, bands, 2, generator=torch.Generator().manual_seed(seed)) - 0.5


def seen(hr: torch.Tensor, scale: int = 4, angle: float = 12.0, **more) -> torch.Tensor:
    batch, bands = hr.shape[:2]
    return observe(hr, scale, MTF[:batch, :bands], torch.full((batch,), angle), phases(0, batch, bands), **more)


@pytest.mark.parametrize("angle", [0.0, -12.0, 30.0, 80.0])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_a_ramp_maps_to_the_centres_of_coarse_pixels(angle, scale):
    rows, cols = torch.meshgrid(torch.arange(96.0), torch.arange(128.0), indexing="ij")
    ramp = (2 * rows + cols).expand(2, 3, -1, -1).contiguous()
    expected = degrade(ramp, scale, [0.26] * 3)
    torch.testing.assert_close(
        seen(ramp, scale, angle)[..., 4:-4, 4:-4], expected[..., 4:-4, 4:-4], atol=2e-2, rtol=1e-4
    )


def test_a_uniform_field_stays_uniform():
    torch.testing.assert_close(seen(torch.full((1, 2, 64, 48), 0.3)), torch.full((1, 2, 16, 12), 0.3))


def test_on_grids_that_agree_it_is_the_sensor_model():
    hr = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    hr = torch.nn.functional.interpolate(hr, scale_factor=8, mode="bicubic")
    lr = observe(hr, 4, MTF, torch.zeros(2), torch.zeros(2, 3, 2))
    torch.testing.assert_close(lr[..., 2:-2, 2:-2], degrade(hr, 4, [0.26] * 3)[..., 2:-2, 2:-2], atol=2e-3, rtol=0)


def test_noise_is_correlated_as_cubic_convolution_makes_it():
    grey = torch.full((2, 3, 1024, 1024), 0.1)
    random = torch.Generator().manual_seed(0)
    lr = seen(grey, noise=lambda samples: samples + torch.randn(samples.shape, generator=random)) - 0.1
    lr = lr[..., 4:-4, 4:-4]
    variance = (lr**2).mean().item()
    assert variance == pytest.approx(NOISE_VARIANCE, rel=0.02)
    assert (lr[..., 1:] * lr[..., :-1]).mean().item() / variance == pytest.approx(0.156, abs=0.02)
    assert (lr[..., 2:] * lr[..., :-2]).mean().item() / variance == pytest.approx(-0.044, abs=0.02)


def test_offsets_move_the_samples():
    ramp = torch.arange(128.0).expand(2, 3, 64, 128).contiguous()
    offset = torch.tensor([[0.0, 0.25], [0.5, -0.5]])
    moved = (seen(ramp, offset=offset) - seen(ramp))[..., 4:-4, 4:-4].mean((1, 2, 3))
    torch.testing.assert_close(moved, torch.tensor([1.0, -2.0]), atol=1e-2, rtol=0)


def test_gradients_pass_through():
    hr = torch.rand(1, 1, 32, 32, requires_grad=True)
    seen(hr).sum().backward()
    assert hr.grad.sum().item() == pytest.approx(64, rel=0.05)


def test_cubic_convolution_keeps_pixels_and_parabolas():
    rows, cols = torch.meshgrid(torch.arange(12.0), torch.arange(10.0), indexing="ij")
    image = (rows**2 + 3 * cols)[None, None]
    places = torch.tensor([[[[[3.0, 4.0], [5.5, 6.25], [7.2, 3.9]]]]])
    expected = places[..., 0] ** 2 + 3 * places[..., 1]
    torch.testing.assert_close(cubic(image, places), expected)
