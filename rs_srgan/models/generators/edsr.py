"""EDSR: the default generator, a plain residual network without batch statistics."""

from torch import Tensor, nn

from rs_srgan.models.generators.trunk import Trunk


class EDSR(Trunk):
    """Residual blocks of two 3 x 3 convolutions. Source: Lim et al. 2017, narrowed and with one upsampling step."""

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(inputs, bands, scale, channels, blocks, ResidualBlock, block_reach=2)


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
        """Add the residual to `x`, (B, C, h, w)."""
        residual: Tensor = self.body(x)
        return x + residual
