"""The metrics of opensr-test: is a result consistent with its input, and is what it adds right or made up.

Source of everything here: Aybar et al. 2024, "A Comprehensive Benchmark for Optical Remote Sensing Image
Super-Resolution", and opensr-test 1.3 with its default options, pixel by pixel. Two things are done otherwise, for
images that hardly move: shifts are found by `registration.find_shift` instead of phase correlation in steps of 0.02
pixels, and an image is moved by a cubic spline instead of linearly, which would blur it. Pixels without data do not
count.
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

# What a pixel is, in `Correctness.classes`.
IMPROVEMENT, OMISSION, HALLUCINATION, NOT_JUDGED = 0, 1, 2, -1

_LARGEST_SHIFT_PX = 5.0
# Below what `find_shift` can tell, nothing is moved.
_LEAST_SHIFT_PX = 0.01
# Only the pixels with the largest distances are judged: where nothing differs there is nothing to improve.
_JUDGED_ABOVE = 0.75
# How fast the borders between the three bend, the same for each, and how sharp they are.
_BEND, _TEMPERATURE = 0.05, 0.25
_SPATIAL_BANDS = 3
_EPSILON = 1e-8


@dataclass(frozen=True)
class Consistency:
    """Of a result with its input, both on the LR grid.

    Attributes:
        reflectance: mean absolute difference, reflectance. What the true HR scores is the target, not 0: it is no plain
            average of fine pixels that a sensor sees.
        spectral_deg: mean spectral angle, degrees; NaN for a single band.
        spatial_px: length of the shift between them, LR pixels.
    """

    reflectance: float
    spectral_deg: float
    spatial_px: float


@dataclass(frozen=True)
class Correctness:
    """What a result made of the detail that LR lacks. The three shares add up to 1; read them together.

    A perfect result scores 0.96, 0.02 and 0.02; LR, merely enlarged, 0.02, 0.96 and 0.02.

    Attributes:
        improvement: share: nearer to HR than LR is.
        omission: share: still like LR.
        hallucination: share: like neither.
        classes: (H, W), which of them a pixel mainly is, or NOT_JUDGED.
    """

    improvement: float
    omission: float
    hallucination: float
    classes: np.ndarray[Any, np.dtype[np.int8]]


def consistency(lr: FloatImage, sr: FloatImage, scale: int) -> Consistency:
    """Compare `sr`, brought to the LR grid by antialiased bilinear interpolation, with `lr`.

    Args:
        lr: reflectance, (C, h, w); NaN where there is no data.
        sr: reflectance, (C, h * scale, w * scale); NaN where there is no data.
        scale: of the super-resolution.
    """
    fine = torch.from_numpy(np.ascontiguousarray(filled(sr)))[None]
    seen = F.interpolate(fine, scale_factor=1 / scale, mode="bilinear", antialias=True)[0].numpy()
    valid = known(lr) & known_coarse(known(sr), scale, reach=1)  # into the next LR pixel, of which it sees a half
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
    """LR on the HR grid by bilinear interpolation: what any detail is added to. (C, h, w) to (C, h * s, w * s)."""
    image = torch.from_numpy(np.ascontiguousarray(filled(lr)))[None]
    larger: FloatImage = F.interpolate(image, scale_factor=float(scale), mode="bilinear")[0].numpy()
    return larger


def harmonised(sr: FloatImage, hr: FloatImage) -> FloatImage:
    """SR with the histogram of HR, band by band, and moved to where HR lies, by at most 5 pixels.

    So brightness and position, which other figures measure, do not count as invented detail.
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
    """Mean absolute difference, reflectance: how much detail was added, right or wrong."""
    difference = np.abs(sr_harmonised - lr_enlarged)
    return float(difference[np.isfinite(difference)].mean(dtype=np.float64))


def correctness(lr_enlarged: FloatImage, sr_harmonised: FloatImage, hr: FloatImage) -> Correctness:
    """Judge the detail that was added.

    With the distances `d(x, y) = |x - y| / |x + y|`, mean over the bands, of LR to HR (the reference), SR to HR and SR
    to LR; the latter two divided by the first; judged where any of them, undivided, is above the 75th percentile of
    the first.

    Args:
        lr_enlarged: reflectance, (C, H, W), from `enlarged`.
        sr_harmonised: the same shape, from `harmonised`; NaN where there is no data.
        hr: the same shape; NaN where there is no data.
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
