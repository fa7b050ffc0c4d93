"""Relation of LR to HR in a pair: the blur, shift, gain and offset between them, estimated band by band."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.optimize import least_squares

from rs_srgan.evaluation.metrics.masks import filled, known, known_coarse
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.registration.shift import Shift, find_shift
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, degrade

# Least and greatest MTF that is looked for. Sampling without blur, by nearest neighbour, comes near 1.
MTF_LIMITS = (0.02, 0.95)
# Start of the search.
_USUAL_MTF = 0.3
# Fewer LR pixels determine no relation.
_LEAST_PIXELS = 100
# Standard deviation of the Gaussian that leaves the slow changes, LR pixels.
_SLOW_LR_PX = 3
# Largest shift that `agree` looks for, LR pixels.
_LARGEST_SHIFT_PX = 8
# A band with a smaller standard deviation, reflectance, shows nothing.
_FLAT = 1e-5


@dataclass(frozen=True)
class Relation:
    """What makes a band of LR from HR: `gain * blurred HR + offset`, sampled at a shift.

    Attributes:
        mtf: MTF of the blur between HR and LR at the Nyquist frequency of LR, 0 to 1.
        rows: distance of HR's content below that of LR, LR pixels.
        cols: distance of HR's content right of that of LR, LR pixels.
        gain: factor on HR.
        offset: reflectance that is added.
        correlation: correlation of the detail of LR with what HR predicts, -1 to 1.
        rmse: root mean square difference of LR from what HR predicts, reflectance.
    """

    mtf: float
    rows: float
    cols: float
    gain: float
    offset: float
    correlation: float
    rmse: float


def relate(lr: FloatImage, hr: FloatImage, scale: int) -> list[Relation | None]:
    """Estimate the relation of LR to HR by least squares, for each band alone.

    A first search finds the shift in whole LR pixels, with all bands together.

    Args:
        lr: reflectance, (C, h, w), NaN where there is no data.
        hr: reflectance, (C, h * scale, w * scale), NaN where there is no data.
        scale: 2, 4 or 8.

    Returns:
        one relation per band; None for a band that is flat or has too little data.
    """
    full = hr.reshape(hr.shape[0], lr.shape[1], scale, lr.shape[2], scale).mean((2, 4))
    found = find_shift(_mean(lr), _mean(full))
    whole = np.rint([found.rows, found.cols]).astype(int)
    moved = np.roll(hr, tuple(-whole * scale), (1, 2))
    counts = known(lr) & known_coarse(known(moved), scale, DEGRADE_REACH_LR_PX)
    rim = DEGRADE_REACH_LR_PX + 1 + np.abs(whole)
    counts[: rim[0]] = counts[-rim[0] :] = False
    counts[:, : rim[1]] = counts[:, -rim[1] :] = False
    start = np.clip([found.rows - whole[0], found.cols - whole[1]], -0.9, 0.9)
    return [_band(*each, counts, scale, start, whole) for each in zip(lr, filled(moved), strict=True)]


def agree(lr: FloatImage, hr: FloatImage, scale: int) -> tuple[float, Shift] | None:
    """Return how well LR agrees with HR, quickly: without a fit of the blur, and by whole LR pixels.

    Args:
        lr: reflectance, (C, h, w), NaN where there is no data.
        hr: reflectance, (C, h * scale, w * scale), NaN where there is no data.
        scale: 2, 4 or 8.

    Returns:
        the best correlation of the detail of the bands, at most a little above that of `relate`, and the shift of HR
        against LR, LR pixels; None if all bands are flat or have too little data.
    """
    full = hr.reshape(hr.shape[0], lr.shape[1], scale, lr.shape[2], scale).mean((2, 4))
    largest = min(_LARGEST_SHIFT_PX, min(lr.shape[1:]) // 6)  # else little of a small image would remain
    found = find_shift(_mean(lr), _mean(full), largest_px=largest)
    whole = np.rint([found.rows, found.cols]).astype(int)
    moved = np.roll(full, tuple(-whole), (1, 2))
    counts = known(lr) & known(moved)
    rim = 1 + np.abs(whole)
    counts[: rim[0]] = counts[-rim[0] :] = False
    counts[:, : rim[1]] = counts[:, -rim[1] :] = False
    if counts.sum() < _LEAST_PIXELS:
        return None
    detail = ([_detail(band)[counts] for band in filled(image)] for image in (lr, moved))
    both = [(one, other) for one, other in zip(*detail, strict=True) if min(one.std(), other.std()) >= _FLAT]
    return (max(_correlation(*each) for each in both), found) if both else None


def _mean(image: FloatImage) -> FloatImage:
    mean: FloatImage = image.mean(0)
    return mean


def _band(
    lr: FloatImage, hr: FloatImage, counts: Mask, scale: int, start: FloatImage, whole: np.ndarray[Any, Any]
) -> Relation | None:
    observed = lr[counts].astype(np.float64)
    if len(observed) < _LEAST_PIXELS or observed.std() < _FLAT or hr.std() < _FLAT:
        return None
    fine = torch.from_numpy(np.ascontiguousarray(hr))[None, None]

    def seen(parameters: FloatImage) -> FloatImage:
        mtf, rows, cols = parameters
        image: FloatImage = degrade(fine, scale, torch.tensor([mtf]), torch.tensor([[rows, cols]]))[0, 0].numpy()
        return image

    def residuals(parameters: FloatImage) -> FloatImage:
        gain, offset = np.polyfit(values := seen(parameters)[counts].astype(np.float64), observed, 1)
        return gain * values + offset - observed  # type: ignore[no-any-return]

    solution = least_squares(
        residuals,
        [_USUAL_MTF, *start],
        bounds=([MTF_LIMITS[0], -1, -1], [MTF_LIMITS[1], 1, 1]),
        diff_step=1e-3,
        x_scale=[0.1, 0.1, 0.1],
        xtol=1e-4,
        ftol=1e-6,
        max_nfev=30,
    )
    mtf, rows, cols = (float(value) for value in solution.x)
    best = seen(solution.x)
    gain, offset = (float(value) for value in np.polyfit(best[counts].astype(np.float64), observed, 1))
    correlation = _correlation(np.sign(gain) * _detail(best)[counts], _detail(filled(lr[None])[0])[counts])
    rmse = float(np.sqrt(np.mean(residuals(solution.x) ** 2)))
    return Relation(mtf, rows + float(whole[0]), cols + float(whole[1]), gain, offset, correlation, rmse)


def _detail(image: FloatImage) -> FloatImage:
    """Return an image without its slow changes, by which also images of two places correlate."""
    detail: FloatImage = image - gaussian_filter(image, _SLOW_LR_PX)
    return detail


def _correlation(one: FloatImage, other: FloatImage) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0 and other.std() > 0 else 0.0
