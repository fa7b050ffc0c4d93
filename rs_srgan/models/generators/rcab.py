"""RCAB: the generator of RCAN, residual blocks that weight their channels by the mean of the whole image."""

from torch import Tensor, nn

from rs_srgan.models.generators.trunk import Trunk

# Channels per unit of the network that makes the weights.
_REDUCTION = 16


class RCAB(Trunk):
    """Residual channel attention blocks. Source: Zhang et al. 2018, without their groups.

    The attention pools over its whole input, so the result depends on the tile size.
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
            nn.LeakyReLU(0.1, inplace=True),  # with ReLU, some of the few units would stop learning
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.body(x)
        weights: Tensor = self.attention(residual)
        return x + weights * residual
