"""Super-resolution of one image: reflectance in, reflectance out."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.edsr import EDSR
from rs_srgan.nodata import fill_from_nearest, fill_reach
from rs_srgan.physics import BICUBIC_REACH_LR_PX, ConsistencyProjection, bicubic
from rs_srgan.tiling import crop_replicated, plan_tiles


class SISR(HubModel):
    """A generator with all that belongs to it: normalisation, bicubic skip, consistency projection.

    `sr = project(bicubic(lr) + generator(normalised lr), lr)`: with the generator at zero this is already the
    back-projected bicubic, and whatever the generator adds must agree with what the sensor saw.

    Example:
        >>> import torch
        >>> model = SISR(SISRConfig(scale=2, channels=16, blocks=1))
        >>> model(torch.full((1, 4, 8, 8), 0.3)).shape
        torch.Size([1, 4, 16, 16])
    """

    config_class = SISRConfig

    def __init__(self, config: SISRConfig) -> None:
        super().__init__(config)
        self.generator = EDSR(len(config.bands), config.scale, config.channels, config.blocks)
        # With the sensor's whole MTF, though the HR of training was blurred on its own grid already: at x4 that moves
        # the true HR by less than -55 dB (tested), far less than any model errs.
        self.projection = ConsistencyProjection(config.scale, config.mtf_nyquist, config.consistency_steps)

    @property
    def scale(self) -> int:
        """Pixels out per pixel in, along each axis."""
        return self.config.scale

    @property
    def receptive_field(self) -> int:
        """How far, in LR pixels, an SR pixel can depend on: the halo that makes tiles exact."""
        return max(self.generator.receptive_field, BICUBIC_REACH_LR_PX) + self.projection.reach_lr_px

    @property
    def exact_tiling(self) -> bool:
        """Whether a tile with a halo of `receptive_field` gives what the whole image gives."""
        return self.generator.exact_tiling

    def forward(self, lr: Tensor) -> Tensor:
        """Reflectance (B, C, h, w) to reflectance (B, C, h * scale, w * scale).

        Raises:
            ValueError: another number of bands, or another number of dimensions.
        """
        if lr.dim() != 4 or lr.shape[1] != len(self.config.bands):
            raise ValueError(
                f"Input has shape {tuple(lr.shape)}; expected (batch, {len(self.config.bands)}, height, width) "
                f"with the bands {', '.join(self.config.bands)}."
            )
        return self.finish(lr, self.residual(lr))

    def residual(self, lr: Tensor) -> Tensor:
        """The network's part: reflectance (B, C, h, w) to what it adds to bicubic, in units of its normalisation."""
        residual: Tensor = self.generator((lr - self.config.reflectance_mean) / self.config.reflectance_std)
        return residual

    def finish(self, lr: Tensor, residual: Tensor) -> Tensor:
        """The rest, always in float32, since it is what keeps the radiometry: bicubic skip and projection."""
        with torch.autocast(lr.device.type, enabled=False):
            lr = lr.float()
            sr = bicubic(lr, self.scale) + residual.float() * self.config.reflectance_std
            projected: Tensor = self.projection(sr, lr)
        return projected

    @torch.inference_mode()
    def predict(self, image: np.ndarray[Any, Any], tile: int = 512) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Super-resolve one image that is in memory; for files, see `super_resolve`.

        Args:
            image: reflectance, float, (C, h, w), usually 0..1; NaN where there is no data.
            tile: LR pixels computed at once; the result does not depend on it.

        Returns:
            reflectance, float32, (C, h * scale, w * scale); NaN where the input was NaN.

        Raises:
            InputError: another number of bands, integers, an empty image, or values that are DN.
        """
        image = self._checked(image)
        valid = np.isfinite(image)
        filled = fill_from_nearest(image, valid, fill_reach(self.receptive_field))
        device = self.projection.kernel.device
        scale, halo = self.scale, self.receptive_field
        sr = np.empty((image.shape[0], image.shape[1] * scale, image.shape[2] * scale), np.float32)
        for part in plan_tiles(image.shape[1], image.shape[2], tile, halo):
            window = torch.from_numpy(crop_replicated(filled, part.window))[None].to(device)
            core = self(window)[0, :, halo * scale : -halo * scale, halo * scale : -halo * scale]
            sr[:, *part.core.scaled(scale).slices] = core.cpu().numpy()
        sr[~valid.repeat(scale, axis=1).repeat(scale, axis=2)] = np.nan
        return sr

    def _checked(self, image: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        image = np.asarray(image)
        bands = len(self.config.bands)
        if image.ndim != 3 or image.shape[0] != bands or 0 in image.shape:
            raise InputError(
                f"The image has shape {image.shape}; expected ({bands}, height, width) "
                f"with the bands {', '.join(self.config.bands)}."
            )
        if not np.issubdtype(image.dtype, np.floating):
            raise InputError(
                f"The image holds {image.dtype}; expected reflectance as float: (dn + offset) / 10000, "
                "where offset is -1000 for Sentinel-2 products since baseline 04.00, else 0."
            )
        # Clouds and glint reach 2 to 3; a median beyond 10 can only be DN.
        if np.isfinite(image).any() and np.nanmedian(np.abs(image[np.isfinite(image)])) > 10:
            raise InputError("The image's values look like DN; expected reflectance, about 0..1: divide by 10000.")
        return image.astype(np.float32)
