"""Pixels without data must not bleed into their neighbours, nor make them NaN."""

import math
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

FloatImage = np.ndarray[Any, np.dtype[np.float32]]


def fill_reach(receptive_field: int) -> int:
    """How far to look for a valid pixel: the farthest that a pixel which matters to a valid one can be from it."""
    return math.ceil(receptive_field * math.sqrt(2))


def fill_from_nearest(image: FloatImage, valid: np.ndarray[Any, np.dtype[np.bool_]], reach: int) -> FloatImage:
    """Replace what is not valid by the nearest valid pixel of the same band, and by 0 where none is within `reach`.

    The limit makes the result independent of how much of the scene is seen at once: a window and `reach` pixels around
    it decide everything in it.

    Args:
        image: (C, H, W).
        valid: (C, H, W), True = usable.
        reach: pixels.

    Returns:
        (C, H, W), a copy; `image` itself where everything is valid.
    """
    if valid.all():
        return image
    filled = image.copy()
    for band, band_valid in enumerate(valid):
        if not band_valid.any():
            filled[band] = 0
        elif not band_valid.all():
            distance, (rows, cols) = distance_transform_edt(~band_valid, return_indices=True)
            filled[band] = np.where(distance <= reach, image[band][rows, cols], 0)
    return filled
