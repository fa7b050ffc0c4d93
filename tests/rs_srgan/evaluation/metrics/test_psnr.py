import math

import numpy as np
import pytest

from rs_srgan.evaluation.metrics.psnr import psnr, rmse


def test_known_values():
    hr = np.zeros((2, 4, 4))
    sr = np.full((2, 4, 4), 0.1)
    assert rmse(sr, hr) == pytest.approx(0.1)
    assert psnr(sr, hr) == pytest.approx(20)
    assert psnr(hr, hr) == math.inf


def test_the_peak_changes_psnr_by_its_ratio():
    """Check that a peak of 1 instead of 0.3 adds 10.46 dB."""
    hr, sr = np.zeros(8), np.full(8, 0.01)
    assert psnr(sr, hr, peak=1) - psnr(sr, hr, peak=0.3) == pytest.approx(10.46, abs=0.005)


def test_pixels_without_data_do_not_count():
    hr, sr = np.zeros((1, 4, 4)), np.full((1, 4, 4), 0.1)
    hr[0, 0, 0] = np.nan
    sr[0, 1, 1] = np.nan
    assert rmse(sr, hr) == pytest.approx(0.1)
