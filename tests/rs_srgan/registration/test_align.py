import numpy as np
import pytest
from scipy import ndimage

from rs_srgan import InputError
from rs_srgan.registration.align import align
from tests.rs_srgan.registration.test_shift import inner, moved, scene


def images(*shifts):
    """Return images of one place with four bands, shifted."""
    fine = np.stack([scene(7), 0.9 * scene(7), 1.1 * scene(7), scene(7) + 0.02])
    return [np.stack([inner(moved(band, *shift)) for band in fine]) for shift in shifts]


def test_views_are_moved_by_whole_pixels_without_resampling():
    reference, view = images((0, 0), (2, -3))
    stack = align([reference, view])
    np.testing.assert_allclose(stack.offsets[1], 0, atol=0.02)
    inside = (slice(None), slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(stack.views[1][inside], reference[inside], atol=2e-3)
    assert stack.mask[1][4:-4, 4:-4].all()
    assert not stack.mask[1][-2:].any() and not stack.mask[1][:, :3].any()  # beyond the view


def test_offsets_are_the_positions_of_the_samples():
    reference, view = images((0, 0), (0.3, -0.4))
    stack = align([reference, view])
    np.testing.assert_allclose(stack.offsets[1, 0], -0.3, atol=0.02)
    np.testing.assert_allclose(stack.offsets[1, 1], 0.4, atol=0.02)
    at_offsets = [
        ndimage.shift(band, (0.3, -0.4), order=5, mode="nearest")[6:-6, 6:-6] for band in reference.astype(float)
    ]
    np.testing.assert_allclose(stack.views[1][:, 6:-6, 6:-6], at_offsets, atol=2e-3)


def test_tones_are_matched_although_a_part_has_changed():
    reference, view = images((0, 0), (0, 0))
    light = view * np.array([1.2, 0.9, 1.1, 0.8])[:, None, None] + 0.03
    light[:, 20:35, 20:35] = 0.6  # a new roof
    stack = align([reference, light.astype(np.float32)])
    same = np.ones(reference.shape[1:], bool)
    same[20:35, 20:35] = False
    assert np.abs(stack.views[1] - reference)[:, same].max() < 0.004
    assert np.abs(stack.views[1] - reference)[:, ~same].min() > 0.1


def test_images_too_small_to_be_registered_can_have_known_shifts():
    """A crop gets the pixels and offsets of the whole image, whose shifts are known."""
    reference, view = images((0, 0), (0.3, -1.4))
    whole = align([reference, view])
    crops = [image[:, 10:25, 10:25] for image in (reference, view)]
    assert not align(crops).mask[1].any()
    stack = align(crops, known=whole.fields)
    assert stack.mask[1, 2:-2, 2:-2].all()
    inside = (slice(None), slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(stack.offsets[1][inside], whole.offsets[1][:, 12:23, 12:23], atol=1e-5)
    np.testing.assert_allclose(stack.views[1][inside], whole.views[1][:, 12:23, 12:23], atol=0.02)  # other tones


def test_masked_clouds_do_not_disturb_the_alignment():
    random = np.random.default_rng(0)
    reference, view = images((0, 0), (0.4, 1.2))
    clouds = ndimage.gaussian_filter(random.normal(size=view.shape[1:]), 6)
    mask = clouds > np.quantile(clouds, 0.4)
    view[:, ~mask] = 0.9
    stack = align([reference, view], [np.ones_like(mask), mask])
    assert stack.fields[1].median.rows == pytest.approx(0.4, abs=0.05)
    assert stack.fields[1].median.cols == pytest.approx(1.2, abs=0.05)
    assert np.abs(stack.views[1] - reference)[:, stack.mask[1]].max() < 0.1


def test_an_image_of_another_place_does_not_count():
    other = np.stack([scene(3)] * 4)
    stack = align([images((0, 0))[0], inner(other.transpose(1, 2, 0)).transpose(2, 0, 1)])
    assert stack.mask[0].all() and not stack.mask[1].any()


def test_nodata_is_filled_and_does_not_count():
    reference, view = images((0, 0), (0, 0))
    view[:, 5:9, 5:9] = np.nan
    stack = align([reference, view])
    assert np.isfinite(stack.views).all() and not stack.mask[1, 5:9, 5:9].any()


@pytest.mark.parametrize(
    ("shapes", "options", "words"),
    [
        ([], {}, "shapes"),
        ([(4, 8, 8), (4, 8, 9)], {}, "shapes"),
        ([(8, 8)], {}, "shapes"),
        ([(4, 8, 8)], {"reference": 1}, "reference"),
        ([(4, 8, 8)], {"masks": [np.ones((8, 7), bool)]}, "masks"),
        ([(4, 8, 8)], {"masks": []}, "masks"),
    ],
)
def test_views_that_do_not_fit_are_refused(shapes, options, words):
    with pytest.raises(InputError, match=words):
        align([np.zeros(shape, np.float32) for shape in shapes], **options)
