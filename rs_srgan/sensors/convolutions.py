"""Convolutions of the coarse grid, with fixed kernels, that do not mix bands.

The fine grid's pixels are channels: an image of (C, h * scale, w * scale) pixels is (C * scale^2, h, w). The kernels
follow from a model's configuration, so checkpoints do not store them.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Separable(nn.Module):
    """The same one-dimensional convolution along the rows and along the columns.

    The kernels are dense although bands do not mix: libraries are slow with few channels in a group.

    Args:
        kernels: (bands, out, in, taps). `in` is 1 if one channel per band becomes `out`^2 channels; `out` is 1 if
            `in`^2 channels per band become one.
    """

    rows: Tensor
    cols: Tensor

    def __init__(self, kernels: np.ndarray[Any, Any]) -> None:
        super().__init__()
        _, out, into, _ = kernels.shape
        self.rows_first = into == 1
        rows, cols = block_diagonal(kernels), block_diagonal(kernels.repeat(max(out, into), axis=0))
        self.register_buffer("rows", rows[:, :, :, None], persistent=False)
        self.register_buffer("cols", cols[:, :, None, :], persistent=False)

    def forward(self, image: Tensor, margin: int = 0) -> Tensor:
        """Convolve (B, bands * in^2, h, w) to (B, bands * out^2, h', w'), after adding `margin` zeros on each side."""
        if self.rows_first:
            return F.conv2d(F.conv2d(image, self.rows, padding=(margin, 0)), self.cols, padding=(0, margin))
        return F.conv2d(F.conv2d(image, self.cols, padding=(0, margin)), self.rows, padding=(margin, 0))


class BandFilter(nn.Module):
    """A convolution with one two-dimensional kernel per band.

    Args:
        kernels: (bands, taps, taps).
    """

    weight: Tensor

    def __init__(self, kernels: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self.bands = len(kernels)
        self.register_buffer("weight", torch.from_numpy(kernels).float()[:, None], persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Convolve (B, bands, h, w); the result is smaller by the kernel's reach on each side."""
        return F.conv2d(image, self.weight, groups=self.bands)


def block_diagonal(kernels: np.ndarray[Any, Any]) -> Tensor:
    """Return kernels (groups, out, in, taps) as one kernel, (groups * out, groups * in, taps), 0 between groups."""
    groups, out, into, taps = kernels.shape
    dense = np.zeros((groups, out, groups, into, taps), np.float32)
    for group, kernel in enumerate(kernels):
        dense[group, :, group] = kernel
    return torch.from_numpy(dense.reshape(groups * out, groups * into, taps))
