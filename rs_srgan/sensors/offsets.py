"""OffsetDegradation: the sensor model at positions between pixel centres, where revisits sample the ground."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.sensors.convolutions import FixedKernels, block_diagonal
from rs_srgan.sensors.mtf import KERNEL_WIDTH_LR_PX, psf_kernel

# The nearest pixel of another grid is at most half a pixel away, and a little more where shifts vary.
LARGEST_OFFSET_LR_PX = 0.6

_OFFSET_DEGREE = 4


class OffsetDegradation(FixedKernels):
    """`degrade` with samples away from the centres of the coarse pixels, by another offset for every pixel.

    The blur's kernel is approximated by a polynomial of the offset, of degree 4 in each direction, to 0.5 % within half
    a pixel. `maps` convolves the image once for each power, on the coarse grid. `at` sums the maps for any offset. So
    tiles stay exact, and further views cost little. Checkpoints do not store the kernels.

    Args:
        scale: 2, 4 or 8.
        mtf_nyquist: MTF of the blur, one value per band, in (0, 1).
        psf_width_lr_px: width of the blur's kernel, LR pixels, an odd number.
        largest_offset_lr_px: largest offset that the polynomial is fitted for, LR pixels.
    """

    rows: Tensor
    cols: Tensor

    def __init__(
        self,
        scale: int,
        mtf_nyquist: Sequence[float],
        psf_width_lr_px: int = KERNEL_WIDTH_LR_PX,
        largest_offset_lr_px: float = LARGEST_OFFSET_LR_PX,
    ) -> None:
        bands = len(mtf_nyquist)
        # (bands, powers, scale, taps)
        kernels = _offset_phases(mtf_nyquist, scale, psf_width_lr_px, largest_offset_lr_px)
        powers, taps = kernels.shape[1], kernels.shape[3]
        # Columns first: (band, row of the phase, column of the phase) to (band, row of the phase, power).
        cols = block_diagonal(kernels.repeat(scale, axis=0))
        rows = np.zeros((bands, powers, powers, bands, scale, powers, taps), np.float32)
        for band, kernel in enumerate(kernels):
            for power in range(powers):
                rows[band, :, power, band, :, power] = kernel
        rows = rows.reshape(bands * powers**2, bands * scale * powers, taps)
        super().__init__(cols=cols[:, :, None, :], rows=rows[:, :, :, None])
        self.bands, self.reach_lr_px = bands, psf_width_lr_px // 2

    def maps(self, image: Tensor) -> Tensor:
        """Convolve an image with the kernel of each power, for `at`.

        Args:
            image: reflectance, pixels as channels, (B, C * scale^2, h, w).

        Returns:
            (B, C * 25, h, w), one coefficient for each product of a power of the row's and one of the column's offset.
        """
        image = F.pad(image, (self.reach_lr_px,) * 4, mode="replicate")
        return F.conv2d(F.conv2d(image, self.cols), self.rows)

    def at(self, maps: Tensor, offsets: Tensor) -> Tensor:
        """Return what the sensor sees at the given offsets.

        Args:
            maps: the result of `maps`.
            offsets: rows and columns, coarse pixels, (B, 2, h, w), at most `largest_offset_lr_px`; see `degrade`.

        Returns:
            reflectance, (B, C, h, w).
        """
        powers = _OFFSET_DEGREE + 1
        maps = maps.reshape(maps.shape[0], self.bands, powers, powers, *maps.shape[2:])
        down, right = (2 * offsets[:, axis, None] for axis in (0, 1))
        # Horner's scheme: all terms at once would fill the memory.
        rows = [_horner([maps[:, :, i, j] for j in range(powers)], right) for i in range(powers)]
        return _horner(rows, down)


def _horner(coefficients: Sequence[Tensor], x: Tensor) -> Tensor:
    """Return the value at `x` of the polynomial with these coefficients, that of x^0 first."""
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def monomials(offsets: Tensor, powers: Sequence[tuple[int, int]]) -> Tensor:
    """Return products of powers of twice the offsets.

    Args:
        offsets: rows and columns, LR pixels, (B, 2, h, w).
        powers: exponents of the row's and of the column's offset.

    Returns:
        (B, len(powers), h, w).
    """

    def up_to(along: Tensor, largest: int) -> list[Tensor]:
        found = [torch.ones_like(along)]
        for _ in range(largest):
            found.append(found[-1] * 2 * along)
        return found

    rows = up_to(offsets[:, 0], max(i for i, _ in powers))
    cols = up_to(offsets[:, 1], max(j for _, j in powers))
    return torch.stack([rows[i] * cols[j] for i, j in powers], dim=1)


def _offset_phases(
    mtf_nyquist: Sequence[float], scale: int, width_lr_px: int, largest_offset_lr_px: float
) -> np.ndarray[Any, Any]:
    """Return `psf_kernel` as a polynomial of twice the offset: (bands, powers, scale, taps) on the coarse grid."""
    # on the CPU, also where a block chooses another device
    offsets = torch.linspace(-largest_offset_lr_px, largest_offset_lr_px, 121, dtype=torch.float64, device="cpu")
    powers = (2 * offsets[:, None]) ** torch.arange(_OFFSET_DEGREE + 1, device="cpu")
    kernels = torch.stack(
        [psf_kernel(torch.full_like(offsets, mtf), scale, offsets, width_lr_px) for mtf in mtf_nyquist]
    )
    found = torch.linalg.lstsq(powers.expand(len(kernels), -1, -1), kernels.double()).solution.numpy()
    phases: np.ndarray[Any, Any] = found.reshape(*found.shape[:2], width_lr_px, scale).transpose(0, 1, 3, 2)
    return phases
