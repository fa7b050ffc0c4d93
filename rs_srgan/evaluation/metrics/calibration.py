"""Calibration of uncertainties: how half-widths compare with errors, and by what they have to be multiplied."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from rs_srgan.figures.calibration import BINS, Calibration
from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE, INTERVAL_SHARE
from rs_srgan.pixels.radiometry import FloatImage


def calibrate(errors: FloatImage, half_widths: FloatImage) -> Calibration:
    """Compare half-widths with errors.

    Args:
        errors: absolute errors, reflectance, (C, ...); NaN for pixels that do not count.
        half_widths: half-widths of 80 % intervals, reflectance, the same shape; NaN for pixels that do not count.

    Raises:
        ValueError: fewer than BINS pixels count.
    """
    errors, half_widths = errors.reshape(len(errors), -1), half_widths.reshape(len(errors), -1)
    known = np.isfinite(errors + half_widths).all(0)
    if known.sum() < BINS:
        raise ValueError(f"{known.sum()} pixels can be compared; expected at least {BINS}.")
    errors, half_widths = errors[:, known], half_widths[:, known]
    bins = np.array_split(np.argsort(half_widths, axis=None), BINS)
    return Calibration(
        coverage=float((errors <= half_widths).mean()),
        rank=_rank(errors, half_widths),
        rank_within_bands=float(np.mean([_rank(*pair) for pair in zip(errors, half_widths, strict=True)])),
        rank_if_exact=_rank(_laplace(half_widths), half_widths),
        predicted=tuple(float(half_widths.ravel()[each].mean()) for each in bins),
        observed=tuple(float(np.quantile(errors.ravel()[each], INTERVAL_SHARE)) for each in bins),
    )


def factors(errors: Sequence[FloatImage], half_widths: Sequence[FloatImage]) -> FloatImage:
    """Compute the factor for each band by which half-widths hold 80 % of the errors once they are multiplied.

    Args:
        errors: absolute errors, reflectance, (C, n) for each image; images count equally, whatever their n.
        half_widths: half-widths, reflectance, of the same shapes.

    Returns:
        factors, (C,).
    """
    weights = np.concatenate([np.full(error.shape[1], 1 / error.shape[1]) for error in errors])
    ratios = np.concatenate(errors, axis=1) / np.concatenate(half_widths, axis=1)
    return np.array([_weighted_quantile(band, weights, INTERVAL_SHARE) for band in ratios])


def factors_of_others(
    errors: Sequence[FloatImage], half_widths: Sequence[FloatImage], sites: Sequence[str]
) -> list[FloatImage]:
    """Compute `factors` for each image from the images of all other sites.

    These tell whether factors hold at sites that they were not computed from.

    Args:
        errors: absolute errors, see `factors`.
        half_widths: half-widths, see `factors`.
        sites: the site of each image. If all images are of one site, its own images are used.

    Returns:
        factors for each image, (C,).
    """
    found = {}
    for site in set(sites):
        others = [index for index, other in enumerate(sites) if other != site] or range(len(sites))
        found[site] = factors([errors[index] for index in others], [half_widths[index] for index in others])
    return [found[site] for site in sites]


def _rank(errors: FloatImage, half_widths: FloatImage) -> float:
    return float(spearmanr(errors, half_widths, axis=None).statistic)


def _laplace(half_widths: FloatImage) -> FloatImage:
    """Draw absolute errors from the Laplace distributions that have these half-widths."""
    return half_widths / HALF_WIDTH_PER_SCALE * np.random.default_rng(0).exponential(size=half_widths.shape)


def _weighted_quantile(values: FloatImage, weights: FloatImage, share: float) -> np.floating[Any]:
    """Return the least value that this share of the weight lies at or below; numpy has it since 2.0 only."""
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    found: np.floating[Any] = values[order][np.searchsorted(summed, share * summed[-1])]
    return found
