"""LKA: a generator with a large receptive field, residual blocks with large-kernel attention."""

import torch
from torch import Tensor, nn

from rs_srgan.models.generators.trunk import Trunk

# A 21 x 21 kernel as three small ones: 5 x 5 per channel, 7 x 7 per channel on every third pixel, 1 x 1 over channels.
_NEAR, _FAR, _DILATION = 5, 7, 3
_REACH = _NEAR // 2 + _FAR // 2 * _DILATION
BLOCK_REACH = 1 + _REACH  # pixels that a block adds to the receptive field


class LKA(Trunk):
    """Residual blocks whose pixels are weighted by a wide neighbourhood. Source: Guo et al. 2022 for the attention.

    Tiles are exact, because the attention has a finite kernel, but each block adds 12 pixels to their halo.
    """

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(inputs, bands, scale, channels, blocks, LargeKernelBlock, BLOCK_REACH)


class LargeKernelBlock(nn.Module):
    """x + conv1(attention * act(conv3(x))), with attention over a wide neighbourhood."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.GELU())
        far_padding = _FAR // 2 * _DILATION
        self.near = nn.Conv2d(channels, channels, _NEAR, padding=_NEAR // 2, groups=channels)
        self.far = nn.Conv2d(channels, channels, _FAR, padding=far_padding, dilation=_DILATION, groups=channels)
        self.weigh = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels, channels, 1)

    @torch.no_grad()
    def begin_small(self) -> None:
        """Make the residual of a new block almost zero."""
        self.mix.weight.mul_(0.01)
        assert self.mix.bias is not None
        self.mix.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Add the residual to `x`, (B, C, h, w)."""
        features = self.body(x)
        near = self.near(features)
        # PyTorch 2.13 sometimes makes NaN gradients of these weights in bf16, channels last, on CPUs.
        with torch.autocast(x.device.type, enabled=False):
            far = self.far(near.to(self.far.weight.dtype))
        residual: Tensor = self.mix(self.weigh(far.to(near.dtype)) * features)
        return x + residual
