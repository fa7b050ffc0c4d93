import numpy as np
import pytest

from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES as ALL
from rs_srgan.evaluation.metrics.spectrum import (
    SMALLEST_PX,
    radial_power,
    resolved,
    ring_correlation,
    spectrum_db,
    without_holes,
)

FREQUENCIES = (0.2, 0.5, 0.8)


def noise(size=128, seed=0):
    return np.random.default_rng(seed).normal(0.2, 0.05, (2, size, size)).astype(np.float32)


def test_white_noise_is_flat():
    levels = radial_power(noise(), FREQUENCIES)
    assert levels.shape == (2, 3)
    np.testing.assert_allclose(levels / levels.mean(), 1, atol=0.15)


def test_a_wave_has_power_at_its_own_frequency():
    wave = np.cos(2 * np.pi * 0.25 * np.arange(128))  # half the Nyquist frequency
    image = np.broadcast_to(wave, (1, 128, 128)).astype(np.float32)
    low, own, high = radial_power(image, FREQUENCIES)[0]
    assert own > 1e3 * max(low, high)


def test_half_the_contrast_is_six_decibels_less():
    image = noise()
    half = image.mean((1, 2), keepdims=True) + 0.5 * (image - image.mean((1, 2), keepdims=True))
    np.testing.assert_allclose(spectrum_db(half, image, FREQUENCIES), -6.02, atol=0.01)
    np.testing.assert_allclose(spectrum_db(image, image, FREQUENCIES), 0, atol=1e-5)


def test_a_flat_image_has_a_finite_level():
    assert np.isfinite(spectrum_db(np.full_like(noise(), 0.2), noise(), FREQUENCIES)).all()


def test_too_small_an_image_is_refused():
    with pytest.raises(ValueError, match="frequency"):
        radial_power(noise(4), (0.3,))


def test_the_same_detail_correlates_whatever_its_contrast():
    image = noise()
    np.testing.assert_allclose(ring_correlation(image, image, FREQUENCIES), 1, atol=1e-6)
    np.testing.assert_allclose(ring_correlation(0.3 * image + 0.1, image, FREQUENCIES), 1, atol=1e-5)
    np.testing.assert_allclose(ring_correlation(-image, image, FREQUENCIES), -1, atol=1e-6)


def test_unrelated_detail_of_the_same_power_does_not_correlate():
    """Tell invented detail from right detail, unlike a power spectrum."""
    one, other = noise(seed=1), noise(seed=2)
    np.testing.assert_allclose(spectrum_db(one, other, FREQUENCIES), 0, atol=1.5)
    np.testing.assert_allclose(ring_correlation(one, other, FREQUENCIES), 0, atol=0.15)


def test_only_replaced_frequencies_stop_correlating():
    image = noise(256)
    spectrum = np.fft.fft2(image)
    radius = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)) / 0.5
    soft = np.fft.ifft2(np.where(radius < 0.5, spectrum, np.fft.fft2(noise(256, seed=5)))).real.astype(np.float32)
    low, high = ring_correlation(soft, image, (0.3, 0.7))
    assert low > 0.99
    assert abs(high) < 0.1


def test_a_flat_image_does_not_correlate():
    assert ring_correlation(np.full_like(noise(), 0.2), noise(), FREQUENCIES).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("correlation", "expected"), [((1, 0.75, 0.25), 0.5), ((1, 1, 1), 1), ((0, 0, 0), 0.1), ((1, 0.5, 0.4), 0.4)]
)
def test_where_a_correlation_is_lost(correlation, expected):
    assert resolved(correlation, (0.2, 0.4, 0.6)) == pytest.approx(expected)


def test_the_largest_part_without_holes():
    valid = np.ones((30, 50), bool)
    assert without_holes(valid) == (slice(0, 30), slice(0, 50))
    valid[12, 10] = False
    rows, cols = without_holes(valid)
    assert valid[rows, cols].all()
    assert (rows.stop - rows.start, cols.stop - cols.start) == (29, 29)  # of 30 x 39; squares are odd
    valid[:] = False
    rows, cols = without_holes(valid)
    assert valid[rows, cols].size == 0


@pytest.mark.parametrize("shape", [(16, 16), (16, 99), (40, 23)])
def test_the_smallest_image_has_all_rings(shape):
    assert min(shape) >= SMALLEST_PX
    assert np.isfinite(radial_power(np.random.default_rng(0).random((1, *shape), np.float32), ALL)).all()
