"""The generator of SRGAN, faithful to the paper but for its input: any bands, and the residual to bicubic as output."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SRResNet(nn.Module):
    """Source: Ledig et al. 2017, section 2.2: 9 x 9 head and tail, batch normalisation, PReLU, one stage per doubling.

    With 16 blocks of 64 channels six times the arithmetic of the default generator, and more than that in time. In
    evaluation mode its normalisation is a fixed gain and offset for each channel, so tiles stay exact.

    Args:
        inputs: number of channels in.
        bands: number of channels out.
        scale: enlargement.
        channels: width; 64 in the paper.
        blocks: residual blocks; 16 in the paper.
    """

    exact_tiling = True

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.scale = scale
        self.head = nn.Sequential(nn.Conv2d(inputs, channels, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(
            *(_Block(channels) for _ in range(blocks)),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
        )
        doublings = scale.bit_length() - 1
        self.upsampling = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.PReLU()) for _ in range(doublings)
        )
        self.tail = nn.Conv2d(channels, bands, 9, padding=4)
        reach = 4  # of the tail, in fine pixels; two of them make one pixel of the stage before, which adds its own
        for _ in range(doublings):
            reach = -(-reach // 2) + 1
        self.receptive_field = 4 + 2 * blocks + 1 + reach

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (B, inputs, h, w) to the normalised residual, pixels as channels: (B, bands * scale^2, h, w)."""
        return self.restore(self.head(x))

    def restore(self, features: Tensor) -> Tensor:
        """The residual from the first features, (B, channels, h, w)."""
        return self.enlarge(self.deepen(features))

    def deepen(self, features: Tensor) -> Tensor:
        """The last features on the coarse grid from the first ones, both (B, channels, h, w)."""
        deep: Tensor = features + self.body(features)
        return deep

    def enlarge(self, features: Tensor) -> Tensor:
        """The residual from the last features."""
        for stage in self.upsampling[:-1]:
            features = F.pixel_shuffle(stage(features), 2)
        return F.pixel_unshuffle(self._tail(self.upsampling[-1](features)), self.scale)

    def _tail(self, quarters: Tensor) -> Tensor:
        """`self.tail(F.pixel_shuffle(quarters, 2))`, the same sums computed before the shuffle.

        Vector units compute sixteen output channels at once and the tail has as many as there are bands; with the four
        pixels of a quad as channels it has four times as many, and the largest feature map need not be moved.
        """
        shifted = [F.pad(self.tail.weight, (col, 1 - col, row, 1 - row)) for row in range(2) for col in range(2)]
        weight = F.pixel_unshuffle(torch.stack(shifted, dim=1).flatten(0, 1), 2)
        assert self.tail.bias is not None
        quads = F.conv2d(quarters, weight, self.tail.bias.repeat_interleave(4), padding=2)
        return F.pixel_shuffle(quads, 2)


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.PReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.body(x)
        return x + residual
