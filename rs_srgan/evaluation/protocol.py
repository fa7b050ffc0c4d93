"""What is restored and compared, in the same way every time."""

from dataclasses import dataclass

import numpy as np
import torch

from rs_srgan.evaluation.metrics.masks import filled
from rs_srgan.models import SISR
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors.projection import back_projected_bicubic, bicubic

# Near the border of a small test image every method guesses what lies beyond; in a scene that is the exception.
# As in opensr-test (Aybar et al. 2024), this much is cut off before anything is compared.
BORDER_HR_PX = 16


@dataclass(frozen=True)
class Restored:
    """The same LR image, enlarged by every method: reflectance, (C, H, W), NaN where LR has no data."""

    bicubic: FloatImage
    back_projection: FloatImage
    model: FloatImage


def restore(model: SISR, lr: FloatImage, mtf_nyquist: tuple[float, ...], guide: FloatImage | None = None) -> Restored:
    """Enlarge an image by the model and by the baselines that every table carries.

    The model goes through `predict`, as a user's image does.

    Args:
        model: in evaluation mode.
        lr: reflectance, (C, h, w); NaN where there is no data.
        mtf_nyquist: of the blur between HR and `lr`, one value per band, for back-projection.
        guide: of a model that wants one, (G, h * scale, w * scale).
    """
    scale, whole = model.scale, torch.from_numpy(filled(lr))[None]
    simple, projected = bicubic(whole, scale)[0].numpy(), back_projected_bicubic(whole, scale, mtf_nyquist)[0].numpy()
    missing = ~np.isfinite(lr).repeat(scale, axis=1).repeat(scale, axis=2)
    simple[missing] = projected[missing] = np.nan
    return Restored(simple, projected, model.predict(lr, guide))


def inner(image: FloatImage, border_px: int = BORDER_HR_PX) -> FloatImage:
    """What of an image (C, H, W) counts: all but its outermost pixels."""
    part: FloatImage = image[:, border_px : max(border_px, image.shape[1] - border_px)]
    return part[:, :, border_px : max(border_px, image.shape[2] - border_px)]
