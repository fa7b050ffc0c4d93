"""What is degraded, restored and compared, in the same way every time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rs_srgan.errors import InputError
from rs_srgan.evaluation.masks import filled
from rs_srgan.evaluation.metrics import psnr
from rs_srgan.evaluation.sensor import simulate
from rs_srgan.models import SISR
from rs_srgan.physics import back_projected_bicubic, bicubic, wald_mtf
from rs_srgan.radiometry import FloatImage

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


@dataclass(frozen=True)
class Figures:
    """PSNR in dB, reflectance, peak 1: of a site, or the mean over sites."""

    bicubic: float
    back_projection: float
    model: float

    @classmethod
    def mean(cls, figures: Iterable["Figures"]) -> "Figures":
        """The mean of each."""
        return cls(*np.mean([(each.bicubic, each.back_projection, each.model) for each in figures], axis=0).tolist())

    @property
    def gain(self) -> float:
        """What the model adds to back-projection, dB."""
        return self.model - self.back_projection


def evaluate_image(model: SISR, hr: FloatImage, guide: FloatImage | None = None) -> Figures:
    """Wald's protocol on one image: degrade by the sensor model, restore, compare with the original.

    LR is made with the sensor's MTF on the coarse grid, given that `hr` has it on the fine grid already, without noise.
    The baselines know that operator exactly. The outermost BORDER_HR_PX are not counted.

    Args:
        model: in evaluation mode.
        hr: reflectance, (C, H, W), cut here to multiples of the scale; NaN where there is no data.
        guide: of a model that wants one, (G, H, W).

    Raises:
        InputError: an image of which nothing is left inside the border.
    """
    scale = model.scale
    whole = (slice(None), *(slice(side // scale * scale) for side in hr.shape[1:]))
    hr, guide = hr[whole], None if guide is None else guide[whole]
    counted = inner(hr)
    if counted.size == 0:
        raise InputError(f"The image is {hr.shape[1]} x {hr.shape[2]} pixels; expected more than {2 * BORDER_HR_PX}.")
    mtf = wald_mtf(model.config.mtf_nyquist, scale)
    # a hole is filled before LR is made, and left out of the comparison
    restored = restore(model, simulate(hr, scale, mtf), mtf, guide)
    return Figures(**{name: psnr(inner(sr), counted) for name, sr in vars(restored).items()})


def evaluate_sites(model: SISR, sites: Mapping[str, Sequence[FloatImage]]) -> dict[str, Figures]:
    """Figures of every site: the mean over its images, which may be several dates of the same place.

    For a model with guide bands these lie behind its own in the images.
    """
    own = len(model.config.bands)

    def figures(image: FloatImage) -> Figures:
        return evaluate_image(model, image[:own], image[own:] if model.config.guide_bands else None)

    return {name: Figures.mean(map(figures, images)) for name, images in sites.items()}


def inner(image: FloatImage, border_px: int = BORDER_HR_PX) -> FloatImage:
    """What of an image (C, H, W) counts: all but its outermost pixels."""
    part: FloatImage = image[:, border_px : max(border_px, image.shape[1] - border_px)]
    return part[:, :, border_px : max(border_px, image.shape[2] - border_px)]
