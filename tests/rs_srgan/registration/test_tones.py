import numpy as np
import pytest

from rs_srgan.registration.tones import Tones


@pytest.fixture
def reference():
    return np.random.default_rng(0).uniform(0.05, 0.4, (2, 4000)).astype(np.float32)


def test_gain_and_bias_are_found_although_a_fifth_of_the_pixels_changed(reference):
    view = (reference - np.float32(0.02)) / np.array([[1.25], [0.8]], np.float32)
    view[:, :800] = 0.9
    tones = Tones.of(reference, view, np.ones(4000, bool))
    np.testing.assert_allclose(tones.gain.ravel(), [1.25, 0.8], rtol=0.01)
    np.testing.assert_allclose(tones.bias.ravel(), 0.02, atol=0.003)
    np.testing.assert_allclose(tones.apply(view[:, 800:, None])[..., 0], reference[:, 800:], atol=0.005)


def test_few_pixels_leave_the_tones_as_they_are(reference):
    tones = Tones.of(reference, 2 * reference, np.arange(4000) < 10)
    np.testing.assert_array_equal(tones.apply(reference[..., None])[..., 0], reference)


def test_gain_is_limited(reference):
    tones = Tones.of(reference, reference / 100, np.ones(4000, bool))
    assert tones.gain.max() <= 2
