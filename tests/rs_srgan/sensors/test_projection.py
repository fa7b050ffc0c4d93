import math

import numpy as np
import pytest
import rasterio
import torch

from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, psf_kernel, wald_mtf
from rs_srgan.sensors.offsets import OffsetDegradation
from rs_srgan.sensors.projection import SHARPEN_REACH_LR_PX, ConsistencyProjection, back_projected_bicubic, bicubic

SCALES = (2, 4, 8)
MTF = SENTINEL2.mtf_nyquist(RGBN)


@pytest.mark.parametrize("scale", SCALES)
def test_a_ramp_maps_to_the_centres_of_coarse_pixels(scale):
    ramp = torch.arange(128.0).expand(1, 1, 128, 128)
    for image, take in ((ramp, lambda lr: lr[0, 0, 5]), (ramp.transpose(2, 3), lambda lr: lr[0, 0, :, 5])):
        inner = take(degrade(image.contiguous(), scale, [0.26]))[3:-3]
        centres = torch.arange(3, 128 // scale - 3) * scale + (scale - 1) / 2
        torch.testing.assert_close(inner, centres.float(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("scale", SCALES)
def test_a_constant_stays_constant_up_to_the_border(scale):
    flat = torch.full((1, 4, 64, 64), 0.37)
    torch.testing.assert_close(degrade(flat, scale, MTF), torch.full((1, 4, 64 // scale, 64 // scale), 0.37))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("band", SENTINEL2.band_names)
def test_the_kernel_has_the_mtf_of_the_table_at_the_coarse_nyquist_frequency(scale, band):
    mtf = SENTINEL2.band(band).mtf_nyquist
    kernel = psf_kernel(torch.tensor([mtf]), scale)[0].double()
    distance = torch.arange(len(kernel)) - (len(kernel) - 1) / 2
    transfer = (kernel * torch.cos(2 * math.pi * distance / (2 * scale))).sum().item()
    assert transfer == pytest.approx(mtf, abs=2e-4)


def test_a_sine_at_nyquist_is_seen_with_the_contrast_of_the_table():
    """The whole operator, not just its kernel: a sine at the coarse Nyquist frequency, peaks on the LR centres."""
    cols = torch.arange(128.0)
    sine = torch.cos(math.pi * (cols - 1.5) / 4).expand(1, 1, 128, 128)
    contrast = degrade(sine, 4, [0.26])[0, 0, 16, 3:-3].abs()
    torch.testing.assert_close(contrast, torch.full_like(contrast, 0.26), rtol=0, atol=5e-4)


def test_gradients_are_the_adjoint():
    """<Ax, y> = <x, A'y>, A' by autograd, A as a matrix made from unit pixels."""
    torch.manual_seed(0)
    pixels = torch.eye(16 * 16).reshape(256, 1, 16, 16)
    matrix = degrade(pixels, 4, [0.3]).reshape(256, 16).T
    x = torch.rand(1, 1, 16, 16, requires_grad=True)
    y = torch.rand(1, 1, 4, 4)
    seen = degrade(x, 4, [0.3])
    torch.testing.assert_close(seen.reshape(-1), matrix @ x.detach().reshape(-1))
    (adjoint,) = torch.autograd.grad(seen, x, y)
    torch.testing.assert_close(adjoint.reshape(-1), matrix.T @ y.reshape(-1))


def test_each_image_can_have_its_own_sharpness():
    torch.manual_seed(0)
    hr = torch.rand(2, 2, 32, 32)
    mtf = torch.tensor([[0.2, 0.3], [0.4, 0.5]])
    together = degrade(hr, 4, mtf)
    for image in range(2):
        torch.testing.assert_close(together[image : image + 1], degrade(hr[image : image + 1], 4, mtf[image].tolist()))


@pytest.mark.parametrize("scale", SCALES)
def test_wald_completes_the_blur_that_the_sensor_already_did(scale):
    """Blurred on the fine grid and then by Wald's rest is blurred by the sensor on the coarse grid: variances add."""
    fine, rest, coarse = (
        -2 * math.log(mtf) / math.pi**2 * scale_of**2
        for mtf, scale_of in ((0.26, 1), (wald_mtf([0.26], scale)[0], scale), (0.26, scale))
    )
    assert fine + rest == pytest.approx(coarse)


def projected(sr: torch.Tensor, lr: torch.Tensor, consistent: bool = True, mtf=MTF) -> torch.Tensor:
    scale = sr.shape[-1] // lr.shape[-1]
    residual = torch.nn.functional.pixel_unshuffle(sr - bicubic(lr, scale), scale)
    return torch.nn.functional.pixel_shuffle(ConsistencyProjection(scale, mtf, consistent)(residual, lr), scale)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("consistent", [False, True])
def test_projection_on_the_coarse_grid_is_what_it_says_on_the_fine_one(scale, consistent):
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
def test_projection_brings_what_the_sensor_would_see_to_the_input(scale):
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
def test_noise_of_the_input_does_not_become_a_weave(scale, most):
    """How strong noise of Sentinel-2's 10 m bands comes out; from 2.16 times on it shows at x4, see SHARPEN_LIMIT."""
    torch.manual_seed(0)
    noise = torch.randn(1, 4, 96, 96)
    projection = ConsistencyProjection(scale, wald_mtf(MTF, scale))
    assert 1.5 < projection(torch.zeros(1, 4 * scale**2, 96, 96), noise)[..., 16:-16, 16:-16].std() < most


def test_projection_leaves_what_is_already_consistent():
    torch.manual_seed(0)
    hr = torch.rand(1, 4, 96, 96)
    inner = (..., slice(40, -40), slice(40, -40))
    torch.testing.assert_close(projected(hr, degrade(hr, 4, MTF))[inner], hr[inner])


@pytest.mark.parametrize("scale", SCALES)
def test_the_models_projection_leaves_the_true_image(data, scale):
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


@pytest.mark.parametrize(
    ("shape", "scale", "mtf", "words"),
    [
        ((1, 1, 30, 32), 4, [0.3], "30 x 32 pixels, which 4 does not divide. Crop it to 28 x 32"),
        ((1, 1, 32, 32), 3, [0.3], "scale is 3"),
        ((1, 2, 32, 32), 4, [0.3], "2 bands, but 1 MTF"),
    ],
)
def test_what_cannot_be_degraded_is_said(shape, scale, mtf, words):
    with pytest.raises(ValueError, match=words):
        degrade(torch.zeros(shape), scale, mtf)


@pytest.mark.parametrize("scale", SCALES)
def test_at_an_offset_the_sensor_sees_what_it_sees_of_the_shifted_image(scale):
    mtf = SENTINEL2.mtf_nyquist(("B04", "B11"))
    image = torch.rand(1, 2, 16 * scale, 16 * scale)
    moved = torch.roll(image, (-1, 1), (2, 3))  # content up and to the right, by one fine pixel
    offset = torch.tensor([[1 / scale, -1 / scale]])
    inside = (..., slice(4, -4), slice(4, -4))
    seen, expected = degrade(image, scale, mtf, offset), degrade(moved, scale, mtf)
    torch.testing.assert_close(seen[inside], expected[inside], rtol=0, atol=2e-4)  # the kernel's ends are cut off
    torch.testing.assert_close(degrade(image, scale, mtf, torch.zeros(1, 2)), degrade(image, scale, mtf))


@pytest.mark.parametrize("scale", SCALES)
def test_offset_degradation_is_degrade_at_every_offset(scale):
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(("B04", "B08")), scale)
    image = torch.rand(2, 2, 12 * scale, 12 * scale)
    sensor = OffsetDegradation(scale, mtf)
    maps = sensor.maps(torch.nn.functional.pixel_unshuffle(image, scale))
    for offsets in torch.rand(3, 2, 2) - 0.5:
        seen = sensor.at(maps, offsets[..., None, None].expand(-1, -1, 12, 12))
        expected = degrade(image, scale, mtf, offsets)
        torch.testing.assert_close(seen[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], rtol=0, atol=5e-3)
