"""The phases of a fine image: its pixels at each of the scale^2 positions within a coarse pixel."""

from torch import Tensor
from torch.nn import functional as F

# Reach of the window in which phases get the same mean, LR pixels.
PHASES_REACH_LR_PX = 4


def tie_phases(image: Tensor, scale: int) -> Tensor:
    """Give all phases of a band the same local mean.

    Real detail lies anywhere on the coarse grid, so over a few coarse pixels no phase is brighter than the others. A
    network whose input is unlike its training data can make one brighter, which shows as a checkerboard.

    Args:
        image: pixels as channels, (B, C * scale^2, h, w).
        scale: fine pixels per coarse pixel along each axis.

    Returns:
        an image of the same shape, which differs in the local means of the phases only.
    """
    side, phases = 2 * PHASES_REACH_LR_PX + 1, scale**2
    around = F.pad(image, (PHASES_REACH_LR_PX,) * 4, mode="replicate")
    means = F.avg_pool2d(F.avg_pool2d(around, (side, 1), stride=1), (1, side), stride=1)
    batch, channels, height, width = image.shape
    common = means.reshape(batch, channels // phases, phases, height, width).mean(2)
    return image - means + common.repeat_interleave(phases, dim=1)
