"""Correction of shift and brightness between an SR image and HR, for cPSNR and cSSIM."""

from dataclasses import dataclass

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage

# Largest shift that is tried, HR pixels. Revisits and sensors are off by up to one LR pixel, 4 HR pixels at x4.
REACH_PX = 4


@dataclass(frozen=True)
class Corrected:
    """An SR image and the part of HR that shows the same place.

    Attributes:
        sr: SR, reflectance, (C, H, W), with the mean of `hr` in every band.
        hr: the part of HR that SR fits best, reflectance, (C, H, W).
        rows: shift of the content of SR against HR, pixels; positive is down.
        cols: shift of the content of SR against HR, pixels; positive is right.
    """

    sr: FloatImage
    hr: FloatImage
    rows: int
    cols: int


def corrected(sr: FloatImage, hr: FloatImage) -> Corrected:
    """Find the part of HR that SR fits best, and remove the mean difference of every band.

    All shifts by whole pixels of up to REACH_PX are tried; the shift with the smallest squared error is taken. The PSNR
    and the SSIM of the result are cPSNR and cSSIM.

    Args:
        sr: SR, reflectance, (C, H, W); NaN where there is no data.
        hr: HR, reflectance, (C, H + 2 REACH_PX, W + 2 REACH_PX): it reaches REACH_PX beyond SR on every side, so that
            all shifts are compared on the same pixels of SR.

    Raises:
        ValueError: the shapes do not fit.

    Source: Märtens et al. 2019, the Proba-V challenge; there up to 3 pixels at x3.
    """
    if hr.shape != (sr.shape[0], sr.shape[1] + 2 * REACH_PX, sr.shape[2] + 2 * REACH_PX):
        raise ValueError(f"SR is {sr.shape}, HR {hr.shape}; expected {2 * REACH_PX} rows and columns more.")
    steps = sorted(range(-REACH_PX, REACH_PX + 1), key=abs)  # among equal errors, min takes the smallest shift
    rows, cols = min(((row, col) for row in steps for col in steps), key=lambda at: _variance(sr, hr, *at))
    part = _window(hr, rows, cols)
    bias = np.nanmean(part.astype(np.float64) - sr, (1, 2), keepdims=True)
    return Corrected((sr + bias).astype(np.float32), part, rows, cols)


def _window(hr: FloatImage, rows: int, cols: int) -> FloatImage:
    """Cut the part of HR that SR shows if it is shifted by so many pixels."""
    top, left = REACH_PX - rows, REACH_PX - cols
    part: FloatImage = hr[:, top : hr.shape[1] - 2 * REACH_PX + top, left : hr.shape[2] - 2 * REACH_PX + left]
    return part


def _variance(sr: FloatImage, hr: FloatImage, rows: int, cols: int) -> float:
    """Compute the variance of the difference, every band by itself, if SR is shifted by so many pixels."""
    difference = sr - _window(hr, rows, cols)
    known = np.isfinite(difference)
    difference[~known] = 0
    count = known.sum((1, 2))
    total = difference.sum((1, 2), dtype=np.float64)
    squares = np.einsum("chw,chw->c", difference, difference, dtype=np.float64)
    return float((squares - total**2 / np.maximum(count, 1)).sum() / max(1, count.sum()))
