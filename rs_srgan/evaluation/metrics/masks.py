"""Where images hold data."""

import numpy as np
from scipy.ndimage import minimum_filter

from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask


def known(*images: FloatImage) -> Mask:
    """Where all of the images, (C, H, W), hold data in all their bands: (H, W)."""
    mask: Mask = np.logical_and.reduce([np.isfinite(band) for image in images for band in image])
    return mask


def known_coarse(mask: Mask, scale: int, reach: int) -> Mask:
    """LR pixels, (h, w), whose own fine pixels, and those of neighbours up to `reach`, are all in `mask`, (H, W)."""
    height, width = mask.shape
    blocks = np.logical_and.reduce(mask.reshape(height // scale, scale, width // scale, scale), axis=(1, 3))
    eroded: Mask = minimum_filter(blocks, 2 * reach + 1, mode="nearest")
    return eroded


def filled(image: FloatImage) -> FloatImage:
    """An image (C, H, W) without holes: each from the nearest pixel with data, however far."""
    return fill_from_nearest(image, np.isfinite(image), max(image.shape))
