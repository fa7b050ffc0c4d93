import numpy as np
import pytest

from rs_srgan.evaluation.metrics.corrected import REACH_PX, corrected
from rs_srgan.evaluation.metrics.psnr import psnr, rmse
from tests.conftest import scene_dn


@pytest.fixture
def hr():
    return scene_dn(48, 56).astype(np.float32) / 10_000


def counted(image):
    return image[:, REACH_PX:-REACH_PX, REACH_PX:-REACH_PX]


@pytest.mark.parametrize("shift", [(0, 0), (2, -1), (-4, 4), (0, 3)])
def test_a_shift_and_a_change_of_brightness_are_found_and_undone(hr, shift):
    bias = np.array([0.01, -0.02, 0.05, 0], np.float32)[:, None, None]
    off = np.roll(hr, shift, axis=(1, 2)) + bias
    best = corrected(counted(off), hr)
    assert (best.rows, best.cols) == shift
    assert rmse(best.sr, best.hr) < 1e-6


def test_the_correction_never_lowers_psnr(hr):
    random = np.random.default_rng(0)
    for _ in range(5):
        sr = hr + random.normal(0.01, 0.03, hr.shape).astype(np.float32)
        best = corrected(counted(sr), hr)
        assert psnr(best.sr, best.hr) >= psnr(counted(sr), counted(hr))


def test_a_difference_in_contrast_stays(hr):
    """Remove only the mean: contrast is detail."""
    best = corrected(counted(hr * np.float32(1.2)), hr)
    assert rmse(best.sr, best.hr) == pytest.approx(0.2 * counted(hr).std((1, 2)).mean(), rel=0.1)


def test_the_smallest_of_equal_shifts_is_taken():
    flat = np.full((1, 20, 20), 0.2, np.float32)
    best = corrected(counted(flat), flat)
    assert (best.rows, best.cols) == (0, 0)


def test_holes_do_not_count(hr):
    off = np.roll(hr, (1, 2), axis=(1, 2))
    off[:, 20:25, 20:30] = np.nan
    holed = hr.copy()
    holed[0, 30:35, 10:15] = np.nan
    best = corrected(counted(off), holed)
    assert (best.rows, best.cols) == (1, 2)
    assert rmse(best.sr, best.hr) < 1e-6


def test_other_shapes_are_refused(hr):
    with pytest.raises(ValueError, match=r"\b8\b"):
        corrected(hr, hr)
