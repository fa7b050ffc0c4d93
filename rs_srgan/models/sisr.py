"""Super-resolution of one image: reflectance in, reflectance out."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.errors import InputError
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.generators.edsr import EDSR
from rs_srgan.models.generators.lka import LKA
from rs_srgan.models.generators.rcab import RCAB
from rs_srgan.models.generators.rrdb import RRDB
from rs_srgan.models.generators.srresnet import SRResNet
from rs_srgan.models.uncertainty import UncertaintyHead
from rs_srgan.pixels.nodata import fill_from_nearest, fill_reach
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import crop_replicated, plan_tiles
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.projection import BICUBIC_REACH_LR_PX, ConsistencyProjection

# One for each name in config.GENERATORS.
_GENERATORS: dict[str, type[EDSR | SRResNet | RRDB | RCAB | LKA]] = {
    "edsr": EDSR,
    "srresnet": SRResNet,
    "rrdb": RRDB,
    "rcab": RCAB,
    "lka": LKA,
}


class SISR(HubModel):
    """A generator with all that belongs to it: normalisation, bicubic skip, consistency projection.

    `sr = project(bicubic(lr) + generator(normalised lr), lr)`: with the generator at zero this is already the
    back-projected bicubic, and whatever the generator adds must agree with what the sensor saw.

    With `output="tanh"` the generator makes the image itself, as in Ledig et al. 2017: `sr = project(mean + std *
    tanh(generator), lr)`, so reflectance ends at mean + std, before the projection. That is for checkpoints of networks
    that were made so; they are not `consistent`.

    With `guide_bands` the generator also sees bands that the same instrument measured `scale` times finer, pixel by
    pixel as further channels: Sentinel-2's 20 m bands are brought to 10 m that way. After DSen2, Lanaras et al. 2018,
    but computed on the coarse grid, for a quarter of the work.

    With `uncertainty` it also says how far off it may be, see `with_uncertainty`.

    Example:
        >>> import torch
        >>> model = SISR(SISRConfig(scale=2, channels=16, blocks=1))
        >>> model(torch.full((1, 4, 8, 8), 0.3)).shape
        torch.Size([1, 4, 16, 16])
        >>> fusion = SISR(SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1))
        >>> fusion(torch.full((1, 2, 8, 8), 0.3), torch.full((1, 2, 16, 16), 0.3)).shape
        torch.Size([1, 2, 16, 16])
    """

    config_class = SISRConfig

    def __init__(self, config: SISRConfig) -> None:
        super().__init__(config)
        inputs = len(config.bands) + len(config.guide_bands) * config.scale**2
        generator = _GENERATORS[config.generator]
        self.generator = generator(inputs, len(config.bands), config.scale, config.channels, config.blocks)
        # A result is what the same sensor would see with finer pixels, so it is blurred once already. Taken for the
        # scene itself, it would have to err by half a decibel at x2 to agree with `lr`.
        mtf = wald_mtf(config.mtf_nyquist, config.scale)
        self.projection = ConsistencyProjection(config.scale, mtf, config.consistent)
        self.uncertainty = UncertaintyHead(inputs, len(config.bands), config.scale) if config.uncertainty else None

    @property
    def scale(self) -> int:
        """Pixels out per pixel in, along each axis."""
        return self.config.scale

    @property
    def receptive_field(self) -> int:
        """How far, in LR pixels, an SR pixel can depend on: the halo that makes tiles exact."""
        generator = max(self.generator.receptive_field, BICUBIC_REACH_LR_PX)
        behind = self.uncertainty.receptive_field if self.uncertainty else 0
        return generator + max(self.projection.reach_lr_px, behind)

    @property
    def exact_tiling(self) -> bool:
        """Whether a tile with a halo of `receptive_field` gives what the whole image gives."""
        return self.generator.exact_tiling

    def forward(self, lr: Tensor, guide: Tensor | None = None, margin: int = 0) -> Tensor:
        """Super-resolve.

        Args:
            lr: reflectance, (B, C, h, w).
            guide: reflectance of the guide bands, (B, G, h * scale, w * scale), where the model has some.
            margin: LR pixels along every border to leave out of the result, such as a tile's halo.

        Returns:
            reflectance, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale).

        Raises:
            ValueError: other bands or sizes.
        """
        self._check(lr, guide)
        return self.finish(lr, self.residual(lr, guide), margin)

    def with_uncertainty(self, lr: Tensor, guide: Tensor | None = None, margin: int = 0) -> tuple[Tensor, Tensor]:
        """Super-resolve, and say how far off the result may be.

        Args:
            lr: see `forward`.
            guide: see `forward`.
            margin: see `forward`.

        Returns:
            reflectance, as from `forward`, and of the same shape the half-width of the interval around it that holds
            80 % of the truth, reflectance.

        Raises:
            ValueError: other bands or sizes.
            InputError: a model without that head.
        """
        self._check(lr, guide)
        self.uncertainty_head()
        residual = self.residual(lr, guide)
        logarithm = self.doubt(residual, lr, guide)
        return self.finish(lr, residual, margin), self.finish_doubt(logarithm, margin)

    def uncertainty_head(self) -> UncertaintyHead:
        """The head.

        Raises:
            InputError: the model has none.
        """
        if self.uncertainty is None:
            raise InputError(f"{self.name} says nothing of its uncertainty; the sisr-* models do (rs-srgan models).")
        return self.uncertainty

    def _check(self, lr: Tensor, guide: Tensor | None) -> None:
        bands, guides = self.config.bands, self.config.guide_bands
        expected = f"expected (batch, {len(bands)}, height, width) with the bands {', '.join(bands)}"
        if lr.dim() != 4 or lr.shape[1] != len(bands):
            raise ValueError(f"Input has shape {tuple(lr.shape)}; {expected}.")
        fine = (lr.shape[0], len(guides), lr.shape[2] * self.scale, lr.shape[3] * self.scale)
        if (guide is None) != (not guides) or (guide is not None and guide.shape != fine):
            given = "none" if guide is None else tuple(guide.shape)
            raise ValueError(f"The guide is {given}; expected {f'{fine} with {guides}' if guides else 'none'}.")

    def residual(self, lr: Tensor, guide: Tensor | None = None) -> Tensor:
        """The network's part: reflectance (B, C, h, w) to what the generator makes, in units of its normalisation.

        Its pixels are still channels, (B, C * scale^2, h, w), as `pixel_shuffle` takes them.
        """
        residual: Tensor = self.generator(self._inputs(lr, guide))
        return residual

    def _inputs(self, lr: Tensor, guide: Tensor | None) -> Tensor:
        """All that the networks see, normalised; the guide's pixels are channels."""
        return self.normalised(lr if guide is None else torch.cat([lr, F.pixel_unshuffle(guide, self.scale)], dim=1))

    def normalised(self, image: Tensor) -> Tensor:
        """Reflectance as the network takes it."""
        return (image - self.config.reflectance_mean) / self.config.reflectance_std

    def doubt(self, residual: Tensor, lr: Tensor, guide: Tensor | None = None) -> Tensor:
        """The uncertainty head's part, pixels as channels: what `residual` takes and gives to what it makes."""
        logarithm: Tensor = self.uncertainty_head()(self._inputs(lr, guide), residual)
        return logarithm

    def finish_doubt(self, logarithm: Tensor, margin: int = 0) -> Tensor:
        """The rest of that, always in float32: half-widths, reflectance."""
        return self.uncertainty_head().finish(logarithm, self.config.reflectance_std, margin)

    def finish(self, lr: Tensor, residual: Tensor, margin: int = 0, shuffled: bool = True) -> Tensor:
        """The rest, always in float32, since it is what keeps the radiometry: bicubic skip and projection.

        Its pixels end on the fine grid, (B, C, h * scale, w * scale) without margin, or, not `shuffled`, stay channels.
        """
        with torch.autocast(lr.device.type, enabled=False):
            mean, std = self.config.reflectance_mean, self.config.reflectance_std
            lr, residual = lr.float(), residual.float()
            if self.config.output == "tanh":
                residual = mean + std * residual.tanh() - self.projection.bicubic(lr)
            else:
                residual = std * residual
            sr: Tensor = self.projection(residual, lr)
            if margin:
                sr = sr[..., margin:-margin, margin:-margin]
            return F.pixel_shuffle(sr, self.scale) if shuffled else sr

    def predict(
        self, image: np.ndarray[Any, Any], guide: np.ndarray[Any, Any] | None = None, tile: int = 512
    ) -> FloatImage:
        """Super-resolve one image that is in memory; for files, see `super_resolve`.

        Args:
            image: reflectance, float, (C, h, w), usually 0..1; NaN, or masked, where there is no data.
            guide: the same of the guide bands, (G, h * scale, w * scale), for a model that has some.
            tile: LR pixels computed at once; where the model has `exact_tiling`, the result does not depend on it.

        Returns:
            reflectance, float32, (C, h * scale, w * scale); NaN where `image` has no data.

        Raises:
            InputError: other bands or sizes, integers, an empty image, or values that are DN.
        """
        (sr,) = self._predict(lambda *windows, margin: [self(*windows, margin=margin)], image, guide, tile)
        return sr

    def predict_with_uncertainty(
        self, image: np.ndarray[Any, Any], guide: np.ndarray[Any, Any] | None = None, tile: int = 512
    ) -> tuple[FloatImage, FloatImage]:
        """`predict`, and how far off it may be.

        Args:
            image: see `predict`.
            guide: see `predict`.
            tile: see `predict`.

        Returns:
            what `predict` returns, and of the same shape half the interval around it that holds 80 % of the truth.

        Raises:
            InputError: as for `predict`, or a model that knows no uncertainty.
        """
        self.uncertainty_head()
        sr, half_width = self._predict(self.with_uncertainty, image, guide, tile)
        return sr, half_width

    @torch.inference_mode()
    def _predict(
        self,
        compute: Callable[..., Sequence[Tensor]],
        image: np.ndarray[Any, Any],
        guide: np.ndarray[Any, Any] | None,
        tile: int,
    ) -> list[FloatImage]:
        """What `compute` makes of windows, a halo around each being their `margin`, put together."""
        scale, halo, device = self.scale, self.receptive_field, self.projection.up.rows.device
        image = checked_image("image", image, self.config.bands)
        valid = np.isfinite(image)
        layers = [(fill_from_nearest(image, valid, fill_reach(halo)), 1)]
        if (guide is None) != (not self.config.guide_bands):
            wanted = ", ".join(self.config.guide_bands) or "none"
            raise InputError(f"{self.name} takes as guide: {wanted}; got {'none' if guide is None else 'one'}.")
        if guide is not None:
            guide = checked_image("guide", guide, self.config.guide_bands)
            if guide.shape[1:] != (image.shape[1] * scale, image.shape[2] * scale):
                raise InputError(f"The guide has shape {guide.shape}, the image {image.shape}; expected x{scale}.")
            layers.append((fill_from_nearest(guide, np.isfinite(guide), fill_reach(halo) * scale), scale))
        results: list[FloatImage] = []
        for part in plan_tiles(image.shape[1], image.shape[2], tile, halo):
            windows = [
                torch.from_numpy(crop_replicated(layer, part.window.scaled(fine)))[None].to(device)
                for layer, fine in layers
            ]
            made = compute(*windows, margin=halo)
            if not results:
                size = (image.shape[0], image.shape[1] * scale, image.shape[2] * scale)
                results = [np.empty(size, np.float32) for _ in made]
            for result, core in zip(results, made, strict=True):
                result[:, *part.core.scaled(scale).slices] = core[0].cpu().numpy()
        for result in results:
            result[~valid.repeat(scale, axis=1).repeat(scale, axis=2)] = np.nan
        return results


def checked_image(what: str, image: np.ndarray[Any, Any], bands: tuple[str, ...]) -> FloatImage:
    """Reflectance that can be used, float32 and NaN where it has no data.

    Raises:
        InputError: other bands, integers, an empty image, or values that are DN.
    """
    given, image = image, np.asarray(image)
    if image.ndim != 3 or image.shape[0] != len(bands) or 0 in image.shape:
        raise InputError(
            f"The {what} has shape {image.shape}; expected ({len(bands)}, height, width) "
            f"with the bands {', '.join(bands)}."
        )
    if not np.issubdtype(image.dtype, np.floating):
        raise InputError(
            f"The {what} holds {image.dtype}; expected reflectance as float: (dn + offset) / 10000, "
            "where offset is -1000 for Sentinel-2 products since baseline 04.00, else 0."
        )
    image = np.asarray(np.ma.filled(given, np.nan))
    # Clouds and glint reach 2 to 3; a median beyond 10 can only be DN.
    if np.isfinite(image).any() and np.nanmedian(np.abs(image[np.isfinite(image)])) > 10:
        raise InputError(f"The {what}'s values look like DN; expected reflectance, about 0..1: divide by 10000.")
    return image.astype(np.float32)
