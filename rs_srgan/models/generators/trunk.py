"""What most generators share: a body of residual blocks on the coarse grid, and the result in one step at the end."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Trunk(nn.Module):
    """Predicts what bicubic enlargement lacks: 3 x 3 head, blocks with a long skip, 3 x 3 tail with all pixels at once.

    Subclasses name their block and how far it looks.

    Args:
        inputs: number of channels in.
        bands: number of channels out.
        scale: enlargement.
        channels: width.
        blocks: how many.
        block: makes one of them from the width.
        block_reach: how many pixels further each of them looks.
    """

    exact_tiling = True

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
        super().__init__()
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.body = nn.Sequential(
            *(block(channels) for _ in range(blocks)), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.tail = nn.Conv2d(channels, bands * scale**2, 3, padding=1)
        self.receptive_field = blocks * block_reach + 3  # one LR pixel for each 3 x 3 convolution around the blocks
        self._initialise(scale)

    def _initialise(self, scale: int) -> None:
        # All phases of a band start equal, so that training starts without a checkerboard (ICNR, Aitken et al. 2017),
        # and small, so that it starts from bicubic.
        with torch.no_grad():
            self.tail.weight.copy_(0.1 * self.tail.weight[:: scale**2].repeat_interleave(scale**2, dim=0))
            if self.tail.bias is not None:
                self.tail.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (B, inputs, h, w) to the normalised residual, pixels as channels: (B, bands * scale^2, h, w)."""
        return self.restore(self.head(x))

    def restore(self, features: Tensor) -> Tensor:
        """The residual from the first features, (B, channels, h, w)."""
        return self.enlarge(self.deepen(features))

    def deepen(self, features: Tensor) -> Tensor:
        """The last features from the first ones, both (B, channels, h, w)."""
        deep: Tensor = features + self.body(features)
        return deep

    def enlarge(self, features: Tensor) -> Tensor:
        """The residual from the last features."""
        residual: Tensor = self.tail(features)
        return residual
