"""Super-resolution of several revisits: reflectance in, reflectance out."""

import dataclasses
from typing import Self

import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.fusion import RecursiveFusion
from rs_srgan.models.sisr import SISR


class MISR(HubModel):
    """A `SISR` model whose first features get what other views of the same place know.

    With one view it is that SISR model, exactly. Any number of views works with the same weights.

    Example:
        >>> import torch
        >>> model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion="recursive"))
        >>> model(torch.full((1, 3, 4, 8, 8), 0.3)).shape
        torch.Size([1, 4, 16, 16])
    """

    config_class = MISRConfig
    config: MISRConfig

    def __init__(self, config: MISRConfig) -> None:
        super().__init__(config)
        self.sisr = SISR(sisr_config(config))
        self.fusion = RecursiveFusion(len(config.bands), config.channels, config.fusion_blocks)

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

    def forward(self, views: Tensor, mask: Tensor | None = None, reference: int = 0, margin: int = 0) -> Tensor:
        """Super-resolve the reference view with the help of the others.

        Args:
            views: reflectance, (B, T, C, h, w).
            mask: where each counts, bool (B, T, h, w); everywhere if left out. The reference counts everywhere.
            reference: index of the view that the result shows.
            margin: LR pixels along every border to leave out of the result.

        Returns:
            reflectance, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale).

        Raises:
            ValueError: other bands or sizes, or no such reference.
        """
        bands = self.config.bands
        if views.dim() != 5 or views.shape[2] != len(bands):
            raise ValueError(
                f"Input has shape {tuple(views.shape)}; expected (batch, views, {len(bands)}, height, width)."
            )
        if not 0 <= reference < views.shape[1]:
            raise ValueError(f"The reference is view {reference} of {views.shape[1]}.")
        if mask is not None and mask.shape != views[:, :, 0].shape:
            raise ValueError(f"The mask has shape {tuple(mask.shape)}; expected {tuple(views[:, :, 0].shape)}.")
        lr = views[:, reference]
        return self.sisr.finish(lr, self.sisr.generator.restore(self.features(views, mask, reference)), margin)

    def features(self, views: Tensor, mask: Tensor | None = None, reference: int = 0) -> Tensor:
        """The fused features of the views, (B, channels, h, w); see `forward`."""
        config = self.config
        normalised = (views - config.reflectance_mean) / config.reflectance_std
        features: Tensor = self.sisr.generator.head(normalised[:, reference])
        if views.shape[1] == 1:
            return features
        counts = torch.ones_like(normalised[:, :, :1]) if mask is None else mask[:, :, None].to(normalised.dtype)
        fused: Tensor = self.fusion(normalised, counts, reference)
        return features + fused


def sisr_config(config: MISRConfig) -> SISRConfig:
    """That of the SISR model inside."""
    return SISRConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(SISRConfig)})
