"""Super-resolution of several revisits: reflectance in, reflectance out."""

import dataclasses
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.fusion.innovation import InnovationFusion
from rs_srgan.models.fusion.recursive import RecursiveFusion
from rs_srgan.models.sisr import SISR, checked_image
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import crop_replicated, plan_tiles
from rs_srgan.registration.align import Stack, align
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX


class MISR(HubModel):
    """A `SISR` model, and what other views of the same place add to it.

    With one view it is that SISR model, exactly, and so it is wherever no other view counts. Any number of views works
    with the same weights.

    The fusion "innovation" lets the SISR model make a first result of the reference, and corrects that by what each
    view shows of it, see `InnovationFusion`. "recursive" is HighRes-net's, see `RecursiveFusion`, and adds to the SISR
    model's first features; it takes no offsets.

    Example:
        >>> import torch
        >>> model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16))
        >>> model(torch.full((1, 3, 4, 8, 8), 0.3)).shape
        torch.Size([1, 4, 16, 16])
    """

    config_class = MISRConfig
    config: MISRConfig

    def __init__(self, config: MISRConfig) -> None:
        super().__init__(config)
        self.sisr = SISR(sisr_config(config))
        self.fusion = _recursive(config) if config.fusion == "recursive" else _innovation(config)

    @classmethod
    def from_sisr(cls, model: SISR, config: MISRConfig) -> Self:
        """A model that begins as `model` does with any number of views.

        Raises:
            InputError: a configuration of another SISR model.
        """
        if sisr_config(config) != model.config:
            given, own = vars(sisr_config(config)), vars(model.config)
            differing = ", ".join(f"{key} {given[key]!r}, not {own[key]!r}" for key in own if given[key] != own[key])
            raise InputError(f"The configuration is of another architecture than {model.name}: {differing}.")
        misr = cls(config)
        misr.sisr.load_state_dict(model.state_dict())
        return misr

    @property
    def scale(self) -> int:
        """Pixels out per pixel in, along each axis."""
        return self.config.scale

    def alone(self) -> SISR:
        """What this is with one view, under its name."""
        self.sisr.name = self.name
        return self.sisr

    @property
    def receptive_field(self) -> int:
        """How far, in LR pixels, an SR pixel can depend on: the halo that makes tiles exact."""
        if isinstance(self.fusion, RecursiveFusion):
            return self.sisr.receptive_field + self.fusion.receptive_field
        return self.sisr.receptive_field + self.fusion.receptive_field + self.sisr.projection.reach_lr_px

    @property
    def exact_tiling(self) -> bool:
        """Whether a tile with a halo of `receptive_field` gives what the whole image gives."""
        return self.sisr.exact_tiling

    def forward(
        self,
        views: Tensor,
        mask: Tensor | None = None,
        offsets: Tensor | None = None,
        reference: int = 0,
        margin: int = 0,
    ) -> Tensor:
        """Super-resolve the reference view with the help of the others.

        Args:
            views: reflectance, (B, T, C, h, w): of every view, the pixel that lies nearest to that of the reference.
            mask: where each counts, bool (B, T, h, w); everywhere if left out. The reference counts everywhere.
            offsets: how far from the reference's pixel that one was sampled, rows and columns, LR pixels,
                (B, T, 2, h, w); zero if left out. Where it is more than 0.6 a view does not count.
            reference: index of the view that the result shows.
            margin: LR pixels along every border to leave out of the result.

        Returns:
            reflectance, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale).

        Raises:
            ValueError: other bands or sizes, or no such reference.
        """
        self._check(views, mask, offsets, reference)
        lr = views[:, reference]
        return self.sisr.finish(lr, self.residual(views, mask, offsets, reference), margin)

    def _check(self, views: Tensor, mask: Tensor | None, offsets: Tensor | None, reference: int) -> None:
        bands = self.config.bands
        if views.dim() != 5 or views.shape[2] != len(bands):
            raise ValueError(
                f"Input has shape {tuple(views.shape)}; expected (batch, views, {len(bands)}, height, width)."
            )
        if not 0 <= reference < views.shape[1]:
            raise ValueError(f"The reference is view {reference} of {views.shape[1]}.")
        if mask is not None and mask.shape != views[:, :, 0].shape:
            raise ValueError(f"The mask has shape {tuple(mask.shape)}; expected {tuple(views[:, :, 0].shape)}.")
        if offsets is not None and offsets.shape != views[:, :, :2].shape:
            expected = (*views.shape[:2], 2, *views.shape[3:])
            raise ValueError(f"The offsets have shape {tuple(offsets.shape)}; expected {expected}.")

    def residual(
        self, views: Tensor, mask: Tensor | None = None, offsets: Tensor | None = None, reference: int = 0
    ) -> Tensor:
        """What `SISR.finish` takes, for the reference; see `forward`."""
        if isinstance(self.fusion, RecursiveFusion):
            return self.sisr.generator.restore(self.features(views, mask, reference))
        lr = views[:, reference]
        features, residual = self.look(lr)
        if views.shape[1] == 1:
            return residual
        evidence = reduce(torch.add, self._evidence(residual, views, mask, offsets, reference))
        return self.correct(residual, features, evidence)

    def look(self, lr: Tensor) -> tuple[Tensor, Tensor]:
        """The SISR model's last features of the reference, and what its generator makes of them."""
        features = self.sisr.generator.deepen(self.sisr.generator.head(self.sisr.normalised(lr)))
        return features, self.sisr.generator.enlarge(features)

    def expect(self, lr: Tensor, residual: Tensor) -> Tensor:
        """What the fusion "innovation" compares views with, see `InnovationFusion.expect`."""
        assert isinstance(self.fusion, InnovationFusion)
        return self.fusion.expect(self.sisr.finish(lr, residual, shuffled=False))

    def compare(self, expected: Tensor, view: Tensor, mask: Tensor, offsets: Tensor) -> Tensor:
        """What it sees of a view but the reference, see `InnovationFusion.compare`."""
        assert isinstance(self.fusion, InnovationFusion)
        counts = mask * (offsets.abs().amax(1, keepdim=True) <= LARGEST_OFFSET_LR_PX)
        return self.fusion.compare(expected, view, counts, offsets, self.config.reflectance_std)

    def correct(self, residual: Tensor, features: Tensor, evidence: Tensor) -> Tensor:
        """The residual and what the evidence of all views makes of it, see `InnovationFusion.forward`."""
        corrected: Tensor = residual + self.fusion(evidence, features)
        return corrected

    def _evidence(
        self, residual: Tensor, views: Tensor, mask: Tensor | None, offsets: Tensor | None, reference: int
    ) -> Iterator[Tensor]:
        """Of one view after the other, so that memory does not grow with them. See `InnovationFusion.evidence`."""
        assert isinstance(self.fusion, InnovationFusion)
        lr, counts = views[:, reference], _counts(views, mask)
        where = torch.zeros_like(views[:, :, :2]) if offsets is None else offsets
        expected, normalised = self.expect(lr, residual), self.sisr.normalised(lr)
        for view in range(views.shape[1]):
            if view != reference:
                compared = self.compare(expected, views[:, view], counts[:, view], where[:, view])
                yield self.fusion.evidence(compared, normalised)

    @torch.inference_mode()
    def weights(
        self, views: Tensor, mask: Tensor | None = None, offsets: Tensor | None = None, reference: int = 0
    ) -> Tensor:
        """What each view has to say in the result, (B, T, h, w), 1 in all; see `forward`.

        The reference's weight is that of the first result, which is made of it alone. The fusion "recursive" tells no
        views apart: there all that count weigh the same.
        """
        self._check(views, mask, offsets, reference)
        counts = _counts(views, mask)[:, :, 0].clone()
        counts[:, reference] = 1
        if isinstance(self.fusion, RecursiveFusion) or views.shape[1] == 1:
            return counts / counts.sum(1, keepdim=True)
        lr = views[:, reference]
        _, residual = self.look(lr)
        weights = self.fusion.weights(list(self._evidence(residual, views, mask, offsets, reference)))
        own = 1 - weights.sum(1, keepdim=True)
        return torch.cat([weights[:, :reference], own, weights[:, reference:]], dim=1)

    def predict(
        self,
        images: Sequence[np.ndarray[Any, Any]],
        masks: Sequence[np.ndarray[Any, Any]] | None = None,
        reference: int = 0,
        tile: int = 512,
    ) -> FloatImage:
        """Register revisits that are in memory, and super-resolve one of them with the help of the others.

        Args:
            images: reflectance, float, (C, h, w) each, usually 0..1; NaN, or masked, where there is no data.
            masks: where each counts, bool (h, w), such as without clouds; everywhere that has data if left out.
            reference: index of the image that the result shows.
            tile: LR pixels computed at once; where the model has `exact_tiling`, the result does not depend on it.

        Returns:
            reflectance, float32, (C, h * scale, w * scale); NaN where the reference has no data.

        Raises:
            InputError: no images, other bands or sizes, no such reference, integers, or values that are DN.
        """
        checked = [checked_image(f"view {at}", image, self.config.bands) for at, image in enumerate(images)]
        stack = align(checked, masks, reference)
        valid = np.isfinite(checked[reference])
        return self.predict_aligned(stack, valid, tile)

    @torch.inference_mode()
    def predict_aligned(self, stack: Stack, valid: Mask, tile: int = 512) -> FloatImage:
        """The same of views that `align` brought together; NaN where the reference is not `valid`, (C, h, w)."""
        scale, halo, device = self.scale, self.receptive_field, self.sisr.projection.up.rows.device
        bands, height, width = valid.shape
        sr: FloatImage = np.empty((bands, height * scale, width * scale), np.float32)
        layers = (stack.views.reshape(-1, height, width), stack.mask, stack.offsets.reshape(-1, height, width))
        for part in plan_tiles(height, width, tile, halo):
            views, mask, offsets = (
                torch.from_numpy(crop_replicated(layer, part.window))[None].to(device) for layer in layers
            )
            views, offsets = (each.reshape(1, len(stack.views), -1, *each.shape[2:]) for each in (views, offsets))
            core = self(views, mask, offsets, stack.reference, margin=halo)
            sr[:, *part.core.scaled(scale).slices] = core[0].cpu().numpy()
        sr[~valid.repeat(scale, axis=1).repeat(scale, axis=2)] = np.nan
        return sr

    def features(self, views: Tensor, mask: Tensor | None = None, reference: int = 0) -> Tensor:
        """The fused first features of the views, of the fusion "recursive", (B, channels, h, w); see `forward`."""
        assert isinstance(self.fusion, RecursiveFusion)
        normalised = self.sisr.normalised(views)
        features: Tensor = self.sisr.generator.head(normalised[:, reference])
        if views.shape[1] == 1:
            return features
        fused: Tensor = self.fusion(normalised, _counts(views, mask), reference)
        return features + fused


def _counts(views: Tensor, mask: Tensor | None) -> Tensor:
    return torch.ones_like(views[:, :, :1]) if mask is None else mask[:, :, None].to(views.dtype)


def _recursive(config: MISRConfig) -> RecursiveFusion:
    return RecursiveFusion(len(config.bands), config.channels, config.fusion_blocks)


def _innovation(config: MISRConfig) -> InnovationFusion:
    blur = wald_mtf(config.mtf_nyquist, config.scale)
    return InnovationFusion(config.scale, blur, config.channels, config.fusion_channels, config.fusion_blocks)


def sisr_config(config: MISRConfig) -> SISRConfig:
    """That of the SISR model inside."""
    return SISRConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(SISRConfig)})
