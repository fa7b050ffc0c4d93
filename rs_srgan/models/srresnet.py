"""The generator of SRGAN, faithful to the paper but for its input: any bands, and the residual to bicubic as output."""

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
        self.upsampling = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.PixelShuffle(2), nn.PReLU())
                for _ in range(doublings)
            )
        )
        self.tail = nn.Conv2d(channels, bands, 9, padding=4)
        reach = 4  # of the tail, in fine pixels; two of them make one pixel of the stage before, which adds its own
        for _ in range(doublings):
            reach = -(-reach // 2) + 1
        self.receptive_field = 4 + 2 * blocks + 1 + reach

    def forward(self, x: Tensor) -> Tensor:
        """Normalised (B, inputs, h, w) to the normalised residual, pixels as channels: (B, bands * scale^2, h, w)."""
        features = self.head(x)
        features = features + self.body(features)
        return F.pixel_unshuffle(self.tail(self.upsampling(features)), self.scale)


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
