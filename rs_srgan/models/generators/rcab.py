"""The generator of RCAN: residual blocks that weigh their channels by the mean of the whole image."""

from torch import Tensor, nn

from rs_srgan.models.generators.trunk import Trunk

_REDUCTION = 16  # of the channels, in the network that finds their weights


class RCAB(Trunk):
    """Residual channel attention blocks. Source: Zhang et al. 2018, without their groups.

    The attention pools over all that it is given, so what a tile gives depends on the tile.
    """

    exact_tiling = False

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(inputs, bands, scale, channels, blocks, _ChannelAttentionBlock, block_reach=2)


class _ChannelAttentionBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = max(1, channels // _REDUCTION)
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.LeakyReLU(0.1, inplace=True),  # so few units must not die
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.body(x)
        weights: Tensor = self.attention(residual)
        return x + weights * residual
