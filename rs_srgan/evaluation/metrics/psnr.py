"""Formulas of image quality, in reflectance."""

import math
from typing import Any

import numpy as np


def rmse(sr: np.ndarray[Any, Any], hr: np.ndarray[Any, Any]) -> float:
    """Root mean square difference, reflectance, over all values that are finite in both; same shapes."""
    both = np.isfinite(sr) & np.isfinite(hr)
    return math.sqrt(np.square(sr[both].astype(np.float64) - hr[both]).mean())


def psnr(sr: np.ndarray[Any, Any], hr: np.ndarray[Any, Any], peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio, dB, over all values that are finite in both.

    Args:
        sr: reflectance, any shape.
        hr: the same shape.
        peak: reflectance that counts as full scale; state it with the figure, since scaling data to 0..0.3 and leaving
            the peak at 1 adds 10.46 dB.
    """
    error = rmse(sr, hr)
    return math.inf if error == 0 else 20 * math.log10(peak / error)
