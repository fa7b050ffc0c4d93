import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from rs_srgan.pixels.aliasing import SOFTENING_REACH_PX, measure_sampling, soften
from rs_srgan.sensors.mtf import degrade


def ground(side: int, bands: int = 4, seed: int = 0) -> np.ndarray:
    """Return areas of about 5 x 5 pixels, each of one random reflectance, (bands, side, side)."""
    random = np.random.default_rng(seed)
    centres = cKDTree(random.uniform(0, side, (side**2 // 25, 2)))
    nearest = centres.query(np.indices((side, side)).reshape(2, -1).T)[1].reshape(side, side)
    return random.uniform(0.05, 0.4, (bands, centres.n))[:, nearest].astype(np.float32)


def seen(image: np.ndarray) -> np.ndarray:
    """Return the image at twice the pixel size, as a sensor sees it, with some noise."""
    lr = degrade(torch.from_numpy(image)[None], 2, [0.26] * len(image))[0].numpy()
    return lr + np.random.default_rng(1).normal(0, 7e-4, lr.shape).astype(np.float32)


@pytest.fixture(scope="module")
def image():
    return seen(ground(384))


def test_pixels_of_a_sensor_are_fine(image):
    sampling = measure_sampling(image)
    assert not sampling.thinned_out and not sampling.repeats and sampling.advice() is None


@pytest.mark.parametrize("step", [2, 3])
def test_pixels_that_were_left_out_are_noticed(image, step):
    sampling = measure_sampling(image[:, ::step, ::step])
    assert sampling.thinned_out
    assert "soften" in sampling.advice()


def test_softening_makes_up_for_it(image):
    assert not measure_sampling(soften(image[:, ::2, ::2])).thinned_out


@pytest.mark.parametrize("axis", [1, 2])
def test_repeated_rows_and_columns_are_noticed(image, axis):
    places = np.floor(np.arange(0, 180, 0.97)).astype(int)  # a grid that is 3 % finer
    sampling = measure_sampling(image.take(places, axis))
    assert sampling.repeats and "repeat" in sampling.advice()
    assert sampling.repeated == pytest.approx(0.03, abs=0.01)


def test_images_of_8_bits_repeat_by_chance_only(image):
    assert not measure_sampling(np.round(image / 0.0016) * 0.0016).repeats


def test_areas_of_one_value_do_not_repeat(image):
    water = image.copy()
    water[:, 40:90, 40:90] = 0.01
    assert not measure_sampling(water).repeats


def test_dn_and_reflectance_are_measured_alike(image):
    dn = np.round(image * 10_000)
    assert measure_sampling(dn).flatness_db == pytest.approx(measure_sampling(image).flatness_db, abs=0.05)


def test_gaps_do_not_matter(image):
    gaps = image.copy()
    gaps[:, :40] = np.nan
    gaps[:, 100:110, 100:110] = np.nan
    assert measure_sampling(gaps).flatness_db == pytest.approx(measure_sampling(image).flatness_db, abs=1)


def test_open_water_is_fine():
    noise = np.random.default_rng(0).normal(0.03, 7e-4, (4, 100, 100)).astype(np.float32)
    assert measure_sampling(noise).advice() is None


@pytest.mark.parametrize("shape", [(4, 1, 1), (4, 3, 200), (1, 31, 31), (2, 64, 64)])
@pytest.mark.parametrize("value", [0.2, np.nan])
def test_images_without_detail_are_fine(shape, value):
    assert measure_sampling(np.full(shape, value, np.float32)).advice() is None


def test_softening_reaches_as_far_as_stated():
    point = np.zeros((1, 21, 21), np.float32)
    point[0, 10, 10] = 1
    rows, cols = np.nonzero(soften(point)[0])
    assert abs(rows - 10).max() == abs(cols - 10).max() == SOFTENING_REACH_PX
    assert soften(point).sum() == pytest.approx(1, abs=1e-5)
