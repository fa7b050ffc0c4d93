import numpy as np
import pytest

from rs_srgan.evaluation.spectrum import radial_power, spectrum_db

FREQUENCIES = (0.2, 0.5, 0.8)


def noise(size=128, seed=0):
    return np.random.default_rng(seed).normal(0.2, 0.05, (2, size, size)).astype(np.float32)


def test_white_noise_is_flat():
    levels = radial_power(noise(), FREQUENCIES)
    assert levels.shape == (2, 3)
    np.testing.assert_allclose(levels / levels.mean(), 1, atol=0.15)


def test_a_wave_shows_at_its_own_frequency():
    wave = np.cos(2 * np.pi * 0.25 * np.arange(128))  # half the Nyquist frequency
    image = np.broadcast_to(wave, (1, 128, 128)).astype(np.float32)
    low, own, high = radial_power(image, FREQUENCIES)[0]
    assert own > 1e3 * max(low, high)


def test_half_the_contrast_is_six_decibels_less():
    image = noise()
    half = image.mean((1, 2), keepdims=True) + 0.5 * (image - image.mean((1, 2), keepdims=True))
    np.testing.assert_allclose(spectrum_db(half, image, FREQUENCIES), -6.02, atol=0.01)
    np.testing.assert_allclose(spectrum_db(image, image, FREQUENCIES), 0, atol=1e-5)


def test_nothing_is_far_below_and_not_minus_infinity():
    assert np.isfinite(spectrum_db(np.full_like(noise(), 0.2), noise(), FREQUENCIES)).all()


def test_too_small_an_image_is_refused():
    with pytest.raises(ValueError, match="has no frequency"):
        radial_power(noise(4), (0.3,))
