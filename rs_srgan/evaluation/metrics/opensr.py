"""The metrics of opensr-test: consistency of a result with its input, and correctness of the detail that it adds.

Source of all formulas: Aybar et al. 2024, "A Comprehensive Benchmark for Optical Remote Sensing Image
Super-Resolution", and opensr-test 1.3 with its default options, pixel by pixel. Two steps differ, because shifts are
small here. `find_shift` finds shifts instead of a phase correlation in steps of 0.02 pixels. A cubic spline moves
images instead of linear interpolation, which would blur them. Pixels without data do not count.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F

from rs_srgan.evaluation.metrics.masks import filled, known, known_coarse
from rs_srgan.pixels.radiometry import FloatImage, match_histogram
from rs_srgan.registration.shift import find_shift

# Classes of pixels in `Correctness.classes`.
IMPROVEMENT, OMISSION, HALLUCINATION, NOT_JUDGED = 0, 1, 2, -1

_LARGEST_SHIFT_PX = 5.0
# Images are not moved by less: `find_shift` is not more accurate.
_LEAST_SHIFT_PX = 0.01
# Only pixels with distances above this quantile are judged: where LR and HR are alike, there is nothing to improve.
_JUDGED_ABOVE = 0.75
# Curvature of the borders between the three classes, one value for all, and temperature of the softmin.
_BEND, _TEMPERATURE = 0.05, 0.25
_SPATIAL_BANDS = 3
_EPSILON = 1e-8


@dataclass(frozen=True)
class Consistency:
    """Differences between a result and its input, both on the LR grid.

    Attributes:
        reflectance: mean absolute difference, reflectance. The target is the value of HR, not 0: a sensor does not see
            plain averages of fine pixels.
        spectral_deg: mean spectral angle, degrees; NaN for a single band.
        spatial_px: length of the shift between them, LR pixels.
    """

    reflectance: float
    spectral_deg: float
    spatial_px: float


@dataclass(frozen=True)
class Correctness:
    """Classes of the detail that a result adds to LR. The three shares add up to 1; read them together.

    A perfect result scores 0.96, 0.02 and 0.02. Enlarged LR scores 0.02, 0.96 and 0.02.

    Attributes:
        improvement: share of the detail that is closer to HR than LR is, 0 to 1.
        omission: share of the detail that is still like LR, 0 to 1.
        hallucination: share of the detail that is like neither, 0 to 1.
        classes: the largest of the three at each pixel, (H, W): IMPROVEMENT, OMISSION, HALLUCINATION or NOT_JUDGED.
    """

    improvement: float
    omission: float
    hallucination: float
    classes: np.ndarray[Any, np.dtype[np.int8]]


def consistency(lr: FloatImage, sr: FloatImage, scale: int) -> Consistency:
    """Compare `sr`, brought to the LR grid by antialiased bilinear interpolation, with `lr`.

    Args:
        lr: LR, reflectance, (C, h, w); NaN where there is no data.
        sr: SR, reflectance, (C, h * scale, w * scale); NaN where there is no data.
        scale: scale of the super-resolution: 2, 4 or 8.
    """
    fine = torch.from_numpy(np.ascontiguousarray(filled(sr)))[None]
    seen = F.interpolate(fine, scale_factor=1 / scale, mode="bilinear", antialias=True)[0].numpy()
    valid = known(lr) & known_coarse(known(sr), scale, reach=1)  # an LR pixel sees half of the next one
    a, b = lr[:, valid].astype(np.float64), seen[:, valid].astype(np.float64)
    norm = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    angles = np.degrees(np.arccos(np.clip((a * b).sum(0)[norm > 0] / norm[norm > 0], -1, 1)))
    shift = find_shift(
        lr[:_SPATIAL_BANDS].mean(0), seen[:_SPATIAL_BANDS].mean(0), valid, valid, largest_px=_LARGEST_SHIFT_PX
    )
    return Consistency(
        reflectance=float(np.abs(a - b).mean()) if valid.any() else np.nan,
        spectral_deg=float(angles.mean()) if len(lr) > 1 and angles.size else np.nan,
        spatial_px=float(np.hypot(shift.rows, shift.cols)) if shift.confidence > 0 else np.nan,
    )


def enlarged(lr: FloatImage, scale: int) -> FloatImage:
    """Enlarge LR, (C, h, w), to the HR grid, (C, h * scale, w * scale), by bilinear interpolation.

    Detail is measured relative to this image.
    """
    image = torch.from_numpy(np.ascontiguousarray(filled(lr)))[None]
    larger: FloatImage = F.interpolate(image, scale_factor=float(scale), mode="bilinear")[0].numpy()
    return larger


def harmonised(sr: FloatImage, hr: FloatImage) -> FloatImage:
    """Give SR the histogram of HR, band by band, and move it onto HR, by at most 5 pixels.

    So differences of brightness and position, which other figures measure, do not count as invented detail.
    """
    toned = match_histogram(sr, hr)
    shift = find_shift(hr.mean(0), toned.mean(0), largest_px=_LARGEST_SHIFT_PX)
    if np.hypot(shift.rows, shift.cols) < _LEAST_SHIFT_PX:
        return toned
    off = (-shift.rows, -shift.cols)
    moved = np.stack([ndimage.shift(band, off, order=3, mode="nearest") for band in filled(toned)])
    whole = ndimage.shift(known(toned).astype(np.float32), off, order=1, mode="nearest") > 0.99
    result: FloatImage = np.where(whole, moved, np.nan).astype(np.float32)
    return result


def synthesis(lr_enlarged: FloatImage, sr_harmonised: FloatImage) -> float:
    """Compute the amount of detail that was added, right or wrong: the mean absolute difference, reflectance."""
    difference = np.abs(sr_harmonised - lr_enlarged)
    return float(difference[np.isfinite(difference)].mean(dtype=np.float64))


def correctness(lr_enlarged: FloatImage, sr_harmonised: FloatImage, hr: FloatImage) -> Correctness:
    """Judge the detail that was added.

    The distance of two images is `d(x, y) = |x - y| / |x + y|`, mean over the bands. Three distances count: LR to HR,
    SR to HR, and SR to LR. A pixel is judged where any of them is above the 75th percentile of the distance LR to HR.
    There the distances of SR are divided by the distance LR to HR.

    Args:
        lr_enlarged: LR from `enlarged`, reflectance, (C, H, W).
        sr_harmonised: SR from `harmonised`, reflectance, the same shape; NaN where there is no data.
        hr: HR, reflectance, the same shape; NaN where there is no data.
    """
    reference, to_hr, to_lr = (
        _distance(x, y) for x, y in ((lr_enlarged, hr), (sr_harmonised, hr), (sr_harmonised, lr_enlarged))
    )
    valid = np.isfinite(reference + to_hr + to_lr)
    values = np.sort(reference[valid])
    least = values[int(_JUDGED_ABOVE * values.size) - 1]
    judged = valid & ((reference > least) | (to_hr > least) | (to_lr > least))
    floor = np.maximum(reference[judged], np.finfo(np.float64).tiny ** 0.5)
    d_im, d_om = to_hr[judged] / floor, to_lr[judged] / floor
    bend = 1 - np.exp(-_BEND * (d_im + d_om - 1))
    away = np.stack([d_im + d_om * bend, d_om + d_im * bend, np.exp(-_BEND * d_im * d_om)])
    near = np.exp(-away / _TEMPERATURE)
    near /= near.sum(0)
    classes = np.full(hr.shape[1:], NOT_JUDGED, np.int8)
    classes[judged] = near.argmax(0)
    improvement, omission, hallucination = near.mean(1).tolist() if judged.any() else (np.nan,) * 3
    return Correctness(improvement, omission, hallucination, classes)


def _distance(x: FloatImage, y: FloatImage) -> np.ndarray[Any, np.dtype[np.float64]]:
    distance: np.ndarray[Any, np.dtype[np.float64]] = (
        np.abs(x.astype(np.float64) - y) / np.abs(x.astype(np.float64) + y + _EPSILON)
    ).mean(0)
    return distance
