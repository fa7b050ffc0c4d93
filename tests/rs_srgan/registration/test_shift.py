from itertools import combinations

import numpy as np
import pytest
import rasterio
from scipy import ndimage

from rs_srgan.registration.shift import find_shift


def scene(seed=0, size=96):
    """Return an image like fields and hedges: noise at several sizes."""
    random = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(random.normal(size=(size, size)), sigma) * sigma for sigma in (1.5, 3, 8)]
    return (0.2 + 0.05 * sum(layers)).astype(np.float32)


def moved(image, rows, cols):
    """Return a periodic image, shifted exactly; `inner` then removes its border."""
    return np.fft.ifft2(ndimage.fourier_shift(np.fft.fft2(image), (rows, cols))).real.astype(np.float32)


def inner(image):
    """Return an image without its border."""
    return np.ascontiguousarray(image[12:-12, 12:-12])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shift", [(0, 0), (0.37, -1.21), (2.9, 2.6), (-3.0, 0.5), (0.02, -0.04)])
def test_a_known_shift_is_found(shift, seed):
    image = scene(seed)
    found = find_shift(inner(image), inner(moved(image, *shift)))
    assert (found.rows, found.cols) == pytest.approx(shift, abs=0.03)
    assert found.confidence > 0.98


def test_a_shift_is_found_with_clouds_noise_and_another_light():
    random = np.random.default_rng(1)
    errors = []
    for seed in range(12):
        image = scene(seed)
        shift = random.uniform(-3, 3, 2)
        other = 1.2 * inner(moved(image, *shift)) + 0.03 + random.normal(0, 7e-4, (72, 72))
        clouds = ndimage.gaussian_filter(random.normal(size=(72, 72)), 6)
        mask = clouds < np.quantile(clouds, 0.6)
        other[~mask] = 0.9
        found = find_shift(inner(image), other.astype(np.float32), moving_mask=mask)
        errors.append(np.hypot(found.rows - shift[0], found.cols - shift[1]))
    assert np.median(errors) < 0.05


def test_swapped_images_have_the_opposite_shift():
    image = scene()
    a, b = inner(image), inner(moved(image, 1.4, -0.6))
    there, back = find_shift(a, b), find_shift(b, a)
    assert (there.rows, there.cols) == pytest.approx((-back.rows, -back.cols), abs=0.02)


@pytest.mark.parametrize(
    ("reference", "other", "mask"),
    [
        (scene(0), scene(1), None),
        (scene(0), np.zeros((96, 96), np.float32), None),
        (scene(0), scene(0), np.zeros((96, 96), bool)),
        (np.full((96, 96), np.nan, np.float32), scene(0), None),
    ],
    ids=["another place", "flat", "all masked", "no data"],
)
def test_images_that_do_not_match_get_no_confidence(reference, other, mask):
    found = find_shift(reference, other, moving_mask=mask)
    assert found.confidence < 0.5
    assert np.isfinite([found.rows, found.cols]).all()


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="shapes"):
        find_shift(scene(size=96), scene(size=90))


def test_shifts_of_the_near_infrared_scatter_less_than_of_the_mean(data):
    """Use five real dates, some with haze: all windows of two dates should have the same shift."""
    dates = []
    for path in sorted((data / "timeseries").glob("33TWL_*_rgbn.tif")):
        with rasterio.open(path) as image, rasterio.open(str(path).replace("_rgbn", "_scl")) as classes:
            clear = ~np.isin(classes.read(1), (0, 1, 3, 8, 9, 10, 11))
            dates.append((image.read().astype(np.float32), clear))
    windows = [np.s_[row : row + 256, col : col + 256] for row in (0, 177, 354) for col in (0, 177, 354)]
    scatter = {"near infrared": [], "mean": []}
    for (one, one_clear), (other, other_clear) in combinations(dates, 2):
        for name, gray in {"near infrared": lambda image: image[3], "mean": lambda image: image.mean(0)}.items():
            found = [
                find_shift(gray(one)[at], gray(other)[at], one_clear[at], other_clear[at], 4, outliers=4)
                for at in windows
                if (one_clear[at] & other_clear[at]).mean() > 0.1
            ]
            shifts = np.array([(shift.rows, shift.cols) for shift in found if shift.confidence >= 0.5])
            if len(shifts) > 2:
                scatter[name] += list(np.hypot(*(shifts - np.median(shifts, axis=0)).T))
    assert len(scatter["near infrared"]) >= 0.9 * len(scatter["mean"])
    assert np.median(scatter["near infrared"]) < 0.6 * np.median(scatter["mean"])
    assert np.median(scatter["near infrared"]) < 0.02
