"""SSIM, SAM and ERGAS by torchmetrics, for images with holes."""

import math

import numpy as np
import torch
from scipy.ndimage import minimum_filter
from torch import Tensor
from torchmetrics.functional.image import (
    error_relative_global_dimensionless_synthesis,
    spectral_angle_mapper,
    structural_similarity_index_measure,
)

from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.pixels.radiometry import FloatImage, Mask

# Side of SSIM's Gaussian window, whose standard deviation is 1.5 pixels. Wang et al. 2004.
_WINDOW_PX = 11


def ssim(sr: FloatImage, hr: FloatImage, peak: float = 1.0) -> float:
    """Compute the structural similarity, at most 1.

    It is the mean over the bands and over the windows of 11 x 11 pixels that have no hole.

    Args:
        sr: SR, reflectance, (C, H, W); NaN where there is no data.
        hr: HR, reflectance, the same shape; NaN where there is no data.
        peak: reflectance that counts as full scale. The constants of the index grow with it. With a peak of 1 they
            dominate where the contrast is low, and the index is close to 1 there.

    Returns:
        SSIM; NaN if every window has a hole.

    Source: Wang et al. 2004.
    """
    valid = known(sr, hr)
    whole = minimum_filter(valid.astype(np.uint8), _WINDOW_PX, mode="constant", cval=0) > 0
    if not whole.any():
        return math.nan
    one, other = (torch.from_numpy(np.where(valid, image, np.float32(0)))[None] for image in (sr, hr))
    _, index = structural_similarity_index_measure(one, other, data_range=peak, return_full_image=True)
    return float(index[0].numpy()[:, whole].mean())


def sam_degrees(sr: FloatImage, hr: FloatImage) -> float:
    """Compute the spectral angle, degrees: the mean over the pixels that hold data in all bands and are not black.

    Args:
        sr: SR, reflectance, (C, H, W); NaN where there is no data.
        hr: HR, reflectance, the same shape; NaN where there is no data.

    Returns:
        angle, degrees; NaN for a single band, which has no angle, and if no pixel counts.

    Source: Kruse et al. 1993.
    """
    valid = known(sr, hr) & (sr != 0).any(0) & (hr != 0).any(0)
    if len(sr) < 2 or not valid.any():
        return math.nan
    # float64: next to 1 the arc cosine of a float32 is off by 0.02 degrees
    return math.degrees(float(spectral_angle_mapper(_pixels(sr, valid), _pixels(hr, valid))))


def ergas(sr: FloatImage, hr: FloatImage, scale: int) -> float:
    """Compute the relative global error: 100 / scale * sqrt(mean over the bands of (RMSE / mean of HR)^2).

    Args:
        sr: SR, reflectance, (C, H, W); NaN where there is no data.
        hr: HR, reflectance, the same shape; NaN where there is no data.
        scale: scale of the super-resolution: 2, 4 or 8.

    Returns:
        ERGAS, 0 for equal images; NaN if no pixel holds data in all bands.

    Source: Wald 2000.
    """
    valid = known(sr, hr)
    if not valid.any():
        return math.nan
    return float(error_relative_global_dimensionless_synthesis(_pixels(sr, valid), _pixels(hr, valid), ratio=scale))


def _pixels(image: FloatImage, valid: Mask) -> Tensor:
    """Return the valid pixels in a row, (1, C, pixels, 1), float64."""
    return torch.from_numpy(image[:, valid].astype(np.float64))[None, :, :, None]
