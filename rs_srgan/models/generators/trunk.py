"""Trunk: base of most generators, a body of residual blocks on the coarse grid."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rs_srgan.models.generators.generator import Generator


class Trunk(Generator):
    """A 3 x 3 head, blocks with a long skip, and a 3 x 3 tail that makes all fine pixels at once.

    Subclasses give their block and its reach.

    Args:
        inputs: number of channels in.
        bands: number of bands out.
        scale: enlargement.
        channels: width.
        blocks: number of blocks.
        block: makes a block of the given width.
        block_reach: pixels that a block adds to the receptive field.
    """

    def __init__(
        self,
        inputs: int,
        bands: int,
        scale: int,
        channels: int,
        blocks: int,
        block: Callable[[int], nn.Module],
        block_reach: int,
    ) -> None:
        super().__init__(inputs, bands, scale, channels, blocks)
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.body = nn.Sequential(
            *(block(channels) for _ in range(blocks)), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.tail = nn.Conv2d(channels, bands * scale**2, 3, padding=1)
        self.receptive_field = blocks * block_reach + 3  # 1 pixel for each of the three convolutions around the blocks
        self._initialise(scale)

    def _initialise(self, scale: int) -> None:
        # All fine pixels of a band start with equal weights, so that training starts without a checkerboard (ICNR,
        # Aitken et al. 2017), and with small ones, so that training starts from bicubic.
        with torch.no_grad():
            # in place: with shapes only (`network_bytes`) a new product makes PyTorch import its compiler (2 s, 70 MB)
            self.tail.weight.copy_(self.tail.weight[:: scale**2].repeat_interleave(scale**2, dim=0)).mul_(0.1)
            if self.tail.bias is not None:
                self.tail.bias.zero_()

    def deepen(self, features: Tensor) -> Tensor:
        """Make the last features of the first ones, both (B, channels, h, w)."""
        deep: Tensor = features + self.body(features)
        return deep

    def enlarge(self, features: Tensor) -> Tensor:
        """Make the residual, (B, bands * scale^2, h, w), of the last features."""
        residual: Tensor = self.tail(features)
        return residual
