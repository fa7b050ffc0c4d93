import numpy as np
import pytest
import rasterio
import torch

from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from rs_srgan.sensors.projection import SHARPEN_REACH_LR_PX, ConsistencyProjection, back_projected_bicubic, bicubic

SCALES = (2, 4, 8)


MTF = SENTINEL2.mtf_nyquist(RGBN)


def projected(sr: torch.Tensor, lr: torch.Tensor, consistent: bool = True, mtf=MTF) -> torch.Tensor:
    scale = sr.shape[-1] // lr.shape[-1]
    residual = torch.nn.functional.pixel_unshuffle(sr - bicubic(lr, scale), scale)
    return torch.nn.functional.pixel_shuffle(ConsistencyProjection(scale, mtf, consistent)(residual, lr), scale)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("consistent", [False, True])
def test_the_projection_equals_its_formula_on_the_fine_grid(scale, consistent):
    torch.manual_seed(0)
    lr, sr = torch.rand(2, 4, 40, 37), torch.rand(2, 4, 40 * scale, 37 * scale)
    sharpen = ConsistencyProjection(scale, MTF).sharpen
    missing = torch.nn.functional.pad(lr - degrade(sr, scale, MTF), (SHARPEN_REACH_LR_PX,) * 4)
    expected = sr + bicubic(sharpen(missing), scale) if consistent else sr
    inner = (..., slice(16 * scale, -16 * scale), slice(16 * scale, -16 * scale))  # borders are a convention
    torch.testing.assert_close(projected(sr, lr, consistent)[inner], expected[inner], rtol=0, atol=2e-5)


@pytest.mark.parametrize("consistent", [False, True])
def test_a_constant_survives_the_projection_up_to_the_border(consistent):
    flat = torch.full((1, 4, 9, 7), 0.37)
    torch.testing.assert_close(projected(bicubic(flat, 4), flat, consistent), torch.full((1, 4, 36, 28), 0.37))


@pytest.mark.parametrize("scale", SCALES)
def test_after_the_projection_the_sensor_sees_the_input(scale):
    """In one step nearer than with three plain back-projections, even of white noise, the worst case."""
    torch.manual_seed(0)
    lr = torch.rand(1, 4, 48, 48)
    wrong = bicubic(lr, scale) * 1.05

    def left(sr):
        return (degrade(sr, scale, MTF) - lr)[..., 12:-12, 12:-12].abs().mean().item()

    plain = wrong
    for _ in range(3):
        plain = plain + bicubic(lr - degrade(plain, scale, MTF), scale)
    assert left(projected(wrong, lr)) < left(plain) < left(wrong) / 2


@pytest.mark.parametrize("mtf", [0.2, 0.3, 0.5, 0.7])
def test_the_sharpening_keeps_flat_fields_and_holds_noise_down(mtf):
    kernel = ConsistencyProjection(4, [mtf]).sharpen.weight[0, 0]
    assert kernel.sum().item() == pytest.approx(1, abs=1e-5)
    for same in (kernel.flip(0), kernel.flip(1), kernel.T):
        torch.testing.assert_close(kernel, same)
    assert 1 < torch.fft.fft2(kernel).abs().max() < 4.5  # the plain inverse has 1 / mtf^2 in the corner


@pytest.mark.parametrize(("scale", "most"), [(2, 1.8), (4, 2.1), (8, 2.15)])
def test_noise_does_not_become_a_grid_pattern(scale, most):
    """Noise of Sentinel-2's 10 m bands shows at x4 if it becomes 2.16 times as strong, see SHARPEN_LIMIT."""
    torch.manual_seed(0)
    noise = torch.randn(1, 4, 96, 96)
    projection = ConsistencyProjection(scale, wald_mtf(MTF, scale))
    assert 1.5 < projection(torch.zeros(1, 4 * scale**2, 96, 96), noise)[..., 16:-16, 16:-16].std() < most


def test_the_projection_keeps_a_consistent_image():
    torch.manual_seed(0)
    hr = torch.rand(1, 4, 96, 96)
    inner = (..., slice(40, -40), slice(40, -40))
    torch.testing.assert_close(projected(hr, degrade(hr, 4, MTF))[inner], hr[inner])


@pytest.mark.parametrize("scale", SCALES)
def test_the_projection_keeps_the_true_image(data, scale):
    with rasterio.open(data / "sentinel2" / "dolomites_10m_rgbn.tif") as scene:
        hr = torch.from_numpy(scene.read().astype(np.float32))[None, :, :512, :512] / 10_000
    mtf = wald_mtf(MTF, scale)
    after = projected(hr, degrade(hr, scale, mtf), mtf=mtf)
    inner = (..., slice(10 * scale, -10 * scale), slice(10 * scale, -10 * scale))
    assert psnr(after[inner].numpy(), hr[inner].numpy()) > 90


def test_back_projection_improves_on_bicubic_for_a_real_edge():
    edge = torch.zeros(1, 4, 64, 64)
    edge[..., 30:] = 0.4
    lr = degrade(edge, 4, MTF)
    assert (back_projected_bicubic(lr, 4, MTF) - edge).square().mean() < (bicubic(lr, 4) - edge).square().mean()
