"""SSIM, SAM and ERGAS by torchmetrics, of images with holes."""

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

# Of SSIM's Gaussian window with a standard deviation of 1.5 pixels. Wang et al. 2004.
_WINDOW_PX = 11


def ssim(sr: FloatImage, hr: FloatImage, peak: float = 1.0) -> float:
    """Structural similarity, at most 1; mean over the windows of 11 x 11 pixels that hold no hole, and over the bands.

    Args:
        sr: reflectance, (C, H, W); NaN where there is no data.
        hr: the same shape.
        peak: reflectance that counts as full scale. Its constants grow with it: at 1, twice the contrast of a normal
            land surface, they dominate in calm places and the index is close to 1.

    Returns:
        NaN where no window is whole.

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
    """Spectral angle, degrees: mean over the pixels that hold data in all bands and are not black.

    Args:
        sr: reflectance, (C, H, W); NaN where there is no data.
        hr: the same shape.

    Returns:
        NaN for a single band, which has no angle, and where no pixel counts.

    Source: Kruse et al. 1993.
    """
    valid = known(sr, hr) & (sr != 0).any(0) & (hr != 0).any(0)
    if len(sr) < 2 or not valid.any():
        return math.nan
    # float64: next to 1 the arc cosine of a float32 is off by 0.02 degrees
    return math.degrees(float(spectral_angle_mapper(_pixels(sr, valid), _pixels(hr, valid))))


def ergas(sr: FloatImage, hr: FloatImage, scale: int) -> float:
    """Relative global error: 100 / scale * sqrt(mean over the bands of (RMSE / mean of HR)^2); 0 is perfect.

    Args:
        sr: reflectance, (C, H, W); NaN where there is no data.
        hr: the same shape.
        scale: of the super-resolution.

    Returns:
        NaN where no pixel holds data in all bands.

    Source: Wald 2000.
    """
    valid = known(sr, hr)
    if not valid.any():
        return math.nan
    return float(error_relative_global_dimensionless_synthesis(_pixels(sr, valid), _pixels(hr, valid), ratio=scale))


def _pixels(image: FloatImage, valid: Mask) -> Tensor:
    """Those that count, in a row: (1, C, pixels, 1), in float64."""
    return torch.from_numpy(image[:, valid].astype(np.float64))[None, :, :, None]
