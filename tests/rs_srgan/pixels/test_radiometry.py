import numpy as np
import pytest

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding, Stretch, match_histogram, match_moments

UINT16 = Encoding("uint16", (1e-4,), (0.0,), 0)
BASELINE_4 = Encoding("uint16", (1e-4,), (-0.1,), 0, tagged=True)


@pytest.mark.parametrize("nodata", [None, 0, 65535, 500])
def test_the_limits_exclude_nodata_at_either_end(nodata):
    limits = Encoding("uint16", (1e-4,), (0.0,), nodata).limits
    assert limits == {0: (1, 65535), 65535: (0, 65534)}.get(nodata, (0, 65535))


def test_floats_beyond_float32_are_infinite_without_a_warning():
    dn = np.array([[[1e300, 0.3]]])
    with np.errstate(all="raise"):
        reflectance, valid = Encoding("float64", (1.0,), (0.0,), None).decode(dn)
    assert np.isinf(reflectance[0, 0, 0]) and reflectance[0, 0, 1] == np.float32(0.3) and valid.all()


def test_dn_1000_is_reflectance_0_since_baseline_4():
    reflectance, _ = BASELINE_4.decode(np.array([[[1000, 11000]]], np.uint16))
    np.testing.assert_allclose(reflectance, [[[0, 1]]], atol=1e-6)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (UINT16, "reflectance = DN / 10000"),
        (BASELINE_4, "reflectance = (DN - 1000) / 10000"),
        (Encoding("float32", (1.0,), (0.0,), None), "reflectance as it is"),
    ],
)
def test_an_encoding_is_described_by_its_formula(encoding, words):
    assert str(encoding) == words


def test_moments_are_matched_band_by_band():
    random = np.random.default_rng(0)
    image = random.normal(5, 2, (2, 50, 50)).astype(np.float32)
    image[:, 0, 0] = np.nan
    matched = match_moments(image, np.array([0.1, 0.3], np.float32), np.array([0.02, 0.05], np.float32))
    np.testing.assert_allclose(np.nanmean(matched, (1, 2)), [0.1, 0.3], atol=1e-5)
    np.testing.assert_allclose(np.nanstd(matched, (1, 2)), [0.02, 0.05], atol=1e-5)
    assert np.isnan(matched[:, 0, 0]).all()


def test_a_flat_band_only_moves_to_the_mean():
    matched = match_moments(np.ones((1, 4, 4), np.float32), np.array([0.2], np.float32), np.array([0.1], np.float32))
    np.testing.assert_allclose(matched, 0.2)


def test_one_stretch_shows_the_same_reflectance_the_same_way():
    lr = np.random.default_rng(0).uniform(0, 0.3, (3, 8, 8)).astype(np.float32)
    stretch = Stretch.of(lr)
    enlarged = stretch.apply(lr.repeat(4, 1).repeat(4, 2))
    np.testing.assert_array_equal(enlarged[::4, ::4], stretch.apply(lr))
    assert enlarged.min() == 0
    assert enlarged.max() == 255


def test_nodata_pixels_are_black_and_ignored():
    image = np.full((1, 4, 4), 0.2, np.float32)
    image[0, 0, 1] = 0.4
    image[0, 3, 3] = np.nan
    shown = Stretch.of(image).apply(image)
    assert shown[3, 3, 0] == 0
    assert shown[0, 1, 0] == 255


def test_an_image_without_a_valid_pixel_cannot_be_shown():
    with pytest.raises(InputError, match="valid"):
        Stretch.of(np.full((1, 2, 2), np.nan, np.float32))


def test_a_matched_histogram_equals_the_other_and_keeps_the_order():
    random = np.random.default_rng(0)
    image = random.uniform(0, 1, (2, 40, 50)).astype(np.float32)
    like = random.gamma(2, 0.05, (2, 30, 30)).astype(np.float32)
    image[0, :5], like[1, :7] = np.nan, np.nan
    matched = match_histogram(image, like)
    assert (np.isnan(matched) == np.isnan(image)).all()
    for band in range(2):
        wanted, found = (np.nanquantile(each[band], np.linspace(0.05, 0.95, 10)) for each in (like, matched))
        np.testing.assert_allclose(found, wanted, rtol=0.03)
        order = np.argsort(image[band].ravel())
        values = matched[band].ravel()[order]
        assert (np.diff(values[np.isfinite(values)]) >= 0).all()


def test_matching_to_itself_changes_nothing():
    image = np.random.default_rng(0).integers(0, 50, (1, 20, 20)).astype(np.float32)
    np.testing.assert_allclose(match_histogram(image, image), image, atol=0.51)


def test_an_image_without_a_valid_pixel_cannot_be_matched():
    image = np.random.default_rng(0).integers(0, 50, (1, 20, 20)).astype(np.float32)
    with pytest.raises(InputError, match="valid"):
        match_histogram(image, np.full_like(image, np.nan))
