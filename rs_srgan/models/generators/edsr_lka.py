"""EDSRLKA: EDSR, and blocks behind it that see far."""

from torch import Tensor, nn

from rs_srgan.models.generators.edsr import EDSR
from rs_srgan.models.generators.lka import BLOCK_REACH, LargeKernelBlock


class EDSRLKA(EDSR):
    """EDSR with half as many blocks of large-kernel attention behind its own, so that it follows long edges and lines.

    The blocks of attention add almost nothing at first, so the result is near that of EDSR with the same weights:
    training can begin with a trained EDSR.
    """

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(inputs, bands, scale, channels, blocks)
        far = [LargeKernelBlock(channels) for _ in range(max(1, blocks // 2))]
        for block in far:
            block.begin_small()
        self.far = nn.Sequential(*far)
        self.receptive_field += len(far) * BLOCK_REACH

    def deepen(self, features: Tensor) -> Tensor:
        """Make the last features of the first ones, both (B, channels, h, w)."""
        *near, last = self.body
        deep = features
        for block in near:
            deep = block(deep)
        residual: Tensor = last(self.far(deep))
        return features + residual
