"""RMSE and PSNR, of reflectance."""

import math
from typing import Any

import numpy as np


def rmse(sr: np.ndarray[Any, Any], hr: np.ndarray[Any, Any]) -> float:
    """Compute the root mean square difference, reflectance, over all values that are finite in both images.

    Args:
        sr: SR, reflectance, any shape.
        hr: HR, reflectance, the same shape.
    """
    both = np.isfinite(sr) & np.isfinite(hr)
    return math.sqrt(np.square(sr[both].astype(np.float64) - hr[both]).mean())


def psnr(sr: np.ndarray[Any, Any], hr: np.ndarray[Any, Any], peak: float = 1.0) -> float:
    """Compute the peak signal-to-noise ratio, dB, over all values that are finite in both images.

    Args:
        sr: SR, reflectance, any shape.
        hr: HR, reflectance, the same shape.
        peak: reflectance that counts as full scale. State it with the figure: with data in 0 to 0.3, a peak of 1 gives
            10.46 dB more than a peak of 0.3.

    Returns:
        PSNR, dB; infinity for equal images.
    """
    error = rmse(sr, hr)
    return math.inf if error == 0 else 20 * math.log10(peak / error)
