"""cPSNR and cSSIM: an SR image and its HR, once their place and brightness are put right."""

from dataclasses import dataclass

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage

# As far as revisits and sensors are off at x4: one LR pixel.
REACH_PX = 4


@dataclass(frozen=True)
class Corrected:
    """Two images that lie on each other.

    Attributes:
        sr: reflectance, (C, H, W), with the brightness of `hr`.
        hr: the part of HR that it fits best.
        rows: pixels that the content of SR lies further down than HR's.
        cols: pixels that it lies further right.
    """

    sr: FloatImage
    hr: FloatImage
    rows: int
    cols: int


def corrected(sr: FloatImage, hr: FloatImage) -> Corrected:
    """Find where in HR an SR fits best, and take the mean difference out of every band.

    All shifts by whole pixels of up to REACH_PX are tried; the one with the smallest squared error wins. PSNR and SSIM
    of what comes back are cPSNR and cSSIM.

    Args:
        sr: reflectance, (C, H, W); NaN where there is no data.
        hr: the same and REACH_PX more on every side, (C, H + 2 REACH_PX, W + 2 REACH_PX): all shifts are judged by the
            same pixels of SR.

    Raises:
        ValueError: other shapes.

    Source: Märtens et al. 2019, the Proba-V challenge; there up to 3 pixels at x3.
    """
    if hr.shape != (sr.shape[0], sr.shape[1] + 2 * REACH_PX, sr.shape[2] + 2 * REACH_PX):
        raise ValueError(f"SR is {sr.shape}, HR {hr.shape}; expected {2 * REACH_PX} rows and columns more.")
    steps = sorted(range(-REACH_PX, REACH_PX + 1), key=abs)  # of equal ones the smallest shift
    rows, cols = min(((row, col) for row in steps for col in steps), key=lambda at: _variance(sr, hr, *at))
    part = _window(hr, rows, cols)
    bias = np.nanmean(part.astype(np.float64) - sr, (1, 2), keepdims=True)
    return Corrected((sr + bias).astype(np.float32), part, rows, cols)


def _window(hr: FloatImage, rows: int, cols: int) -> FloatImage:
    """What SR shows of HR if it is off by so much."""
    top, left = REACH_PX - rows, REACH_PX - cols
    part: FloatImage = hr[:, top : hr.shape[1] - 2 * REACH_PX + top, left : hr.shape[2] - 2 * REACH_PX + left]
    return part


def _variance(sr: FloatImage, hr: FloatImage, rows: int, cols: int) -> float:
    """Of the difference, every band's mean taken out, if SR is off by so much."""
    difference = sr - _window(hr, rows, cols)
    known = np.isfinite(difference)
    difference[~known] = 0
    count = known.sum((1, 2))
    total = difference.sum((1, 2), dtype=np.float64)
    squares = np.einsum("chw,chw->c", difference, difference, dtype=np.float64)
    return float((squares - total**2 / np.maximum(count, 1)).sum() / max(1, count.sum()))
