"""Masks of the pixels that hold data."""

import numpy as np
from scipy.ndimage import minimum_filter

from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask


def known(*images: FloatImage) -> Mask:
    """Return the mask, (H, W), of the pixels where all images, (C, H, W), hold data in all their bands."""
    mask: Mask = np.logical_and.reduce([np.isfinite(band) for image in images for band in image])
    return mask


def known_coarse(mask: Mask, scale: int, reach: int) -> Mask:
    """Return the mask, (h, w), of the LR pixels that see valid fine pixels only.

    Args:
        mask: valid fine pixels, (h * scale, w * scale).
        scale: fine pixels along an LR pixel.
        reach: LR pixels; the fine pixels of neighbours up to this distance must be valid as well.
    """
    height, width = mask.shape
    blocks = np.logical_and.reduce(mask.reshape(height // scale, scale, width // scale, scale), axis=(1, 3))
    eroded: Mask = minimum_filter(blocks, 2 * reach + 1, mode="nearest")
    return eroded


def filled(image: FloatImage) -> FloatImage:
    """Fill the holes of an image, (C, H, W), from the nearest pixel with data, at any distance."""
    return fill_from_nearest(image, np.isfinite(image), max(image.shape))
