import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rs_srgan.evaluation.metrics import opensr
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.sensors.projection import bicubic
from tests.conftest import scene_dn

# Shares of a perfect result, from the softmin over 1, 1, 0 at a temperature of 0.25: see `Correctness`.
BEST = 1 / (1 + 2 * math.exp(-4))
REST = math.exp(-4) * BEST
MTF = (0.24, 0.28, 0.26, 0.26)


@pytest.fixture
def hr():
    return scene_dn(96, 112).astype(np.float32) / 10_000


@pytest.fixture
def lr(hr):
    return simulate(hr, 4, MTF)


def shares(correctness):
    return (correctness.improvement, correctness.omission, correctness.hallucination)


def test_hr_is_all_improvement_and_enlarged_lr_all_omission(lr, hr):
    up = opensr.enlarged(lr, 4)
    assert shares(opensr.correctness(up, hr, hr)) == pytest.approx((BEST, REST, REST), abs=1e-4)
    assert shares(opensr.correctness(up, up, hr)) == pytest.approx((REST, BEST, REST), abs=1e-4)


def test_detail_unlike_hr_and_lr_is_hallucination(lr, hr):
    made_up = np.random.default_rng(0).uniform(0.01, 2, hr.shape).astype(np.float32)
    improvement, omission, hallucination = shares(opensr.correctness(opensr.enlarged(lr, 4), made_up, hr))
    assert hallucination > 0.9
    assert improvement + omission + hallucination == pytest.approx(1)


def test_bicubic_is_mostly_omission(lr, hr):
    up = opensr.enlarged(lr, 4)
    enlarged = bicubic(torch.from_numpy(lr)[None], 4)[0].numpy()
    improvement, omission, _ = shares(opensr.correctness(up, enlarged, hr))
    assert omission > 0.5 > improvement
    half = (hr + up) / 2
    assert opensr.correctness(up, half, hr).improvement > improvement
    assert 0 == opensr.synthesis(up, up) < opensr.synthesis(up, enlarged) < opensr.synthesis(up, hr)


def test_classes_mark_where_detail_is_right_or_missing(lr, hr):
    up = opensr.enlarged(lr, 4)
    mixed = hr.copy()
    mixed[:, :, 56:] = up[:, :, 56:]
    classes = opensr.correctness(up, mixed, hr).classes
    assert set(np.unique(classes[:, :56])) == {opensr.IMPROVEMENT, opensr.NOT_JUDGED}
    assert set(np.unique(classes[:, 56:])) == {opensr.OMISSION, opensr.NOT_JUDGED}


def test_consistency_of_known_errors(hr):
    seen = F.interpolate(torch.from_numpy(hr)[None], scale_factor=0.25, mode="bilinear", antialias=True)[0].numpy()
    same = opensr.consistency(seen, hr, 4)
    assert same.reflectance == pytest.approx(0, abs=1e-7)
    assert same.spectral_deg == pytest.approx(0, abs=0.01)
    assert same.spatial_px == pytest.approx(0, abs=0.001)
    brighter = opensr.consistency(seen, hr * np.float32(1.05), 4)
    assert brighter.reflectance == pytest.approx(0.05 * seen.mean(), rel=1e-3)
    assert brighter.spectral_deg == pytest.approx(0, abs=0.01)  # a gain is no angle
    red = hr.copy()
    red[0] *= 1.2
    assert opensr.consistency(seen, red, 4).spectral_deg > 1


def test_consistency_finds_a_shift():
    rows, cols = np.mgrid[:128, :128]
    hr = np.stack([0.2 + 0.1 * np.sin(rows / 9) * np.cos(cols / 7) + 0.05 * np.sin(rows / 23 + cols / 17)] * 3)
    hr = hr.astype(np.float32)
    lr = F.interpolate(torch.from_numpy(hr)[None], scale_factor=0.25, mode="bilinear", antialias=True)[0].numpy()
    off = np.roll(hr, (1, 0), axis=(1, 2))
    off[:, 0] = hr[:, 0]
    assert opensr.consistency(lr, off, 4).spatial_px == pytest.approx(0.25, abs=0.01)


def test_differences_of_tone_and_position_are_removed(hr):
    off = np.roll(hr, (2, -1), axis=(1, 2)) * np.float32(1.3) + np.float32(0.02)
    inner = (slice(None), slice(8, -8), slice(8, -8))
    assert np.abs(off - hr)[inner].mean() > 0.05
    assert np.abs(opensr.harmonised(off, hr) - hr)[inner].mean() < 0.005


def test_an_image_without_shift_is_not_interpolated(hr):
    """Interpolation would blur the image."""
    np.testing.assert_allclose(opensr.harmonised(hr, hr), hr, atol=1e-6)


def test_holes_do_not_count(lr, hr):
    up = opensr.enlarged(lr, 4)
    sr = (hr + up) / 2
    spoiled, holed = sr.copy(), hr.copy()
    spoiled[:, 40:52, 40:60] = np.nan
    holed[1, 70:80, 20:30] = np.nan
    whole = opensr.correctness(up, opensr.harmonised(sr, hr), hr)
    part = opensr.correctness(up, opensr.harmonised(spoiled, holed), holed)
    assert shares(part) == pytest.approx(shares(whole), abs=0.05)
    assert (part.classes[40:52, 40:60] == opensr.NOT_JUDGED).all()
    assert vars(opensr.consistency(lr, spoiled, 4)) == pytest.approx(
        vars(opensr.consistency(lr, sr, 4)), rel=0.2, abs=0.02
    )


def test_a_single_band_has_no_angle(lr, hr):
    assert math.isnan(opensr.consistency(lr[:1], hr[:1], 4).spectral_deg)


def landscape(height, width):
    """Make an image whose power falls with the frequency, like that of real scenes.

    The phase correlation of opensr-test fails on regular patterns.
    """
    random = np.random.default_rng(0)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    weight = 1 / np.maximum(radius, 1 / height) ** 1.5
    shared, *own = (np.fft.ifft2(np.fft.fft2(random.normal(size=radius.shape)) * weight).real for _ in range(5))
    bands = np.stack([shared + 0.3 * each for each in own])
    return (0.15 + 0.04 * bands / bands.std()).clip(0.01, 1).astype(np.float32)


@pytest.mark.parametrize("made_by", ["bicubic", "half way", "noisy"])
def test_the_figures_are_those_of_opensr_test(made_by):
    theirs = pytest.importorskip("opensr_test", reason="opensr-test is not installed")
    hr = landscape(192, 192)
    lr = simulate(hr, 4, MTF)
    up = bicubic(torch.from_numpy(lr)[None], 4)[0].numpy()
    random = np.random.default_rng(0).normal(0, 0.01, hr.shape).astype(np.float32)
    sr = {"bicubic": up, "half way": (up + hr) / 2, "noisy": up + random}[made_by]
    expected = theirs.Metrics().compute(*(torch.from_numpy(image.copy()) for image in (lr, sr, hr)))
    lr, sr, hr = lr[:, 4:-4, 4:-4], sr[:, 16:-16, 16:-16], hr[:, 16:-16, 16:-16]
    consistency, enlarged = opensr.consistency(lr, sr, 4), opensr.enlarged(lr, 4)
    harmonised = opensr.harmonised(sr, hr)
    judged = opensr.correctness(enlarged, harmonised, hr)
    assert consistency.reflectance == pytest.approx(expected["reflectance"], rel=1e-4)
    assert consistency.spectral_deg == pytest.approx(expected["spectral"], abs=0.01)  # theirs in float32
    assert consistency.spatial_px == pytest.approx(expected["spatial"], abs=0.04)  # theirs in steps of 0.02
    assert opensr.synthesis(enlarged, harmonised) == pytest.approx(expected["synthesis"], rel=0.03)
    assert judged.improvement == pytest.approx(expected["im_metric"], abs=0.03)
    assert judged.omission == pytest.approx(expected["om_metric"], abs=0.03)
    assert judged.hallucination == pytest.approx(expected["ha_metric"], abs=0.03)
