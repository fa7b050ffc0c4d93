"""ConsistencyProjection: the last part of every model, which makes a result agree with what the sensor saw."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.sensors.convolutions import BandFilter, Separable
from rs_srgan.sensors.mtf import KERNEL_WIDTH_LR_PX, degrade, psf_kernel

BICUBIC_REACH_LR_PX = 2
# Reach of the sharpening filter, LR pixels.
SHARPEN_REACH_LR_PX = 3
# Limit of the sharpening, and so of the noise that it amplifies. A lower limit leaves a smaller difference to the input
# and amplifies noise more. At x4, 0.15 leaves 2.2 DN of real images (`python -m benchmarks.quality`), 0.12 leaves 1.7
# and 0.1 leaves 1.3. The noise of a uniform field becomes 1.92, 2.06 and 2.16 times as strong; at 2.16 a grid pattern
# begins to show.
SHARPEN_LIMIT = 0.12


def bicubic(lr: Tensor, scale: int) -> Tensor:
    """Enlarge by `scale` with bicubic, pixel footprints aligned: (B, C, h, w) -> (B, C, h * scale, w * scale)."""
    return F.interpolate(lr, scale_factor=float(scale), mode="bicubic", align_corners=False)


class ConsistencyProjection(nn.Module):
    """Bicubic enlargement plus a residual, then `sr + bicubic(sharpen(lr - degrade(sr)))`.

    After it, the sensor would have seen `lr` in `sr`, to a few DN. One back-projection (Irani and Peleg 1991) is
    enough, because the difference is sharpened first: bicubic and the sensor reduce a detail at the Nyquist frequency
    to a quarter of its contrast, and the filter multiplies it before that.

    All steps are linear, so the fine grid is not needed: with the residual's pixels as `scale`^2 channels of the coarse
    grid (`pixel_unshuffle`), all operators are small convolutions there. All kernels are finite, so tiles stay exact.
    Beyond its border, `lr` is repeated and the residual is zero.

    Args:
        scale: 2, 4 or 8.
        mtf_nyquist: MTF of the blur between `sr` and `lr`, one value per band, in (0, 1).
        consistent: False to add the residual only.
        sharpen_limit: limit of the sharpening, see SHARPEN_LIMIT.
        sharpen_reach_lr_px: reach of the sharpening filter, LR pixels.
        psf_width_lr_px: width of the blur's kernel, LR pixels, an odd number.
    """

    def __init__(
        self,
        scale: int,
        mtf_nyquist: Sequence[float],
        consistent: bool = True,
        sharpen_limit: float = SHARPEN_LIMIT,
        sharpen_reach_lr_px: int = SHARPEN_REACH_LR_PX,
        psf_width_lr_px: int = KERNEL_WIDTH_LR_PX,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.consistent = consistent
        self.psf_reach_lr_px, self.sharpen_reach_lr_px = psf_width_lr_px // 2, sharpen_reach_lr_px
        up, down = bicubic_phases(scale), psf_phases(mtf_nyquist, scale, psf_width_lr_px)
        # What the sensor sees of an enlarged coarse pixel: the sum over the phases of one kernel after the other.
        down_up = [np.sum([np.convolve(*pair) for pair in zip(up, band, strict=True)], axis=0) for band in down]
        self.up = Separable(np.repeat(up[None, :, None], len(down), axis=0))
        self.down = Separable(down[:, None])
        self.down_up = Separable(np.array(down_up)[:, None, None])
        filters = [_sharpening(kernel, sharpen_limit, sharpen_reach_lr_px) for kernel in down_up]
        self.sharpen = BandFilter(np.array(filters))

    @property
    def dtype(self) -> torch.dtype:
        """Number format that the projection computes in: float32, or float64 in a double model."""
        return self.up.dtype

    @property
    def reach_lr_px(self) -> int:
        """Distance, LR pixels, that the projection looks beyond the pixels that the residual depends on."""
        return self.consistent * (self.psf_reach_lr_px + BICUBIC_REACH_LR_PX + self.sharpen_reach_lr_px)

    def bicubic(self, lr: Tensor) -> Tensor:
        """Enlarge (B, C, h, w) with bicubic; the pixels are channels, (B, C * scale^2, h, w)."""
        enlarged: Tensor = self.up(F.pad(lr, (BICUBIC_REACH_LR_PX,) * 4, mode="replicate"))
        return enlarged

    def forward(self, residual: Tensor, lr: Tensor) -> Tensor:
        """Make `sr` of the residual, (B, C * scale^2, h, w), and `lr`, (B, C, h, w); its pixels are channels, too."""
        if not self.consistent:
            return residual + self.bicubic(lr)
        seen_reach = self.psf_reach_lr_px + BICUBIC_REACH_LR_PX
        margin = self.reach_lr_px + BICUBIC_REACH_LR_PX
        lr = F.pad(lr, (margin,) * 4, mode="replicate")
        unexplained = lr - self.down(residual, margin + self.psf_reach_lr_px)
        missing = _inner(unexplained, seen_reach) - self.down_up(lr)
        sr: Tensor = residual + self.up(_inner(lr, self.reach_lr_px) + self.sharpen(missing))
        return sr


def back_projected_bicubic(lr: Tensor, scale: int, mtf_nyquist: Sequence[float], steps: int = 3) -> Tensor:
    """Enlarge with bicubic and back-project `steps` times: the baseline in every table, without learning.

    Source: Irani and Peleg 1991.

    Args:
        lr: reflectance, (B, C, h, w).
        scale: 2, 4 or 8.
        mtf_nyquist: MTF of the blur between the result and `lr`, one value per band, in (0, 1).
        steps: number of back-projections.

    Returns:
        reflectance, (B, C, h * scale, w * scale).
    """
    sr = bicubic(lr, scale)
    for _ in range(steps):
        sr = sr + bicubic(lr - degrade(sr, scale, mtf_nyquist), scale)
    return sr


def _inner(image: Tensor, margin: int) -> Tensor:
    return image[..., margin:-margin, margin:-margin]


def psf_phases(mtf_nyquist: Sequence[float], scale: int, width_lr_px: int) -> np.ndarray[Any, Any]:
    """Return `psf_kernel` as a convolution of the coarse grid, (bands, scale, taps)."""
    # on the CPU, also where a block chooses another device
    kernel = psf_kernel(torch.tensor(mtf_nyquist, device="cpu"), scale, width_lr_px=width_lr_px).double().numpy()
    return kernel.reshape(-1, width_lr_px, scale).transpose(0, 2, 1)


def bicubic_phases(scale: int) -> np.ndarray[Any, Any]:
    """Return bicubic enlargement as a convolution of the coarse grid, (scale, taps).

    The kernel is the mirrored response to a single pixel of value 1.
    """
    reach = BICUBIC_REACH_LR_PX
    unit = torch.zeros(1, 1, 1, 4 * reach + 1, dtype=torch.float64, device="cpu")
    unit[..., 2 * reach] = 1
    response = F.interpolate(unit, scale_factor=(1.0, float(scale)), mode="bicubic", align_corners=False)
    return response.reshape(-1, scale)[reach:-reach].flip(0).T.numpy()


def _sharpening(kernel: np.ndarray[Any, Any], limit: float, reach: int) -> np.ndarray[Any, Any]:
    """Return the filter that inverts `kernel` along both axes, as well as its few taps can.

    The filter solves a least squares problem over frequencies. Like Wiener's filter it holds back at frequencies with
    little signal, towards the corners of the spectrum: there it would amplify noise to a grid pattern. It keeps
    uniform fields as they are.

    Args:
        kernel: symmetric one-dimensional kernel, an odd number of taps.
        limit: weight of the term that holds back, see SHARPEN_LIMIT.
        reach: taps on each side of the filter's centre.

    Returns:
        (2 * reach + 1, 2 * reach + 1).
    """
    frequency = np.linspace(0, 0.5, 33)

    def cosines(reach: int) -> np.ndarray[Any, Any]:
        distance = np.arange(reach + 1)
        return np.where(distance, 2, 1) * np.cos(2 * np.pi * frequency[:, None] * distance)

    half = len(kernel) // 2
    along = cosines(half) @ kernel[half:]
    transfer = np.outer(along, along).ravel()
    basis = np.einsum("ri,cj->rcij", *[cosines(reach)] * 2).reshape(transfer.size, -1)
    # The gain at frequency 0 is 1, so only what each cosine adds to that is free.
    free = basis[:, 1:] - basis[0, 1:]
    wanted = np.concatenate([1 - transfer, np.full(transfer.size, -limit)])
    taps = np.linalg.lstsq(np.concatenate([transfer[:, None] * free, limit * free]), wanted, rcond=None)[0]
    quarter = np.concatenate([[1 - basis[0, 1:] @ taps], taps]).reshape((reach + 1,) * 2)
    distance = np.abs(np.arange(-reach, reach + 1))
    whole: np.ndarray[Any, Any] = quarter[np.ix_(distance, distance)]
    return whole
