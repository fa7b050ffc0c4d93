"""The default generator: a plain residual network without batch statistics, its result in one step at the end."""

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """x + conv(act(conv(x))), 3 x 3 kernels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to the same."""
        residual: Tensor = self.body(x)
        return x + residual


class EDSR(nn.Module):
    """Predicts what bicubic enlargement lacks. Source: Lim et al. 2017, narrowed and with one upsampling step.

    Args:
        inputs: number of channels in.
        bands: number of channels out.
        scale: enlargement.
        channels: width.
        blocks: residual blocks.
    """

    exact_tiling = True  # 3 x 3 convolutions only

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.body = nn.Sequential(
            *(ResidualBlock(channels) for _ in range(blocks)), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.tail = nn.Conv2d(channels, bands * scale**2, 3, padding=1)
        self.receptive_field = 2 * blocks + 3  # one LR pixel per 3 x 3 convolution
        self._initialise(scale)

    def _initialise(self, scale: int) -> None:
        # All phases of a band start equal, so that training starts without a checkerboard (ICNR, Aitken et al. 2017),
        # and small, so that it starts from bicubic.
        with torch.no_grad():
            self.tail.weight.copy_(0.1 * self.tail.weight[:: scale**2].repeat_interleave(scale**2, dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (B, inputs, h, w) to the normalised residual, pixels as channels: (B, bands * scale^2, h, w)."""
        features = self.head(x)
        features = features + self.body(features)
        residual: Tensor = self.tail(features)
        return residual
