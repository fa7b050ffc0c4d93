"""Comparison of a run with its start and with methods without learning, by place: whether training helped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from train.validation import ImageFigures


@dataclass(frozen=True)
class PlaceFigures:
    """PSNR at one place, dB, mean of its images.

    Attributes:
        model: that of the model.
        baseline: that of back-projected bicubic, or of MTF-GLP for models with a guide.
        bicubic: that of bicubic enlargement.
    """

    model: float
    baseline: float
    bicubic: float


def by_place(figures: Iterable[ImageFigures]) -> dict[str, PlaceFigures]:
    """Return the figures of each place with data."""
    places: dict[str, list[list[float]]] = {}
    for each in figures:
        if np.isfinite(each.figures[0]):
            places.setdefault(each.site, []).append(each.figures[:3])
    return {site: PlaceFigures(*np.mean(images, 0).tolist()) for site, images in places.items()}


def gains(now: Mapping[str, PlaceFigures], before: Mapping[str, float]) -> dict[str, float]:
    """Return how much better the model is than before, dB, at the places that were measured both times."""
    return {site: now[site].model - before[site] for site in now if site in before}


def verdict(found: Mapping[str, float], before: str, remedy: str = "Keep the model you had.") -> str:
    """Return one or two sentences for people: whether a model is better than before, and where it is worse.

    Args:
        found: gain at each place, dB.
        before: name of what it is compared with.
        remedy: sentence for a model that is not better.
    """
    if not found:
        return "No validation place was measured before and after the run."
    mean, worst = float(np.mean(list(found.values()))), min(found, key=lambda site: found[site])
    where = f"{len(found)} validation place{'s' if len(found) > 1 else ''}"
    least = f"worst: {worst}, {found[worst]:+.2f} dB"
    if mean <= 0:
        return f"Not better than {before}: {mean:+.2f} dB on average of {where} ({least}). {remedy}"
    losing = sum(gain < 0 for gain in found.values())
    where += f", but worse at {losing} of them" if losing else ""
    return f"Better than {before} by {mean:.2f} dB on average of {where} ({least})."
