"""Convolutions of the coarse grid, with fixed kernels, that do not mix bands.

The fine grid's pixels are channels: an image of (C, h * scale, w * scale) pixels is (C * scale^2, h, w). The kernels
follow from a model's configuration, so checkpoints do not store them.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FixedKernels(nn.Module):
    """Base of modules with kernels that follow from the configuration.

    The kernels stay float32 in a model of half precision, because radiometry needs more digits; in a double model they
    are float64. They keep their values when a model moves to the meta device and back.

    Args:
        kernels: the kernels by the names of their buffers.
    """

    def __init__(self, **kernels: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self._kernels = {name: kernel.astype(np.float32) for name, kernel in kernels.items()}
        for name, kernel in self._kernels.items():
            self.register_buffer(name, torch.from_numpy(kernel), persistent=False)

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the kernels: float32, or float64 in a double model."""
        return next(self.buffers()).dtype

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        for name, kernel in self._kernels.items():
            moved = fn(getattr(self, name))
            dtype = torch.float64 if moved.dtype == torch.float64 else torch.float32
            # the layout and the device are those that `fn` gives; the values never change
            setattr(self, name, torch.empty_like(moved, dtype=dtype).copy_(torch.from_numpy(kernel)))
        return self


class Separable(FixedKernels):
    """The same one-dimensional convolution along the rows and along the columns.

    The kernels are dense although bands do not mix: libraries are slow with few channels in a group.

    Args:
        kernels: (bands, out, in, taps). `in` is 1 if one channel per band becomes `out`^2 channels; `out` is 1 if
            `in`^2 channels per band become one.
    """

    rows: Tensor
    cols: Tensor

    def __init__(self, kernels: np.ndarray[Any, Any]) -> None:
        _, out, into, _ = kernels.shape
        rows, cols = block_diagonal(kernels), block_diagonal(kernels.repeat(max(out, into), axis=0))
        super().__init__(rows=rows[:, :, :, None], cols=cols[:, :, None, :])
        self.rows_first = into == 1

    def forward(self, image: Tensor, margin: int = 0) -> Tensor:
        """Convolve (B, bands * in^2, h, w) to (B, bands * out^2, h', w'), after adding `margin` zeros on each side."""
        if self.rows_first:
            return F.conv2d(F.conv2d(image, self.rows, padding=(margin, 0)), self.cols, padding=(0, margin))
        return F.conv2d(F.conv2d(image, self.cols, padding=(0, margin)), self.rows, padding=(margin, 0))


class BandFilter(FixedKernels):
    """A convolution with one two-dimensional kernel per band.

    Args:
        kernels: (bands, taps, taps).
    """

    weight: Tensor

    def __init__(self, kernels: np.ndarray[Any, Any]) -> None:
        super().__init__(weight=kernels[:, None])
        self.bands = len(kernels)

    def forward(self, image: Tensor) -> Tensor:
        """Convolve (B, bands, h, w); the result is smaller by the kernel's reach on each side."""
        return F.conv2d(image, self.weight, groups=self.bands)


def block_diagonal(kernels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return kernels (groups, out, in, taps) as one kernel, (groups * out, groups * in, taps), 0 between groups."""
    groups, out, into, taps = kernels.shape
    dense = np.zeros((groups, out, groups, into, taps), np.float32)
    for group, kernel in enumerate(kernels):
        dense[group, :, group] = kernel
    return dense.reshape(groups * out, groups * into, taps)
