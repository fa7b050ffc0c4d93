"""Accuracy: the few figures that stand for a model in lists of models."""

import math
from dataclasses import dataclass

from rs_srgan.errors import InputError
from rs_srgan.figures.metrics import Metrics
from rs_srgan.figures.scores import METHODS, compared
from rs_srgan.figures.tracks import TRACK_METHODS, VIEWS

# The titles of the methods.
TITLES: dict[str, str] = {key: title for titles in (TRACK_METHODS, METHODS) for key, title in titles.items()}


@dataclass(frozen=True)
class Accuracy:
    """PSNR of a model and of methods without learning, at sites that training did not use.

    Attributes:
        psnr_db: mean over the sites, dB, peak reflectance 1, by method: bicubic first, the baseline before the last,
            the model last. The baseline is the best method without learning that sees the model's input.
        gain_range_db: the least and the greatest gain over the baseline at a site, dB; NaN if not measured.
    """

    psnr_db: dict[str, float]
    gain_range_db: tuple[float, float] = (math.nan, math.nan)

    @property
    def model_db(self) -> float:
        """PSNR of the model, dB."""
        return self.psnr_db["model"]

    @property
    def baseline(self) -> str:
        """Title of the baseline."""
        return TITLES[list(self.psnr_db)[-2]]

    @property
    def over_bicubic_db(self) -> float:
        """Gain over bicubic, dB."""
        return self.psnr_db["model"] - self.psnr_db["bicubic"]

    @property
    def gain_db(self) -> float:
        """Gain over the baseline, dB."""
        return self.psnr_db["model"] - list(self.psnr_db.values())[-2]


def accuracy_of(metrics: Metrics) -> Accuracy:
    """Return the figures that stand for a model.

    They are of the first group of sites that has HR. For models for several revisits, they are of track A, with VIEWS
    views, as many as the model gets.

    Args:
        metrics: the model's figures.

    Raises:
        InputError: there are no figures with HR.
    """
    if metrics.tracks:
        track = metrics.tracks["A"].mean
        return Accuracy({method: track[method][VIEWS] for method in TRACK_METHODS})
    group = next(iter(metrics.referenced.values()), None)
    if group is None:
        raise InputError("The figures are all of images without HR; expected a group with HR. Evaluate on HR images.")
    return Accuracy({each: group.mean[each].psnr_db for each in compared(group.mean)}, group.gain_range_db)
