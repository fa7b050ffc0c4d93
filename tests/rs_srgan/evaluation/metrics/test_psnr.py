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


def test_the_peak_is_worth_what_it_should():
    """Data at 0..0.3 judged as if it were 0..1: 10.46 dB that are not there."""
    hr, sr = np.zeros(8), np.full(8, 0.01)
    assert psnr(sr, hr, peak=1) - psnr(sr, hr, peak=0.3) == pytest.approx(10.46, abs=0.005)


def test_pixels_without_data_do_not_count():
    hr, sr = np.zeros((1, 4, 4)), np.full((1, 4, 4), 0.1)
    hr[0, 0, 0] = np.nan
    sr[0, 1, 1] = np.nan
    assert rmse(sr, hr) == pytest.approx(0.1)
