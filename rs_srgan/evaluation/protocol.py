"""Whole evaluations: what is degraded, restored and compared, in the same way every time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics import psnr
from rs_srgan.models import SISR
from rs_srgan.nodata import fill_from_nearest
from rs_srgan.physics import back_projected_bicubic, bicubic, degrade, wald_mtf
from rs_srgan.radiometry import FloatImage

# Near the border of a small test image every method guesses what lies beyond; in a scene that is the exception.
# As in opensr-test (Aybar et al. 2024), this much is cut off before anything is compared.
BORDER_HR_PX = 16


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


def evaluate_image(model: SISR, hr: FloatImage) -> Figures:
    """Wald's protocol on one image: degrade by the sensor model, restore, compare with the original.

    LR is made with the sensor's MTF on the coarse grid, given that `hr` has it on the fine grid already, without noise.
    The baselines know that operator exactly. The model goes through `predict`, as a user's image does. The outermost
    BORDER_HR_PX are not counted.

    Args:
        model: in evaluation mode.
        hr: reflectance, (C, H, W), cut here to multiples of the scale; NaN where there is no data.

    Raises:
        InputError: an image of which nothing is left inside the border.
    """
    scale = model.scale
    hr = np.ascontiguousarray(hr[:, : hr.shape[1] // scale * scale, : hr.shape[2] // scale * scale])
    mtf = wald_mtf(model.config.mtf_nyquist, scale)
    # A hole must not spread through the blur: filled before it, and left out of the comparison.
    whole = fill_from_nearest(hr, np.isfinite(hr), max(hr.shape))
    lr = degrade(torch.from_numpy(whole)[None], scale, mtf)

    inner = (slice(None), *(slice(BORDER_HR_PX, side - BORDER_HR_PX) for side in hr.shape[1:]))
    if hr[inner].size == 0:
        raise InputError(f"The image is {hr.shape[1]} x {hr.shape[2]} pixels; expected more than {2 * BORDER_HR_PX}.")

    def compared(sr: FloatImage) -> float:
        return psnr(sr[inner], hr[inner])

    return Figures(
        compared(bicubic(lr, scale)[0].numpy()),
        compared(back_projected_bicubic(lr, scale, mtf)[0].numpy()),
        compared(model.predict(lr[0].numpy())),
    )


def evaluate_sites(model: SISR, sites: Mapping[str, Sequence[FloatImage]]) -> dict[str, Figures]:
    """Figures of every site: the mean over its images, which may be several dates of the same place."""
    return {name: Figures.mean(evaluate_image(model, image) for image in images) for name, images in sites.items()}
