"""The sensor model in evaluations: LR from HR, and results as the sensor would see them. Needs no reference."""

import numpy as np
import torch

from rs_srgan.evaluation.metrics.masks import filled, known, known_coarse
from rs_srgan.models import SISR
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, degrade

# Larger tiles would reveal no more differences; smaller tiles spend most of the time on their halo.
_LARGEST_TILE_LR_PX = 125


def simulate(hr: FloatImage, scale: int, mtf_nyquist: tuple[float, ...]) -> FloatImage:
    """Simulate the image that the sensor sees at `scale` times the pixel size, without noise.

    Args:
        hr: reflectance, (C, H, W), H and W multiples of `scale`; NaN where there is no data. Holes are filled from the
            nearest pixels before the blur.
        scale: 2, 4 or 8.
        mtf_nyquist: MTF at the coarse Nyquist frequency, one value per band, in (0, 1).

    Returns:
        reflectance, (C, H / scale, W / scale), finite.
    """
    whole = torch.from_numpy(np.ascontiguousarray(filled(hr)))[None]
    lr: FloatImage = degrade(whole, scale, mtf_nyquist)[0].numpy()
    return lr


def seen_again(sr: FloatImage, scale: int, mtf_nyquist: tuple[float, ...]) -> FloatImage:
    """Simulate the image that the sensor would see of a result.

    See `simulate` for the arguments. LR pixels that depend on a pixel without data are NaN.
    """
    seen = simulate(sr, scale, mtf_nyquist)
    seen[:, ~known_coarse(known(sr), scale, DEGRADE_REACH_LR_PX)] = np.nan
    return seen


def tile_difference(model: SISR, whole: FloatImage, lr: FloatImage, guide: FloatImage | None) -> float:
    """Compute the largest difference, reflectance, between a result and the same result made in tiles.

    There are at least four tiles. The difference should be 0, except for rounding.

    Args:
        model: in evaluation mode.
        whole: the result of the model for the whole of `lr`, reflectance, (C, h * scale, w * scale).
        lr: LR, reflectance, (C, h, w); NaN where there is no data.
        guide: guide bands, reflectance, (G, h * scale, w * scale); None for models without a guide.
    """
    tile = min(_LARGEST_TILE_LR_PX, -(-min(lr.shape[1:]) // 2))
    return float(np.nanmax(np.abs(model.predict(lr, guide, tile=tile, progress=False) - whole)))
