"""The sensor model: one source of truth for the training data, the models and the metrics.

A band at `scale` times the pixel size is the sharp image, blurred by a Gaussian whose modulation transfer at the coarse
Nyquist frequency is the sensor's, and sampled at the centres of the coarse pixels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, KERNEL_WIDTH_LR_PX, degrade, psf_kernel

BICUBIC_REACH_LR_PX = 2
SHARPEN_REACH_LR_PX = 3
# What limits the sharpening, and with it the noise: less leaves less unexplained, and makes more of noise. At x4 0.15
# leaves 2.2 DN of real images (`python -m benchmarks.quality`), 0.12 leaves 1.7 and 0.1 leaves 1.3; the noise of an
# even field becomes 1.92, 2.06 and 2.16 times as strong, and with the last it begins to show as a weave.
SHARPEN_LIMIT = 0.12


def bicubic(lr: Tensor, scale: int) -> Tensor:
    """Bicubic enlargement by `scale`, pixel footprints aligned: (B, C, h, w) -> (B, C, h * scale, w * scale)."""
    return F.interpolate(lr, scale_factor=float(scale), mode="bicubic", align_corners=False)


class ConsistencyProjection(nn.Module):
    """Bicubic enlargement plus a residual, then `sr + bicubic(sharpen(lr - degrade(sr)))`.

    So what the sensor would have seen of `sr` becomes `lr`, to a few DN. That takes one back-projection (Irani and
    Peleg 1991) and not many, because the difference is sharpened first: enlarged and seen again, a detail at the
    Nyquist frequency comes back with a quarter of its contrast, so a multiple has to go in.

    All of it is linear, which spares the fine grid: with the residual's pixels as `scale`^2 channels of the coarse grid
    (`pixel_unshuffle`), all operators are small convolutions there. Finite kernels only, so exact tiling survives it.
    Beyond its border `lr` is repeated and the residual is zero.

    Args:
        scale: 2, 4 or 8.
        mtf_nyquist: one value per band, in (0, 1), of the blur between `sr` and `lr`.
        consistent: whether to do that; else only the residual is added.
    """

    def __init__(self, scale: int, mtf_nyquist: Sequence[float], consistent: bool = True) -> None:
        super().__init__()
        self.scale = scale
        self.consistent = consistent
        up, down = _bicubic_phases(scale), _psf_phases(mtf_nyquist, scale)
        # what a coarse pixel becomes and how it is seen again: each phase's kernels one after the other
        down_up = [np.sum([np.convolve(*pair) for pair in zip(up, band, strict=True)], axis=0) for band in down]
        self.up = _Separable(np.repeat(up[None, :, None], len(down), axis=0))
        self.down = _Separable(down[:, None])
        self.down_up = _Separable(np.array(down_up)[:, None, None])
        self.sharpen = _Filter(np.array([_inverse(kernel) for kernel in down_up]))

    @property
    def reach_lr_px(self) -> int:
        """How far, in LR pixels, it looks beyond what the residual depends on."""
        return self.consistent * (DEGRADE_REACH_LR_PX + BICUBIC_REACH_LR_PX + SHARPEN_REACH_LR_PX)

    def bicubic(self, lr: Tensor) -> Tensor:
        """Bicubic enlargement of (B, C, h, w) with its pixels as channels, (B, C * scale^2, h, w)."""
        enlarged: Tensor = self.up(F.pad(lr, (BICUBIC_REACH_LR_PX,) * 4, mode="replicate"))
        return enlarged

    def forward(self, residual: Tensor, lr: Tensor) -> Tensor:
        """The residual, (B, C * scale^2, h, w), and `lr`, (B, C, h, w), to `sr`, stored as the residual is."""
        if not self.consistent:
            return residual + self.bicubic(lr)
        seen_reach = DEGRADE_REACH_LR_PX + BICUBIC_REACH_LR_PX
        margin = self.reach_lr_px + BICUBIC_REACH_LR_PX
        lr = F.pad(lr, (margin,) * 4, mode="replicate")
        unexplained = lr - self.down(residual, margin + DEGRADE_REACH_LR_PX)
        missing = _inner(unexplained, seen_reach) - self.down_up(lr)
        sr: Tensor = residual + self.up(_inner(lr, self.reach_lr_px) + self.sharpen(missing))
        return sr


def _inner(image: Tensor, margin: int) -> Tensor:
    return image[..., margin:-margin, margin:-margin]


class _Separable(nn.Module):
    """The same one-dimensional convolution of the coarse grid along the rows and along the columns.

    Bands do not mix, but the kernels are dense: libraries are slow with few channels to a group. They follow from a
    model's configuration, so they are not stored in checkpoints.

    Args:
        kernels: (bands, out, in, taps), for what one channel per band becomes (`in` = 1) or comes from (`out` = 1).
    """

    rows: Tensor
    cols: Tensor

    def __init__(self, kernels: np.ndarray[Any, Any]) -> None:
        super().__init__()
        _, out, into, _ = kernels.shape
        self.rows_first = into == 1
        rows, cols = _block_diagonal(kernels), _block_diagonal(kernels.repeat(max(out, into), axis=0))
        self.register_buffer("rows", rows[:, :, :, None], persistent=False)
        self.register_buffer("cols", cols[:, :, None, :], persistent=False)

    def forward(self, image: Tensor, margin: int = 0) -> Tensor:
        """(B, bands * in^2, h, w) to (B, bands * out^2, h', w'), with `margin` zeros around the image first."""
        if self.rows_first:
            return F.conv2d(F.conv2d(image, self.rows, padding=(margin, 0)), self.cols, padding=(0, margin))
        return F.conv2d(F.conv2d(image, self.cols, padding=(0, margin)), self.rows, padding=(margin, 0))


def _block_diagonal(kernels: np.ndarray[Any, Any]) -> Tensor:
    """(groups, out, in, taps) to (groups * out, groups * in, taps), zero between groups."""
    groups, out, into, taps = kernels.shape
    dense = np.zeros((groups, out, groups, into, taps), np.float32)
    for group, kernel in enumerate(kernels):
        dense[group, :, group] = kernel
    return torch.from_numpy(dense.reshape(groups * out, groups * into, taps))


def _psf_phases(mtf_nyquist: Sequence[float], scale: int) -> np.ndarray[Any, Any]:
    """`psf_kernel` as a convolution of the coarse grid, (bands, scale, taps)."""
    kernel = psf_kernel(torch.tensor(mtf_nyquist), scale).double().numpy()
    return kernel.reshape(-1, KERNEL_WIDTH_LR_PX, scale).transpose(0, 2, 1)


def _bicubic_phases(scale: int) -> np.ndarray[Any, Any]:
    """Bicubic enlargement as a convolution of the coarse grid, (scale, taps): the mirrored response to a unit pixel."""
    reach = BICUBIC_REACH_LR_PX
    unit = torch.zeros(1, 1, 1, 4 * reach + 1, dtype=torch.float64)
    unit[..., 2 * reach] = 1
    response = F.interpolate(unit, scale_factor=(1.0, float(scale)), mode="bicubic", align_corners=False)
    return response.reshape(-1, scale)[reach:-reach].flip(0).T.numpy()


class _Filter(nn.Module):
    """A convolution of the coarse grid with one kernel per band, (bands, taps, taps). Like `_Separable` not stored."""

    weight: Tensor

    def __init__(self, kernels: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self.bands = len(kernels)
        self.register_buffer("weight", torch.from_numpy(kernels).float()[:, None], persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(B, bands, h, w), smaller by what the kernels reach beyond."""
        return F.conv2d(image, self.weight, groups=self.bands)


def _inverse(kernel: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The filter that undoes `kernel` along both axes as well as its few taps can: least squares over frequencies.

    As Wiener's it holds back where next to nothing is left, which is towards the corners of the spectrum: there even
    little noise would become a weave. What is even it leaves as it is.
    """
    frequency = np.linspace(0, 0.5, 33)

    def cosines(reach: int) -> np.ndarray[Any, Any]:
        distance = np.arange(reach + 1)
        return np.where(distance, 2, 1) * np.cos(2 * np.pi * frequency[:, None] * distance)

    half = len(kernel) // 2
    along = cosines(half) @ kernel[half:]
    transfer = np.outer(along, along).ravel()
    basis = np.einsum("ri,cj->rcij", *[cosines(SHARPEN_REACH_LR_PX)] * 2).reshape(transfer.size, -1)
    # with the gain at frequency 0 fixed at 1, only what each cosine adds to that is free
    free = basis[:, 1:] - basis[0, 1:]
    wanted = np.concatenate([1 - transfer, np.full(transfer.size, -SHARPEN_LIMIT)])
    taps = np.linalg.lstsq(np.concatenate([transfer[:, None] * free, SHARPEN_LIMIT * free]), wanted, rcond=None)[0]
    quarter = np.concatenate([[1 - basis[0, 1:] @ taps], taps]).reshape((SHARPEN_REACH_LR_PX + 1,) * 2)
    distance = np.abs(np.arange(-SHARPEN_REACH_LR_PX, SHARPEN_REACH_LR_PX + 1))
    whole: np.ndarray[Any, Any] = quarter[np.ix_(distance, distance)]
    return whole


def back_projected_bicubic(lr: Tensor, scale: int, mtf_nyquist: Sequence[float], steps: int = 3) -> Tensor:
    """The baseline that every table carries: bicubic, then `steps` back-projections. No learning, no free parameter.

    Source: Irani and Peleg 1991.

    Args:
        lr: reflectance, (B, C, h, w).
        scale: 2, 4 or 8.
        mtf_nyquist: one value per band, in (0, 1).
        steps: number of back-projections.

    Returns:
        reflectance, (B, C, h * scale, w * scale).
    """
    sr = bicubic(lr, scale)
    for _ in range(steps):
        sr = sr + bicubic(lr - degrade(sr, scale, mtf_nyquist), scale)
    return sr
