import numpy as np
import pytest

from rs_srgan.evaluation.metrics.calibration import calibrate, factors, factors_of_others
from rs_srgan.figures.calibration import BINS
from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE


@pytest.fixture
def laplace():
    """Draw errors from Laplace distributions whose scales differ from pixel to pixel; return their half-widths too."""
    random = np.random.default_rng(0)
    scales = 10 ** random.uniform(-3, -1, (4, 100, 100))
    return np.abs(random.laplace(0, scales)), scales * HALF_WIDTH_PER_SCALE


def test_exact_half_widths_hold_80_percent(laplace):
    found = calibrate(*laplace)
    assert found.coverage == pytest.approx(0.8, abs=0.01)
    assert found.rank > 0.6
    assert found.rank == pytest.approx(found.rank_if_exact, abs=0.01)
    assert found.predicted == pytest.approx(found.observed, rel=0.1)
    assert len(found.predicted) == BINS and list(found.predicted) == sorted(found.predicted)


def test_half_widths_that_are_too_small_hold_less(laplace):
    errors, half_widths = laplace
    found = calibrate(errors, half_widths / 2)
    assert found.coverage == pytest.approx(1 - 0.2**0.5, abs=0.01)
    assert found.rank == pytest.approx(calibrate(*laplace).rank)
    assert np.array(found.predicted) == pytest.approx(np.array(found.observed) / 2, rel=0.1)


def test_random_half_widths_have_no_rank_correlation(laplace):
    errors, half_widths = laplace
    shuffled = np.random.default_rng(1).permutation(half_widths.ravel()).reshape(half_widths.shape)
    assert abs(calibrate(errors, shuffled).rank) < 0.02


def test_similar_half_widths_have_a_low_rank_correlation_even_if_exact():
    half_widths = np.random.default_rng(0).uniform(0.01, 0.02, (4, 5000))
    assert 0.1 < calibrate(half_widths, half_widths).rank_if_exact < 0.2


def test_differences_between_bands_are_no_correlation_within_bands():
    random = np.random.default_rng(0)
    scales = np.broadcast_to(np.array([0.001, 0.1])[:, None], (2, 5000))
    found = calibrate(np.abs(random.laplace(0, scales)), scales + random.uniform(0, 1e-6, scales.shape))
    assert found.rank > 0.7
    assert abs(found.rank_within_bands) < 0.05


def test_holes_do_not_count(laplace):
    errors, half_widths = laplace
    holed = errors.copy()
    holed[1, :50] = np.nan
    assert calibrate(holed, half_widths) == calibrate(errors[:, 50:], half_widths[:, 50:])
    with pytest.raises(ValueError, match="compared"):
        calibrate(np.full_like(errors, np.nan), half_widths)


def drawn(site_errors, pixels=4000):
    """Draw errors for two bands of each site; they are larger than a half-width of 0.01 by the factor of the site."""
    random = np.random.default_rng(len(site_errors))
    return [np.abs(random.laplace(0, factor * 0.01 / HALF_WIDTH_PER_SCALE, (2, pixels))) for factor in site_errors]


def test_factors_scale_half_widths_to_the_errors():
    errors = drawn([2.0])
    (found,) = [factors(errors, [np.full_like(errors[0], 0.01)])]
    assert found == pytest.approx([2, 2], rel=0.1)


def test_images_count_equally_whatever_their_size():
    large, small = drawn([1.0], 40_000)[0], drawn([9.0], 400)[0]
    widths = [np.full_like(each, 0.01) for each in (large, small)]
    within = [(error <= 0.01 * factors([large, small], widths)[:, None]).mean() for error in (large, small)]
    assert np.mean(within) == pytest.approx(0.8, abs=0.02)


def test_factors_of_a_site_come_from_other_sites():
    errors = drawn([1.0, 1.0, 9.0, 9.0])
    widths = [np.full_like(each, 0.01) for each in errors]
    first, second, *third = factors_of_others(errors, widths, ["a", "b", "c", "c"])
    assert third[0] == pytest.approx([1, 1], rel=0.1) and (third[0] == third[1]).all()
    assert (first > 4).all() and (second > 4).all()
    assert factors_of_others(errors, widths, ["a"] * 4)[0] == pytest.approx(factors(errors, widths))
