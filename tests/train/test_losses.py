import math

import pytest
import torch

from rs_srgan import InputError
from train.losses import (
    TERMS,
    ReconstructionWeights,
    charbonnier,
    fft,
    gradient,
    l1,
    ldl,
    lines,
    mse,
    reconstruction_terms,
    sam,
    tv,
)


def test_known_values():
    hr = torch.zeros(1, 1, 8, 8)
    assert charbonnier(hr + 0.3, hr).item() == pytest.approx(0.3, abs=1e-5)
    assert charbonnier(hr, hr).item() == pytest.approx(1e-3)
    assert fft(hr + 0.5, hr).item() == pytest.approx(0.5 * 8 / (8 * 5))  # one of 8 x 5 coefficients has all of it
    ramp = hr + torch.arange(8.0)
    assert gradient(ramp, hr).item() == pytest.approx(1.0)
    assert l1(hr - 0.3, hr).item() == pytest.approx(0.3)
    assert mse(hr - 0.3, hr).item() == pytest.approx(0.09)
    assert tv(ramp, hr).item() == pytest.approx(1.0)
    assert tv(ramp + 2 * ramp.mT, ramp).item() == pytest.approx(3.0)  # HR has no effect


def test_ldl_punishes_isolated_artifacts_and_not_an_even_error():
    hr = torch.zeros(1, 1, 32, 32)
    even, artifact = hr + 0.1, hr.clone()
    artifact[..., 16, 16] = 0.1 * 32 * 32  # the same mean error
    assert ldl(even, hr) < 1e-3 * l1(even, hr)  # rounding apart: 0
    assert ldl(artifact, hr) > 0.1 * l1(artifact, hr)
    near, far = artifact.clone(), artifact.clone()
    near[..., 17, 18] += 0.1
    far[..., 2, 2] += 0.1
    assert ldl(near, hr) > ldl(far, hr)  # the difference varies more beside the artifact


def test_lines_punish_beads_and_not_another_brightness_of_a_whole_line():
    rows = torch.arange(48.0)[:, None]
    hr = (0.1 + 0.1 * torch.exp(-((rows - 24) ** 2) / 4)).expand(1, 4, 48, 48)
    on_line = hr - 0.1
    beads = torch.cos(torch.arange(48.0) * math.pi / 2)
    assert lines(hr + 0.2 * on_line, hr) < 1e-6
    assert lines(hr + 0.2 * on_line * beads, hr) > 0.1 * l1(hr + 0.2 * on_line, hr)
    flat = torch.full_like(hr, 0.1)
    assert lines(flat + 0.02 * beads, flat) < 1e-6  # no line, no punishment


def test_the_spectral_angle_is_the_angle():
    red, yellow = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    red[:, 0] = 1
    assert sam(red, yellow).item() == pytest.approx(math.pi / 4, abs=1e-4)
    assert sam(red, 3 * red).item() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("term", TERMS)
def test_gradients_are_finite_where_sr_equals_hr_and_where_it_is_black(term):
    for value in (0.3, 0.0):
        sr = torch.full((1, 4, 8, 8), value, requires_grad=True)
        TERMS[term](sr, sr.detach().clone()).backward()
        assert sr.grad.isfinite().all()


def test_a_weight_scales_its_term_and_zero_leaves_it_out():
    sr, hr = torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8)
    terms = reconstruction_terms(sr, hr, ReconstructionWeights(charbonnier=2.0, fft=0, gradient=0, sam=0.5))
    assert set(terms) == {"charbonnier", "sam"}
    torch.testing.assert_close(terms["charbonnier"], 2 * charbonnier(sr, hr))


def test_the_spectral_angle_has_no_gradient_towards_brightness():
    for brightness in (0.02, 0.3):
        hr = brightness * torch.tensor([1.0, 2.0, 0.5, 3.0])[None, :, None, None].expand(1, 4, 4, 4)
        sr = (0.9 * hr).requires_grad_()
        sam(sr, hr).backward()
        assert (sr.grad * hr).sum().abs() < 1e-3 * brightness  # along the spectrum itself: nothing


def test_a_negative_weight_is_refused():
    with pytest.raises(InputError, match=r"weights\.fft"):
        ReconstructionWeights(fft=-1.0)
