"""The sensor model at positions other than pixel centres, as revisits sample them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, KERNEL_WIDTH_LR_PX, psf_kernel
from rs_srgan.sensors.projection import _block_diagonal

# A pixel's nearest neighbour on another grid is at most half a pixel away, and a little more where shifts vary.
LARGEST_OFFSET_LR_PX = 0.6


_OFFSET_DEGREE = 4


class OffsetDegradation(nn.Module):
    """`degrade` at other places than the centres of the coarse pixels, another one for every pixel.

    The blur's kernel, as a function of the offset, is a polynomial, in each direction of degree 4: to 0.5 % within half
    a pixel. So the image is convolved once for each power, on the coarse grid (`maps`), and what the sensor sees at any
    offset is a sum of these (`at`): exact tiling survives it, and further views cost next to nothing. Not stored.

    Args:
        scale: 2, 4 or 8.
        mtf_nyquist: one value per band, in (0, 1).
    """

    rows: Tensor
    cols: Tensor

    def __init__(self, scale: int, mtf_nyquist: Sequence[float]) -> None:
        super().__init__()
        self.bands = len(mtf_nyquist)
        kernels = _offset_phases(mtf_nyquist, scale)  # (bands, powers, scale, taps)
        powers, taps = kernels.shape[1], kernels.shape[3]
        # columns first: (band, row of the phase, column of it) to (band, row of it, power)
        self.register_buffer("cols", _block_diagonal(kernels.repeat(scale, axis=0))[:, :, None, :], persistent=False)
        rows = np.zeros((self.bands, powers, powers, self.bands, scale, powers, taps), np.float32)
        for band, kernel in enumerate(kernels):
            for power in range(powers):
                rows[band, :, power, band, :, power] = kernel
        rows = rows.reshape(self.bands * powers**2, self.bands * scale * powers, taps)
        self.register_buffer("rows", torch.from_numpy(rows)[:, :, :, None], persistent=False)

    def maps(self, image: Tensor) -> Tensor:
        """The image as `at` wants it.

        Args:
            image: reflectance, pixels as channels, (B, C * scale^2, h, w).

        Returns:
            (B, C * 25, h, w), a coefficient for each power of the row's offset times each of the column's.
        """
        image = F.pad(image, (DEGRADE_REACH_LR_PX,) * 4, mode="replicate")
        return F.conv2d(F.conv2d(image, self.cols), self.rows)

    def at(self, maps: Tensor, offsets: Tensor) -> Tensor:
        """What the sensor sees.

        Args:
            maps: of `maps`.
            offsets: (B, 2, h, w), rows and columns of coarse pixels, at most 0.6; see `degrade`.

        Returns:
            reflectance, (B, C, h, w).
        """
        powers = _OFFSET_DEGREE + 1
        maps = maps.reshape(maps.shape[0], self.bands, powers, powers, *maps.shape[2:])
        down, right = (2 * offsets[:, axis, None] for axis in (0, 1))
        # as Horner does, since all terms at once would fill the memory
        rows = [_horner([maps[:, :, i, j] for j in range(powers)], right) for i in range(powers)]
        return _horner(rows, down)


def _horner(coefficients: Sequence[Tensor], x: Tensor) -> Tensor:
    """The polynomial with these coefficients, of x^0 first."""
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def monomials(offsets: Tensor, powers: Sequence[tuple[int, int]]) -> Tensor:
    """Powers of twice the offsets, (B, 2, h, w), rows and columns: (B, len(powers), h, w)."""

    def up_to(along: Tensor, largest: int) -> list[Tensor]:
        found = [torch.ones_like(along)]
        for _ in range(largest):
            found.append(found[-1] * 2 * along)
        return found

    rows = up_to(offsets[:, 0], max(i for i, _ in powers))
    cols = up_to(offsets[:, 1], max(j for _, j in powers))
    return torch.stack([rows[i] * cols[j] for i, j in powers], dim=1)


def _offset_phases(mtf_nyquist: Sequence[float], scale: int) -> np.ndarray[Any, Any]:
    """Coefficients of the powers of twice the offset in `psf_kernel`, as convolutions of the coarse grid."""
    offsets = torch.linspace(-LARGEST_OFFSET_LR_PX, LARGEST_OFFSET_LR_PX, 121, dtype=torch.float64)
    powers = (2 * offsets[:, None]) ** torch.arange(_OFFSET_DEGREE + 1)
    kernels = torch.stack([psf_kernel(torch.full_like(offsets, mtf), scale, offsets) for mtf in mtf_nyquist])
    found = torch.linalg.lstsq(powers.expand(len(kernels), -1, -1), kernels.double()).solution.numpy()
    phases: np.ndarray[Any, Any] = found.reshape(*found.shape[:2], KERNEL_WIDTH_LR_PX, scale).transpose(0, 1, 3, 2)
    return phases
