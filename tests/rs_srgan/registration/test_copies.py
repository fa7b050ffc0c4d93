import numpy as np
import pytest

from rs_srgan.registration.copies import find_equal, holds_no_more, varies

RANDOM = np.random.default_rng(0)
IMAGE, OTHER = (RANDOM.random((2, 40, 50)).astype(np.float32) for _ in range(2))


def with_hole(image, *slices):
    holed = image.copy()
    holed[:, *slices] = np.nan
    return holed


LEFT, RIGHT = with_hole(IMAGE, slice(None), slice(0, 9)), with_hole(IMAGE, slice(None), slice(40, 50))


@pytest.mark.parametrize(
    ("images", "reference", "expected"),
    [
        ([IMAGE, OTHER, IMAGE, OTHER, IMAGE], 0, {2: 0, 3: 1, 4: 0}),
        ([IMAGE, OTHER, IMAGE + np.float32(1e-5)], 2, {0: 2}),
        ([OTHER, LEFT, IMAGE, RIGHT], 0, {1: 2, 3: 2}),
        ([OTHER, LEFT, RIGHT], 0, {}),
        ([LEFT, IMAGE], 0, {1: 0}),
        ([IMAGE, np.roll(IMAGE, 1, axis=2)], 0, {}),
        ([OTHER, np.full_like(IMAGE, 0.3), np.full_like(IMAGE, 0.3)], 0, {}),
        ([OTHER, np.full_like(IMAGE, np.nan), IMAGE], 0, {}),
        ([IMAGE], 0, {}),
    ],
)
def test_images_that_show_nothing_else_are_found(images, reference, expected):
    assert find_equal(images, reference) == expected


def test_one_other_pixel_anywhere_is_another_image():
    """The pixels that are compared first are equal here."""
    changed = IMAGE.copy()
    changed[1, 17, 23] += 0.001
    everywhere = np.ones(IMAGE.shape, bool)
    assert holds_no_more(IMAGE, everywhere, IMAGE, everywhere)
    assert not holds_no_more(changed, everywhere, IMAGE, everywhere)
    everywhere[1, 17, 23] = False
    assert holds_no_more(changed, everywhere, IMAGE, ~np.zeros_like(everywhere))


def test_a_single_value_does_not_vary():
    flat = np.full((2, 4, 4), 0.5, np.float32)
    flat[0, 0, 0] = 0.9
    assert varies(flat, np.ones(flat.shape, bool)) and not varies(flat, flat < 0.6)
    assert not varies(flat, np.zeros(flat.shape, bool))
