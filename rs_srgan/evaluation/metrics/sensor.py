"""What the sensor would see of a result, against what it did see: needs no reference."""

import numpy as np
import torch

from rs_srgan.evaluation.metrics.masks import filled, known, known_coarse
from rs_srgan.models import SISR
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, degrade

# More would show no more, and fewer LR pixels cost much halo.
_LARGEST_TILE_LR_PX = 125


def simulate(hr: FloatImage, scale: int, mtf_nyquist: tuple[float, ...]) -> FloatImage:
    """What a sensor sees of `hr` at `scale` times the pixel size, without noise.

    Args:
        hr: reflectance, (C, H, W), multiples of `scale`; holes (NaN) are filled first, so that they do not spread.
        scale: 2, 4 or 8.
        mtf_nyquist: one value per band, in (0, 1).

    Returns:
        reflectance, (C, H / scale, W / scale), finite.
    """
    whole = torch.from_numpy(np.ascontiguousarray(filled(hr)))[None]
    lr: FloatImage = degrade(whole, scale, mtf_nyquist)[0].numpy()
    return lr


def seen_again(sr: FloatImage, scale: int, mtf_nyquist: tuple[float, ...]) -> FloatImage:
    """`simulate`, with NaN where a pixel depends on one without data."""
    seen = simulate(sr, scale, mtf_nyquist)
    seen[:, ~known_coarse(known(sr), scale, DEGRADE_REACH_LR_PX)] = np.nan
    return seen


def tile_difference(model: SISR, whole: FloatImage, lr: FloatImage, guide: FloatImage | None) -> float:
    """Largest difference, reflectance, between a result and that of tiles, four at least: 0 but for rounding.

    Args:
        model: in evaluation mode.
        whole: what it makes of `lr` at once.
        lr: reflectance, (C, h, w); NaN where there is no data.
        guide: of a model that wants one, (G, h * scale, w * scale).
    """
    tile = min(_LARGEST_TILE_LR_PX, -(-min(lr.shape[1:]) // 2))
    return float(np.nanmax(np.abs(model.predict(lr, guide, tile=tile) - whole)))
