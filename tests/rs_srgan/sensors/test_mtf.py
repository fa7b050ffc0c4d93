import math

import pytest
import torch

from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, psf_kernel, wald_mtf

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


@pytest.mark.parametrize(
    ("shape", "scale", "mtf", "words"),
    [
        ((1, 1, 30, 32), 4, [0.3], "Crop"),
        ((1, 1, 32, 32), 3, [0.3], "scale"),
        ((1, 2, 32, 32), 4, [0.3], "MTF"),
    ],
)
def test_unusable_arguments_are_refused(shape, scale, mtf, words):
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
