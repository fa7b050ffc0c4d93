import numpy as np

from rs_srgan.evaluation.metrics.masks import filled, known, known_coarse


def test_a_pixel_is_known_if_all_bands_of_all_images_hold_data():
    one, other = np.ones((2, 3, 4), np.float32), np.ones((1, 3, 4), np.float32)
    one[1, 0, 0] = np.nan
    other[0, 2, 3] = np.nan
    expected = np.ones((3, 4), bool)
    expected[0, 0] = expected[2, 3] = False
    np.testing.assert_array_equal(known(one, other), expected)


def test_a_coarse_pixel_needs_all_fine_pixels_within_its_reach():
    mask = np.ones((20, 20), bool)
    mask[9, 9] = False
    alone, reaching = known_coarse(mask, 4, reach=0), known_coarse(mask, 4, reach=1)
    assert np.argwhere(~alone).tolist() == [[2, 2]]
    assert np.argwhere(~reaching).tolist() == [[row, col] for row in (1, 2, 3) for col in (1, 2, 3)]


def test_holes_are_filled_from_the_nearest_pixel():
    image = np.array([[[1, np.nan, np.nan, np.nan, 2]]], np.float32)
    result = filled(image)
    assert np.isfinite(result).all()
    assert (result[0, 0, 1], result[0, 0, 3]) == (1, 2)
