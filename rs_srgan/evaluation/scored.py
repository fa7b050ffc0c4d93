"""An evaluated image with its figures, in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.protocol import Restored
from rs_srgan.figures.scores import Method, Scores
from rs_srgan.pixels.radiometry import FloatImage


@dataclass(frozen=True)
class Scored:
    """An image with its figures, and the arrays that pictures show.

    Attributes:
        case: the image that was evaluated.
        restored: the results of all methods.
        scores: the figures, by method.
        seen: the model's result as the sensor would see it, reflectance, (C, h, w).
        classes: the class of each pixel of the model's result, (H, W), see `opensr.Correctness`; None without a
            reference.
    """

    case: Case
    restored: Restored
    scores: dict[Method, Scores]
    seen: FloatImage
    classes: np.ndarray[Any, np.dtype[np.int8]] | None
