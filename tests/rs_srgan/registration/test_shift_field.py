import numpy as np
import pytest
from scipy import ndimage

from rs_srgan.pixels.windows import Window
from rs_srgan.registration.shift_field import LEAST_CONFIDENCE, Comparable, ShiftField, edges
from tests.rs_srgan.registration.test_shift import moved, scene

SIDE = 1536


@pytest.fixture(scope="module")
def image():
    return scene(0, SIDE)


def reader(image, mask=None):
    mask = np.ones(image.shape, bool) if mask is None else mask
    return Comparable(
        lambda window: (image[window.slices], mask[window.slices]),
        lambda window: (image[None, *window.slices], mask[window.slices]),
    )


def test_a_shift_that_changes_over_the_image_is_found(image):
    drift = np.linspace(-0.3, 0.5, SIDE)  # from the upper to the lower end
    rows, cols = np.mgrid[:SIDE, :SIDE].astype(float)
    other = ndimage.map_coordinates(image, [rows - drift[:, None], cols - 0.25], order=5, mode="nearest")
    field = ShiftField.find(reader(image), reader(other.astype(np.float32)), SIDE, SIDE)
    inside = Window(200, 300, 1100, 900)
    expected = np.stack([np.broadcast_to(drift[200:1300, None], (1100, 900)), np.full((1100, 900), 0.25)])
    assert np.abs(field.at(inside) - expected).max() < 0.03
    assert field.confidence > 0.9


def test_shifts_do_not_depend_on_the_window():
    field = ShiftField(
        np.array([10.0, 90.0]), np.array([20.0, 60.0, 100.0]), np.random.default_rng(0).random((2, 3, 2)), 1
    )
    whole = field.at(Window(0, 0, 120, 130))
    part = Window(17, 40, 30, 50)
    np.testing.assert_array_equal(field.at(part), whole[:, *part.slices])
    np.testing.assert_allclose(whole[:, 10, 60], field.shifts[0, 1], rtol=1e-6)
    np.testing.assert_allclose(whole[:, -1, -1], field.shifts[1, 2], rtol=1e-6)  # constant beyond the centres


def test_windows_under_clouds_get_the_shift_of_the_others(image):
    other = moved(image, 0.4, -1.3)
    mask = np.ones(image.shape, bool)
    mask[: SIDE // 2] = False
    field = ShiftField.find(reader(image), reader(other, mask), SIDE, SIDE)
    np.testing.assert_allclose(field.shifts, np.broadcast_to([0.4, -1.3], field.shifts.shape), atol=0.03)


def test_an_image_of_another_place_gets_no_confidence(image):
    field = ShiftField.find(reader(image), reader(scene(5, SIDE)), SIDE, SIDE)
    assert field.confidence < LEAST_CONFIDENCE and not field.shifts.any()


def test_a_date_of_another_season_is_registered_by_its_edges():
    """Half of the fields become dark that were bright, and the other half stay: the pixels hardly correlate."""
    side = 128
    random = np.random.default_rng(0)
    kinds = ndimage.zoom(random.integers(0, 8, (15, 15)), 12, order=0)[: side + 20, : side + 20]
    summer, winter = random.uniform(0.05, 0.4, (2, 8))
    first, second = (ndimage.gaussian_filter(season[kinds], 1) for season in (summer, winter))
    other = ndimage.shift(second, (0.3, -0.2), order=3)
    pair = [image[10:-10, 10:-10].astype(np.float32) for image in (first, other)]
    field = ShiftField.find(*(reader(image) for image in pair), side, side)
    np.testing.assert_allclose(field.shifts[0, 0], [0.3, -0.2], atol=0.1)
    assert np.corrcoef(*(image.ravel() for image in pair))[0, 1] < 0.5


def test_edges_of_bands_count_by_their_contrast_and_gaps_stay_local():
    image = np.zeros((2, 32, 32), np.float32)
    image[0, 16:], image[1, :, 16:] = 0.2, 0.002
    found = edges(image)
    np.testing.assert_allclose(found[16, 4], found[4, 16], rtol=0.02)
    image[:, 30, 30] = np.nan
    assert np.isfinite(edges(image)[:20, :20]).all()


def test_shifts_of_fine_images_hold_for_coarse_ones():
    """The middle of the first two fine pixels is that of the first coarse one."""
    fine = ShiftField(np.array([0.5, 4.5]), np.array([2.5]), np.array([[[2.0, -1.0]], [[4.0, 1.0]]]), 0.9)
    coarse = fine.coarsened(2)
    np.testing.assert_allclose(coarse.rows, [0, 2])
    np.testing.assert_allclose(coarse.cols, [1])
    np.testing.assert_allclose(coarse.shifts[:, 0], [[1, -0.5], [2, 0.5]])
    assert coarse.confidence == fine.confidence


def test_a_small_image_has_one_shift():
    image = scene(2, 90)
    field = ShiftField.find(reader(image), reader(moved(image, -0.7, 0.2)), 90, 90)
    assert field.shifts.shape == (1, 1, 2)
    assert (field.median.rows, field.median.cols) == pytest.approx((-0.7, 0.2), abs=0.03)
