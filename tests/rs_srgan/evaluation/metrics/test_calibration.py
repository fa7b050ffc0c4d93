import numpy as np
import pytest

from rs_srgan import SISR, SISRConfig
from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.metrics.calibration import calibrate, factors, factors_of_others
from rs_srgan.evaluation.scoring import score
from rs_srgan.figures.calibration import BINS
from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE
from tests.conftest import scene_dn


@pytest.fixture
def laplace():
    """Scales that differ from pixel to pixel, and errors that were drawn by them."""
    random = np.random.default_rng(0)
    scales = 10 ** random.uniform(-3, -1, (4, 100, 100))
    return np.abs(random.laplace(0, scales)), scales * HALF_WIDTH_PER_SCALE


def test_who_knows_the_scales_holds_what_is_promised(laplace):
    found = calibrate(*laplace)
    assert found.coverage == pytest.approx(0.8, abs=0.01)
    assert found.rank > 0.6
    assert found.rank == pytest.approx(found.rank_if_exact, abs=0.01)
    assert found.predicted == pytest.approx(found.observed, rel=0.1)
    assert len(found.predicted) == BINS and list(found.predicted) == sorted(found.predicted)


def test_who_is_too_sure_is_found_out(laplace):
    errors, half_widths = laplace
    found = calibrate(errors, half_widths / 2)
    assert found.coverage == pytest.approx(1 - 0.2**0.5, abs=0.01)
    assert found.rank == pytest.approx(calibrate(*laplace).rank)
    assert np.array(found.predicted) == pytest.approx(np.array(found.observed) / 2, rel=0.1)


def test_who_guesses_has_no_rank(laplace):
    errors, half_widths = laplace
    shuffled = np.random.default_rng(1).permutation(half_widths.ravel()).reshape(half_widths.shape)
    assert abs(calibrate(errors, shuffled).rank) < 0.02


def test_half_widths_that_are_alike_say_little_of_each_error_even_if_they_are_exact():
    half_widths = np.random.default_rng(0).uniform(0.01, 0.02, (4, 5000))
    assert 0.1 < calibrate(half_widths, half_widths).rank_if_exact < 0.2


def test_bands_of_their_own_are_no_knowledge_within_bands():
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
    with pytest.raises(ValueError, match="0 pixels"):
        calibrate(np.full_like(errors, np.nan), half_widths)


def test_a_model_with_a_head_is_asked_for_it():
    hr = scene_dn(96, 96).astype(np.float32) / 10_000
    lr = hr[:, ::2, ::2]
    for known in (False, True):
        model = SISR(SISRConfig(scale=2, channels=16, blocks=1, uncertainty=known)).eval()
        scores = score(model, Case("a", "a", lr, hr, None, (0.3,) * 4, 1.0)).scores
        assert np.isfinite([scores["model"].coverage, scores["model"].rank]).all() == known
        assert np.isnan(scores["bicubic"].coverage)


def drawn(site_errors, pixels=4000):
    """Two bands of a site whose errors are larger than they are said to be, 0.01, by a factor for each."""
    random = np.random.default_rng(len(site_errors))
    return [np.abs(random.laplace(0, factor * 0.01 / HALF_WIDTH_PER_SCALE, (2, pixels))) for factor in site_errors]


def test_factors_are_what_the_half_widths_lack():
    errors = drawn([2.0])
    (found,) = [factors(errors, [np.full_like(errors[0], 0.01)])]
    assert found == pytest.approx([2, 2], rel=0.1)


def test_images_count_equally_whatever_their_size():
    large, small = drawn([1.0], 40_000)[0], drawn([9.0], 400)[0]
    widths = [np.full_like(each, 0.01) for each in (large, small)]
    within = [(error <= 0.01 * factors([large, small], widths)[:, None]).mean() for error in (large, small)]
    assert np.mean(within) == pytest.approx(0.8, abs=0.02)


def test_no_site_has_a_say_in_its_own_factors():
    errors = drawn([1.0, 1.0, 9.0, 9.0])
    widths = [np.full_like(each, 0.01) for each in errors]
    first, second, *third = factors_of_others(errors, widths, ["a", "b", "c", "c"])
    assert third[0] == pytest.approx([1, 1], rel=0.1) and (third[0] == third[1]).all()
    assert (first > 4).all() and (second > 4).all()
    assert factors_of_others(errors, widths, ["a"] * 4)[0] == pytest.approx(factors(errors, widths))
