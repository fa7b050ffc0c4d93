import math

import numpy as np
import pytest

pytest.importorskip("torchmetrics")

from rs_srgan.evaluation.metrics.similarity import ergas, sam_degrees, ssim
from tests.conftest import scene_dn


@pytest.fixture
def hr():
    return scene_dn(40, 48).astype(np.float32) / 10_000


def test_equal_images_score_perfectly(hr):
    assert ssim(hr, hr) == pytest.approx(1, abs=1e-6)
    assert sam_degrees(hr, hr) == pytest.approx(0, abs=1e-4)
    assert ergas(hr, hr, 4) == 0


def test_the_angle_of_known_spectra():
    hr = np.zeros((2, 4, 4), np.float32)
    hr[0] = 0.2
    sr = np.full((2, 4, 4), 0.1, np.float32)
    assert sam_degrees(sr, hr) == pytest.approx(45)
    assert sam_degrees(3 * hr, hr) == pytest.approx(0, abs=1e-5)  # brightness is no angle


def test_ergas_of_a_known_error():
    hr = np.stack([np.full((5, 5), 0.2), np.full((5, 5), 0.4)]).astype(np.float32)
    assert ergas(hr * np.float32(1.1), hr, 4) == pytest.approx(100 / 4 * 0.1, rel=1e-4)
    assert ergas(hr * np.float32(1.1), hr, 2) == pytest.approx(100 / 2 * 0.1, rel=1e-4)


def test_noise_and_lower_contrast_lower_ssim(hr):
    noise = np.random.default_rng(0).normal(0, 0.02, hr.shape).astype(np.float32)
    assert ssim(hr + 2 * noise, hr) < ssim(hr + noise, hr) < 1
    assert ssim(0.5 * hr + 0.5 * hr.mean(), hr) < 0.99


def test_a_lower_peak_makes_ssim_stricter(hr):
    worse = hr + np.random.default_rng(0).normal(0, 0.02, hr.shape).astype(np.float32)
    assert ssim(worse, hr, peak=0.3) < ssim(worse, hr, peak=1)


def test_holes_do_not_count(hr):
    worse = hr + np.random.default_rng(0).normal(0, 0.02, hr.shape).astype(np.float32)
    spoiled, holed = worse.copy(), hr.copy()
    spoiled[0, 10:14, 10:14] = 9
    holed[2, 10:14, 10:14] = np.nan  # of another band
    for figure in (ssim, sam_degrees, lambda sr, hr: ergas(sr, hr, 4)):
        fair = figure(worse, hr)
        assert figure(spoiled, holed) == pytest.approx(fair, rel=0.01)
        assert figure(spoiled, hr) != pytest.approx(fair, rel=0.02)


def test_black_pixels_have_no_angle(hr):
    black = hr.copy()
    black[:, :3] = 0
    worse = hr[::-1].copy()
    assert sam_degrees(worse, black) == pytest.approx(sam_degrees(worse[:, 3:], hr[:, 3:]))


def test_undefined_figures_are_nan(hr):
    assert math.isnan(sam_degrees(hr[:1], hr[:1]))
    assert math.isnan(ssim(hr[:, :10], hr[:, :10]))  # smaller than the window
    nothing = np.full_like(hr, np.nan)
    assert all(math.isnan(value) for value in (ssim(hr, nothing), sam_degrees(hr, nothing), ergas(hr, nothing, 4)))
