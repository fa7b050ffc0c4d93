"""Fusion: the contract that all fusions of several revisits keep."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from rs_srgan.models.generators import Generator
from rs_srgan.sensors.mtf import KERNEL_WIDTH_LR_PX
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX
from rs_srgan.sensors.projection import ConsistencyProjection


@dataclass(frozen=True)
class FusionSettings:
    """The settings that a fusion is built from.

    Attributes:
        scale: enlargement.
        mtf_nyquist: MTF of the blur between result and view, one value per band, in (0, 1).
        reflectance_std: reflectance that the normalisation divides by.
        features: number of channels of the generator's features.
        channels: width of the fusion, a multiple of 8.
        blocks: number of residual blocks.
        psf_width_lr_px: width of the blur's kernel, LR pixels, an odd number.
        largest_offset_lr_px: largest offset, LR pixels, at which a view counts.
    """

    scale: int
    mtf_nyquist: Sequence[float]
    reflectance_std: float
    features: int
    channels: int = 48
    blocks: int = 3
    psf_width_lr_px: int = KERNEL_WIDTH_LR_PX
    largest_offset_lr_px: float = LARGEST_OFFSET_LR_PX


class SingleImageModel(Protocol):
    """The parts of a `SISR` model that a fusion uses."""

    generator: Generator
    projection: ConsistencyProjection

    def normalised(self, image: Tensor) -> Tensor:
        """See `SISR.normalised`."""

    def finish(self, lr: Tensor, residual: Tensor, margin: int = 0, shuffled: bool = True) -> Tensor:
        """See `SISR.finish`."""


class Fusion(nn.Module, ABC):
    """The part of a model that adds what other views show of a place to the result for the reference view.

    It must start as zero: an untrained fusion returns the residual of the single-image model. An entry in
    `rs_srgan.models.fusion.FUSIONS` makes a subclass available to configurations.
    """

    @abstractmethod
    def __init__(self, settings: FusionSettings) -> None:
        super().__init__()

    @abstractmethod
    def added_reach_lr_px(self, single: SingleImageModel) -> int:
        """Return the distance, LR pixels, that the fusion adds to the receptive field of the single-image model."""

    @abstractmethod
    def residual(
        self, single: SingleImageModel, views: Tensor, counts: Tensor, offsets: Tensor, reference: int
    ) -> Tensor:
        """Make the residual for the reference view.

        Args:
            single: the single-image model.
            views: reflectance, at least two views, (B, T, C, h, w).
            counts: where each view counts, 0 or 1, (B, T, 1, h, w).
            offsets: distance of each view's samples from the reference's pixels, LR pixels, (B, T, 2, h, w).
            reference: index of the reference view.

        Returns:
            pixels as channels, (B, C * scale^2, h, w), as `SISR.finish` takes them.
        """

    @abstractmethod
    def weights(
        self, single: SingleImageModel, views: Tensor, counts: Tensor, offsets: Tensor, reference: int
    ) -> Tensor:
        """Return the share of each view in the result, (B, T, h, w), with the sum 1. See `residual`."""
