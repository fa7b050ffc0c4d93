import numpy as np
import pytest

from rs_srgan.pixels.nodata import fill_from_nearest, fill_reach


def test_nodata_gets_the_nearest_valid_pixel_of_the_same_band():
    image = np.array([[[1, 0, 0, 0, 5]], [[0, 0, 7, 0, 0]]], np.float32)
    valid = image > 0
    np.testing.assert_array_equal(fill_from_nearest(image, valid, 9)[0, 0, [0, 1, 3, 4]], [1, 1, 5, 5])
    np.testing.assert_array_equal(fill_from_nearest(image, valid, 9)[1, 0], 7)


def test_valid_pixels_stay_as_they_are():
    random = np.random.default_rng(0)
    image = random.uniform(size=(3, 20, 20)).astype(np.float32)
    valid = random.uniform(size=image.shape) > 0.4
    np.testing.assert_array_equal(fill_from_nearest(image, valid, 5)[valid], image[valid])


def test_pixels_beyond_reach_and_empty_bands_become_zero():
    image = np.zeros((2, 1, 10), np.float32)
    image[0, 0, 0] = 4
    filled = fill_from_nearest(image, image > 0, 3)
    np.testing.assert_array_equal(filled[0, 0], [4, 4, 4, 4, 0, 0, 0, 0, 0, 0])
    assert (filled[1] == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_values_in_a_window_depend_only_on_it_and_its_reach(seed):
    """Check also that it holds if several valid pixels have the same distance."""
    random = np.random.default_rng(seed)
    image = random.uniform(size=(1, 60, 60)).astype(np.float32)
    valid = random.uniform(size=image.shape) > 0.9
    reach = fill_reach(6)
    whole = fill_from_nearest(image, valid, reach)
    for row, col in ((20, 25), (31, 18)):
        part = np.s_[:, row - reach : row + 12 + reach, col - reach : col + 12 + reach]
        filled = fill_from_nearest(image[part], valid[part], reach)[:, reach:-reach, reach:-reach]
        np.testing.assert_array_equal(filled, whole[:, row : row + 12, col : col + 12])
