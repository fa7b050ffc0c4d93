"""NoData: fill it before a network runs, so that it does not change neighbouring pixels or make them NaN."""

import math
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

FloatImage = np.ndarray[Any, np.dtype[np.float32]]


def fill_reach(receptive_field: int) -> int:
    """Return how far from a nodata pixel to look for a valid one, pixels.

    A nodata pixel farther than this from every valid pixel cannot influence a valid one.

    Args:
        receptive_field: receptive field of the model, pixels to each side.
    """
    return math.ceil(receptive_field * math.sqrt(2))


def fill_from_nearest(image: FloatImage, valid: np.ndarray[Any, np.dtype[np.bool_]], reach: int) -> FloatImage:
    """Replace invalid pixels by the nearest valid pixel of the same band, and by 0 if none is within `reach`.

    Because of this limit, the values in a window depend only on the window and `reach` pixels around it, and not on how
    much of the scene is in memory.

    Args:
        image: reflectance, (C, H, W).
        valid: which pixels are valid, (C, H, W).
        reach: largest distance of the valid pixel, pixels.

    Returns:
        the filled image, (C, H, W): a copy, or `image` itself if all pixels are valid.
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
