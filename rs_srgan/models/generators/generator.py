"""Generator: the contract that all generators keep."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn


class Generator(nn.Module, ABC):
    """The part of a model with most of its weights: normalised LR image in, normalised residual or image out.

    Subclasses take (inputs, bands, scale, channels, blocks): channels in, bands out, enlargement, width, and number of
    blocks. They set `head` and `receptive_field`, and define `deepen` and `enlarge`. An entry in
    `rs_srgan.models.generators.GENERATORS` makes a subclass available to configurations and to the tests that every
    generator must pass.

    Attributes:
        exact_tiling: whether a tile with a halo of `receptive_field` gives the same pixels as the whole image.
        head: makes the first features, (B, channels, h, w), of the normalised input, (B, inputs, h, w).
        receptive_field: largest distance, LR pixels, of an input pixel that a result pixel depends on.
    """

    exact_tiling: ClassVar[bool] = True

    head: nn.Module
    receptive_field: int

    @abstractmethod
    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Make the residual, pixels as channels, (B, bands * scale^2, h, w), of the input, (B, inputs, h, w)."""
        return self.restore(self.head(x))

    def restore(self, features: Tensor) -> Tensor:
        """Make the residual of the first features, (B, channels, h, w)."""
        return self.enlarge(self.deepen(features))

    @abstractmethod
    def deepen(self, features: Tensor) -> Tensor:
        """Make the last features on the coarse grid of the first features, both (B, channels, h, w)."""

    @abstractmethod
    def enlarge(self, features: Tensor) -> Tensor:
        """Make the residual, (B, bands * scale^2, h, w), of the last features."""
