"""All figures of one image, for the model, the baselines and HR itself."""

import math
from dataclasses import replace

import numpy as np

from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.metrics import opensr
from rs_srgan.evaluation.metrics.calibration import calibrate
from rs_srgan.evaluation.metrics.corrected import REACH_PX, corrected
from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.evaluation.metrics.psnr import psnr, rmse
from rs_srgan.evaluation.metrics.sensor import seen_again, tile_difference
from rs_srgan.evaluation.metrics.similarity import ergas, sam_degrees, ssim
from rs_srgan.evaluation.metrics.spectrum import (
    FREQUENCIES,
    SMALLEST_PX,
    resolved,
    ring_correlation,
    spectrum_db,
    without_holes,
)
from rs_srgan.evaluation.protocol import BORDER_HR_PX, inner, restore
from rs_srgan.evaluation.scored import Scored
from rs_srgan.figures.scores import Method, Scores
from rs_srgan.models import SISR
from rs_srgan.pixels.radiometry import FloatImage


def score(model: SISR, case: Case) -> Scored:
    """Restore an image by every method and measure each result.

    The outermost BORDER_HR_PX pixels do not count. Without HR only some figures exist: the agreement with LR, the
    spectrum relative to bicubic, and the difference between tiles and the whole.

    Args:
        model: a model in evaluation mode.
        case: the image.
    """
    restored = restore(model, case.lr, case.mtf_nyquist, case.guide)
    images: dict[Method, FloatImage] = {
        "bicubic": restored.bicubic,
        "back_projection": restored.back_projection,
    }
    if restored.glp is not None:
        images["glp"] = restored.glp
    images["model"] = restored.model
    if case.hr is not None:
        images["hr"] = case.hr
    scores: dict[Method, Scores] = {}
    classes = None
    for method, image in images.items():
        figures = _with_input(case, image, model.scale)
        if method == "model" and case.hr is None:
            figures = replace(figures, tiles=tile_difference(model, image, case.lr, case.guide))
        if case.hr is None:
            figures = replace(figures, spectrum_db=_levels(inner(image), inner(restored.bicubic)))
        elif method != "hr":
            figures, judged = _with_reference(figures, case.lr, inner(image), case.hr, model.scale)
            if method == "model" and model.uncertainty is not None:
                figures = _with_uncertainty(figures, model, case, np.abs(image - case.hr))
            classes = np.pad(judged.classes, BORDER_HR_PX, constant_values=opensr.NOT_JUDGED)  # the model's come last
        scores[method] = figures
    return Scored(case, restored, scores, seen_again(restored.model, model.scale, case.mtf_nyquist), classes)


def _with_uncertainty(scores: Scores, model: SISR, case: Case, errors: FloatImage) -> Scores:
    """Add the figures that compare the model's uncertainty with its absolute errors, (C, H, W)."""
    _, half_width = model.predict_with_uncertainty(case.lr, case.guide, progress=False)
    found = calibrate(inner(errors), inner(half_width))
    return replace(scores, coverage=found.coverage, rank=found.rank)


def _with_input(case: Case, sr: FloatImage, scale: int) -> Scores:
    """Compute the figures that compare SR with LR."""
    border = BORDER_HR_PX // scale
    lr, seen = inner(case.lr, border), inner(seen_again(sr, scale, case.mtf_nyquist), border)
    difference = np.abs(seen - lr)
    consistency = opensr.consistency(lr, inner(sr), scale)
    return Scores(
        reflectance=consistency.reflectance,
        spectral_deg=consistency.spectral_deg,
        spatial_px=consistency.spatial_px,
        sensor=float(np.nanmean(difference)) if known(difference).any() else math.nan,
        sensor_frc=min(_rings(seen, lr)),
    )


def _with_reference(
    scores: Scores, lr: FloatImage, sr: FloatImage, whole_hr: FloatImage, scale: int
) -> tuple[Scores, opensr.Correctness]:
    """Add the figures that compare the counted part of SR with HR."""
    hr = inner(whole_hr)
    best = corrected(sr, inner(whole_hr, BORDER_HR_PX - REACH_PX))
    lr_enlarged = opensr.enlarged(inner(lr, BORDER_HR_PX // scale), scale)
    harmonised = opensr.harmonised(sr, hr)
    judged = opensr.correctness(lr_enlarged, harmonised, hr)
    frc = _rings(best.sr, best.hr)  # without the correction, an image that is off by a pixel would not correlate
    scores = replace(
        scores,
        psnr_db=psnr(sr, hr),
        rmse=rmse(sr, hr),
        ssim=ssim(sr, hr),
        sam_deg=sam_degrees(sr, hr),
        ergas=ergas(sr, hr, scale),
        cpsnr_db=psnr(best.sr, best.hr),
        cssim=ssim(best.sr, best.hr),
        shift_px=math.hypot(best.rows, best.cols),
        resolved=resolved(frc, FREQUENCIES),
        synthesis=opensr.synthesis(lr_enlarged, harmonised),
        improvement=judged.improvement,
        omission=judged.omission,
        hallucination=judged.hallucination,
        band_psnr_db=tuple(psnr(*pair) for pair in zip(sr, hr, strict=True)),
        spectrum_db=_levels(sr, hr),
        frc=frc,
    )
    return scores, judged


def _levels(sr: FloatImage, reference: FloatImage) -> tuple[float, ...]:
    """Compute `spectrum_db` in the largest square without holes; NaN if that square is too small."""
    whole = (slice(None), *without_holes(known(sr, reference)))
    if min(sr[whole].shape[1:]) < SMALLEST_PX:
        return (math.nan,) * len(FREQUENCIES)
    return tuple(spectrum_db(sr[whole], reference[whole], FREQUENCIES).tolist())


def _rings(sr: FloatImage, reference: FloatImage) -> tuple[float, ...]:
    """Compute `ring_correlation` in the largest square without holes; NaN if that square is too small."""
    whole = (slice(None), *without_holes(known(sr, reference)))
    if min(sr[whole].shape[1:]) < SMALLEST_PX:
        return (math.nan,) * len(FREQUENCIES)
    return tuple(ring_correlation(sr[whole], reference[whole], FREQUENCIES).tolist())
