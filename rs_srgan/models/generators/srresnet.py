"""SRResNet: the generator of SRGAN, as in the paper except for input and output."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.models.generators.generator import Generator


class SRResNet(Generator):
    """9 x 9 head and tail, batch normalisation, PReLU, one upsampling stage per doubling of the pixels.

    It takes any bands and makes the residual to bicubic. With 16 blocks of 64 channels it needs six times the
    arithmetic of the default generator, and more than six times its time. In evaluation mode its normalisation is a
    fixed gain and offset for each channel, so tiles stay exact.

    Source: Ledig et al. 2017, section 2.2.

    Args:
        inputs: number of channels in.
        bands: number of bands out.
        scale: enlargement.
        channels: width; 64 in the paper.
        blocks: number of residual blocks; 16 in the paper.
    """

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(inputs, bands, scale, channels, blocks)
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
        reach = 4  # of the tail, fine pixels; each stage halves it, rounded up, and adds 1 pixel
        for _ in range(doublings):
            reach = -(-reach // 2) + 1
        self.receptive_field = 4 + 2 * blocks + 1 + reach

    def deepen(self, features: Tensor) -> Tensor:
        """Make the last features on the coarse grid of the first ones, both (B, channels, h, w)."""
        deep: Tensor = features + self.body(features)
        return deep

    def enlarge(self, features: Tensor) -> Tensor:
        """Make the residual, (B, bands * scale^2, h, w), of the last features."""
        for stage in self.upsampling[:-1]:
            features = F.pixel_shuffle(stage(features), 2)
        return F.pixel_unshuffle(self._tail(self.upsampling[-1](features)), self.scale)

    def _tail(self, quarters: Tensor) -> Tensor:
        """Compute `self.tail(F.pixel_shuffle(quarters, 2))`, with the same sums but before the shuffle.

        Vector units compute sixteen output channels at once, and the tail has as few as there are bands. With the four
        pixels of a quad as channels it has four times as many, and the largest feature map is not copied.
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
