"""The steps that all evaluations share: the methods that restore an image, and the border that does not count."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from rs_srgan.evaluation.metrics.masks import filled
from rs_srgan.models import SISR, SISRConfig
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors.projection import back_projected_bicubic, bicubic

# Pixels along the border that are not compared, as in opensr-test (Aybar et al. 2024): near the border every method
# guesses the pixels beyond, and that affects a small test image more than a scene.
BORDER_HR_PX = 16


@dataclass(frozen=True)
class Restored:
    """An LR image, enlarged by every method: reflectance, (C, H, W), NaN where LR has no data.

    Attributes:
        bicubic: the result of bicubic enlargement.
        back_projection: the result of bicubic enlargement and three back-projections.
        model: the result of the model.
        glp: the result of MTF-GLP and back-projection; None if the model has no guide, or is this method itself.
    """

    bicubic: FloatImage
    back_projection: FloatImage
    model: FloatImage
    glp: FloatImage | None = None


def restore(model: SISR, lr: FloatImage, mtf_nyquist: tuple[float, ...], guide: FloatImage | None = None) -> Restored:
    """Enlarge an image by the model and by the baselines.

    The model is called through `predict`, like for a user's image.

    Args:
        model: a model in evaluation mode.
        lr: LR, reflectance, (C, h, w); NaN where there is no data.
        mtf_nyquist: MTF of the blur between HR and LR, one value per band, in (0, 1), for back-projection.
        guide: guide bands, reflectance, (G, h * scale, w * scale); None for models without a guide.
    """
    scale, whole = model.scale, torch.from_numpy(filled(lr))[None]
    simple, projected = bicubic(whole, scale)[0].numpy(), back_projected_bicubic(whole, scale, mtf_nyquist)[0].numpy()
    missing = ~np.isfinite(lr).repeat(scale, axis=1).repeat(scale, axis=2)
    simple[missing] = projected[missing] = np.nan
    config = model.config
    classical = bool(config.guide_bands) and (config.generator, config.adds_to) != ("none", "mtf-glp")
    glp = _mtf_glp(config).predict(lr, guide, progress=False) if classical else None
    return Restored(simple, projected, model.predict(lr, guide, progress=False), glp)


@lru_cache(maxsize=4)
def _mtf_glp(config: SISRConfig) -> SISR:
    """Make the classical method that takes the bands and the guide of a model."""
    classical = replace(
        config, generator="none", adds_to="mtf-glp", output="residual", uncertainty=False, quantized=False
    )
    return SISR(classical).eval()


def inner(image: FloatImage, border_px: int = BORDER_HR_PX) -> FloatImage:
    """Cut off the border of an image, (C, H, W), that does not count."""
    part: FloatImage = image[:, border_px : max(border_px, image.shape[1] - border_px)]
    return part[:, :, border_px : max(border_px, image.shape[2] - border_px)]
