"""RRDB: the generator of ESRGAN, residual-in-residual dense blocks."""

import torch
from torch import Tensor, nn

from rs_srgan.models.generators.trunk import Trunk

_DENSE_BLOCKS = 3
_CONVOLUTIONS = 5
# Factor of every residual branch; a deep network without batch statistics needs it to train.
_RESIDUAL_SCALE = 0.2


class RRDB(Trunk):
    """Blocks of three dense blocks of five convolutions. Source: Wang et al. 2018, with one upsampling step.

    With 23 blocks of 64 channels, as in the paper, it needs thirty times the arithmetic of the default generator.
    """

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(
            inputs, bands, scale, channels, blocks, _ResidualInResidual, block_reach=_DENSE_BLOCKS * _CONVOLUTIONS
        )


class _ResidualInResidual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*(_DenseBlock(channels) for _ in range(_DENSE_BLOCKS)))

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.body(x)
        return x + _RESIDUAL_SCALE * residual


class _DenseBlock(nn.Module):
    """Convolutions that each see the results of all earlier ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        growth = max(1, channels // 2)  # 32 of 64 in the paper
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels + index * growth, growth if index < _CONVOLUTIONS - 1 else channels, 3, padding=1)
            for index in range(_CONVOLUTIONS)
        )
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for convolution in self.convolutions[:-1]:
            features.append(self.activation(convolution(torch.cat(features, dim=1))))
        residual: Tensor = self.convolutions[-1](torch.cat(features, dim=1))
        return x + _RESIDUAL_SCALE * residual
