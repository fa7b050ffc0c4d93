"""Whether an uncertainty says how far off a result is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from rs_srgan.models.uncertainty import HALF_WIDTH_PER_SCALE, INTERVAL_SHARE
from rs_srgan.pixels.radiometry import FloatImage

# Equally many pixels in each, sorted by their half-widths.
BINS = 10


@dataclass(frozen=True)
class Calibration:
    """How half-widths of 80 % intervals compare with errors.

    Attributes:
        coverage: share of the pixels whose error is within its half-width; 0.8 is right.
        rank: Spearman's rank correlation of half-widths and errors over all pixels and bands.
        rank_within_bands: mean of that of each band by itself: some bands are easier than others.
        rank_if_exact: what `rank` would be of errors drawn by these half-widths: who knows how large errors will be
            on the average knows little of each, the less the more the half-widths are alike.
        predicted: mean half-width, reflectance, of a tenth of the pixels after the other, from sure to unsure.
        observed: the half-width that would have held 80 % of the errors of that tenth.
    """

    coverage: float
    rank: float
    rank_within_bands: float
    rank_if_exact: float
    predicted: tuple[float, ...]
    observed: tuple[float, ...]

    @classmethod
    def measure(cls, errors: FloatImage, half_widths: FloatImage) -> "Calibration":
        """Of absolute errors and half-widths, (C, ...) each, reflectance; NaN in either does not count.

        Raises:
            ValueError: fewer than BINS pixels that count.
        """
        errors, half_widths = errors.reshape(len(errors), -1), half_widths.reshape(len(errors), -1)
        known = np.isfinite(errors + half_widths).all(0)
        if known.sum() < BINS:
            raise ValueError(f"{known.sum()} pixels can be compared; expected at least {BINS}.")
        errors, half_widths = errors[:, known], half_widths[:, known]
        bins = np.array_split(np.argsort(half_widths, axis=None), BINS)
        return cls(
            coverage=float((errors <= half_widths).mean()),
            rank=_rank(errors, half_widths),
            rank_within_bands=float(np.mean([_rank(*pair) for pair in zip(errors, half_widths, strict=True)])),
            rank_if_exact=_rank(_laplace(half_widths), half_widths),
            predicted=tuple(float(half_widths.ravel()[each].mean()) for each in bins),
            observed=tuple(float(np.quantile(errors.ravel()[each], INTERVAL_SHARE)) for each in bins),
        )

    def to_json(self) -> dict[str, Any]:
        """Rounded, for `json.dumps`."""
        return {
            name: [float(f"{each:.4g}") for each in value] if isinstance(value, tuple) else round(value, 4)
            for name, value in vars(self).items()
        }


def factors(errors: Sequence[FloatImage], half_widths: Sequence[FloatImage]) -> FloatImage:
    """By what the half-widths of each band have to be multiplied so that 80 % of the errors are within, (C,).

    Args:
        errors: of one image each, absolute, (C, n), reflectance; images count equally.
        half_widths: the same of the half-widths.
    """
    weights = np.concatenate([np.full(error.shape[1], 1 / error.shape[1]) for error in errors])
    ratios = np.concatenate(errors, axis=1) / np.concatenate(half_widths, axis=1)
    return np.array([np.quantile(band, INTERVAL_SHARE, weights=weights, method="inverted_cdf") for band in ratios])


def factors_of_others(
    errors: Sequence[FloatImage], half_widths: Sequence[FloatImage], sites: Sequence[str]
) -> list[FloatImage]:
    """For each image `factors` without those of its own site, by which it can be told whether those hold elsewhere.

    Of a single site there are no others: its own.
    """
    found = {}
    for site in set(sites):
        others = [index for index, other in enumerate(sites) if other != site] or range(len(sites))
        found[site] = factors([errors[index] for index in others], [half_widths[index] for index in others])
    return [found[site] for site in sites]


def _rank(errors: FloatImage, half_widths: FloatImage) -> float:
    return float(spearmanr(errors, half_widths, axis=None).statistic)


def _laplace(half_widths: FloatImage) -> FloatImage:
    """Absolute errors, drawn by their half-widths."""
    return half_widths / HALF_WIDTH_PER_SCALE * np.random.default_rng(0).exponential(size=half_widths.shape)
