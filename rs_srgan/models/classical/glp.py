"""GLP: MTF-GLP, the classical method that takes detail for coarse bands from finer bands of the same instrument.

Sources: Aiazzi et al. 2006 for the method; Vivone et al. 2015 for the review and for the fit of the coefficients.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.sensors.convolutions import Separable
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX, KERNEL_WIDTH_LR_PX
from rs_srgan.sensors.projection import BICUBIC_REACH_LR_PX, bicubic_phases, psf_phases

Kernels = np.ndarray[Any, Any]

# Reach of the window in which the coefficients are fitted, LR pixels. On 20 pairs of native 10 m and 20 m bands,
# windows of 17 x 17 pixels are 0.3 dB better than one fit for the whole image; windows of 49 x 49 are 0.16 dB better.
WINDOW_REACH_LR_PX = 8
# What the fit adds to the diagonal: a share of its mean plus a constant, reflectance squared. It holds the coefficients
# back where the guide bands are nearly the same, or nearly even. The constant is added before the share is taken:
# the ONNX exporter drops sums with constants below 1e-8.
_RIDGE, _NOISE = 1e-3, 1e-5


class GLP(nn.Module):
    """Detail of coarse bands, predicted from the detail of guide bands.

    With `l` the coarse bands, `s` the guide as the sensor would see it on the coarse grid, and `low` the blur of
    degrading and enlarging once more, coefficients `W` are fitted by least squares: `l - low(l) = (s - low(s)) W`. The
    detail is `(guide - bicubic(s)) W`. The fit is made around each pixel, in a window of the coarse grid, so a tile
    with a halo gives the same pixels as the whole scene.

    Args:
        scale: guide pixels per coarse pixel along each axis: 2, 4 or 8.
        mtf_nyquist: MTF of the blur between the two grids, one value per coarse band, in (0, 1).
        guide_mtf_nyquist: the same for the guide bands.
    """

    # The blur of the guide, `low`, the window, and the bicubic enlargement of `s`.
    reach_lr_px: int

    def __init__(self, scale: int, mtf_nyquist: Sequence[float], guide_mtf_nyquist: Sequence[float]) -> None:
        super().__init__()
        self.scale, self.bands, self.guides = scale, len(mtf_nyquist), len(guide_mtf_nyquist)
        down = psf_phases(guide_mtf_nyquist, scale, KERNEL_WIDTH_LR_PX)
        up = bicubic_phases(scale)
        self.down = Separable(down[:, None])
        self.up = Separable(np.repeat(up[None, :, None], self.guides, axis=0))
        low = [_low_pass(psf_phases(mtf, scale, KERNEL_WIDTH_LR_PX), up) for mtf in (mtf_nyquist, guide_mtf_nyquist)]
        self.low, self.guide_low = (Separable(each[:, None, None]) for each in low)
        self._low_reach = low[0].shape[-1] // 2
        self.reach_lr_px = DEGRADE_REACH_LR_PX + self._low_reach + max(WINDOW_REACH_LR_PX, BICUBIC_REACH_LR_PX)

    def forward(self, lr: Tensor, guide: Tensor) -> Tensor:
        """Return the detail to add to the bicubic enlargement of `lr`, float32, or float64 in a double model.

        Args:
            lr: reflectance of the coarse bands, (B, C, h, w).
            guide: reflectance of the guide bands, (B, G, h * scale, w * scale).

        Returns:
            reflectance, pixels as channels, (B, C * scale^2, h, w).
        """
        with torch.autocast(lr.device.type, enabled=False):
            lr, guide = lr.to(self.down.dtype), guide.to(self.down.dtype)
            fine = F.pixel_unshuffle(guide, self.scale)
            seen = self.down(_padded(fine, DEGRADE_REACH_LR_PX))
            detail = fine - self.up(_padded(seen, BICUBIC_REACH_LR_PX))
            wanted = lr - self.low(_padded(lr, self._low_reach))
            given = seen - self.guide_low(_padded(seen, self._low_reach))
            return self._weighted(detail, self._coefficients(wanted, given))

    def _coefficients(self, wanted: Tensor, given: Tensor) -> list[Tensor]:
        """Fit `wanted`, (B, C, h, w), by `given`, (B, G, h, w); return (B, C, h, w) for each guide band."""
        guides = range(self.guides)
        pairs = [(i, j) for i in guides for j in range(i + 1)]
        products = [given[:, i : i + 1] * given[:, j : j + 1] for i, j in pairs]
        products += [given[:, i : i + 1] * wanted for i in guides]
        means = _window_means(torch.cat(products, dim=1))
        square = {pair: means[:, at : at + 1] for at, pair in enumerate(pairs)}
        right = list(torch.split(means[:, len(pairs) :], self.bands, dim=1))
        ridge = _RIDGE * (torch.stack([square[i, i] for i in guides]).mean(0) + _NOISE)
        return _solved(square, right, ridge)

    def _weighted(self, detail: Tensor, coefficients: list[Tensor]) -> Tensor:
        """Return the sum of the guide's detail, (B, G * scale^2, h, w), each band with its coefficients."""
        batch, _, height, width = detail.shape
        phases = self.scale**2
        total = sum(
            weight[:, :, None] * band[:, None]
            for weight, band in zip(coefficients, torch.split(detail, phases, dim=1), strict=True)
        )
        assert isinstance(total, Tensor)
        return total.reshape(batch, self.bands * phases, height, width)


def _solved(square: dict[tuple[int, int], Tensor], right: list[Tensor], ridge: Tensor) -> list[Tensor]:
    """Solve the normal equations of every pixel, by the decomposition of Cholesky.

    Written out for single pixels, because batched solvers take microseconds for each small system.

    Args:
        square: lower triangle of the matrix by row and column, (B, 1, h, w) each.
        right: right sides by row, (B, C, h, w) each.
        ridge: what is added to the diagonal, (B, 1, h, w).
    """
    size = len(right)
    lower: dict[tuple[int, int], Tensor] = {}
    for i in range(size):
        for j in range(i + 1):
            rest = square[i, j] + ridge if i == j else square[i, j]
            for k in range(j):
                rest = rest - lower[i, k] * lower[j, k]
            # rounding may leave less than the ridge
            lower[i, j] = rest.maximum(ridge * 0.1).sqrt() if i == j else rest / lower[j, j]
    half: list[Tensor] = []
    for i in range(size):
        rest = right[i]
        for k in range(i):
            rest = rest - lower[i, k] * half[k]
        half.append(rest / lower[i, i])
    solved: list[Tensor] = [*half]
    for i in reversed(range(size)):
        rest = half[i]
        for k in range(i + 1, size):
            rest = rest - lower[k, i] * solved[k]
        solved[i] = rest / lower[i, i]
    return solved


def _window_means(image: Tensor) -> Tensor:
    """Return the mean of the window around each pixel; the border is repeated."""
    side = 2 * WINDOW_REACH_LR_PX + 1
    image = _padded(image, WINDOW_REACH_LR_PX)
    return F.avg_pool2d(F.avg_pool2d(image, (side, 1), stride=1), (1, side), stride=1)


def _padded(image: Tensor, margin: int) -> Tensor:
    return F.pad(image, (margin,) * 4, mode="replicate")


def _low_pass(down: Kernels, up: Kernels) -> Kernels:
    """Return the blur of degrading and enlarging, as a convolution of the fine grid, (bands, taps).

    It is the mean over all positions of the coarse grid, so it does not depend on where a tile begins.

    Args:
        down: kernels of the degradation, (bands, scale, taps).
        up: kernel of the enlargement, (scale, taps).
    """
    scale = len(up)
    enlarging = up[:, ::-1].T.reshape(-1)
    kernels = [np.convolve(band.T.reshape(-1), enlarging) / scale for band in down]
    return np.array(kernels)
