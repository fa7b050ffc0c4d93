"""The sensor model: one source of truth for the training data, the models and the metrics.

A band at `scale` times the pixel size is the sharp image, blurred by a Gaussian whose modulation transfer at the coarse
Nyquist frequency is the sensor's, and sampled at the centres of the coarse pixels.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

SCALES = (2, 4, 8)

# The kernel is this many coarse pixels wide: 4.5 standard deviations to each side for the blurriest band (B11), and
# a reach of just two coarse pixels, which keeps the halo of exact tiling small.
KERNEL_WIDTH_LR_PX = 5
DEGRADE_REACH_LR_PX = KERNEL_WIDTH_LR_PX // 2
BICUBIC_REACH_LR_PX = 2
SHARPEN_REACH_LR_PX = 3
# A pixel's nearest neighbour on another grid is at most half a pixel away, and a little more where shifts vary.
LARGEST_OFFSET_LR_PX = 0.6
_OFFSET_DEGREE = 4
# What limits the sharpening, and with it the noise: less leaves less unexplained, and makes more of noise. At x4 0.15
# leaves 2.2 DN of real images (`python -m benchmarks.quality`), 0.12 leaves 1.7 and 0.1 leaves 1.3; the noise of an
# even field becomes 1.92, 2.06 and 2.16 times as strong, and with the last it begins to show as a weave.
SHARPEN_LIMIT = 0.12


def psf_sigma(mtf_nyquist: Tensor, scale: int) -> Tensor:
    """Standard deviation, in fine pixels, of the Gaussian whose MTF at the coarse Nyquist frequency is `mtf_nyquist`.

    The Fourier transform of a Gaussian is exp(-2 pi^2 sigma^2 f^2); the coarse Nyquist frequency is f = 1 / (2 scale).
    """
    return scale * torch.sqrt(-2 * torch.log(mtf_nyquist)) / math.pi


def wald_mtf(mtf_nyquist: Sequence[float], scale: int) -> tuple[float, ...]:
    """The MTF to degrade with where the fine image was taken by the same sensor, so is blurred once already.

    Variances add: the blur still missing is sigma(coarse)^2 - sigma(fine)^2, which in terms of the MTF is the power
    1 - 1/scale^2.

    Source: Wald et al. 1997, the protocol of reduced resolution.
    """
    return tuple(mtf ** (1 - 1 / scale**2) for mtf in mtf_nyquist)


def psf_kernel(mtf_nyquist: Tensor, scale: int, offset: Tensor | float = 0.0) -> Tensor:
    """One-dimensional blur kernels on the fine grid, each summing to 1.

    Taps sit at half-integer distances from the centre of a coarse pixel, since `scale` is even.

    Args:
        mtf_nyquist: any shape (...), values in (0, 1).
        scale: 2, 4 or 8.
        offset: of the centre of the blur from that of the pixel, coarse pixels, at most 1; of the same shape.

    Returns:
        (..., 5 * scale), fine pixels.
    """
    size = KERNEL_WIDTH_LR_PX * scale
    distance = torch.arange(size, device=mtf_nyquist.device, dtype=torch.float64) - (size - 1) / 2
    sigma = psf_sigma(mtf_nyquist.double(), scale)[..., None]
    centre = torch.as_tensor(offset, device=mtf_nyquist.device, dtype=torch.float64)[..., None] * scale
    kernel = torch.exp(-0.5 * ((distance - centre) / sigma) ** 2)
    return (kernel / kernel.sum(-1, keepdim=True)).float()


def _check(hr: Tensor, scale: int, bands: int) -> None:
    if scale not in SCALES:
        raise ValueError(f"scale is {scale}; expected one of {SCALES}.")
    height, width = hr.shape[-2:]
    if height % scale or width % scale:
        raise ValueError(
            f"The image is {height} x {width} pixels, which {scale} does not divide. "
            f"Crop it to {height - height % scale} x {width - width % scale}."
        )
    if hr.shape[1] != bands:
        raise ValueError(f"The image has {hr.shape[1]} bands, but {bands} MTF values were given.")


def _blur_and_sample(hr: Tensor, rows: Tensor, cols: Tensor, scale: int) -> Tensor:
    """Blur with two kernels per band, (C, K), or per image and band, (B, C, K), and sample; the border is repeated."""
    batch, channels, height, width = hr.shape
    kernel = (rows[..., :, None] * cols[..., None, :]).to(hr.dtype)
    pad = (kernel.shape[-1] - scale) // 2
    image = F.pad(hr, (pad, pad, pad, pad), mode="replicate")
    if kernel.dim() == 4:  # every image its own kernel: fold the batch into the groups
        image = image.reshape(1, batch * channels, *image.shape[-2:])
    # channels_last is four times faster here on CPUs
    image = image.contiguous(memory_format=torch.channels_last)
    image = F.conv2d(image, kernel.reshape(-1, 1, *kernel.shape[-2:]), stride=scale, groups=image.shape[1])
    return image.reshape(batch, channels, height // scale, width // scale)


def degrade(hr: Tensor, scale: int, mtf_nyquist: Sequence[float] | Tensor, offset: Tensor | None = None) -> Tensor:
    """Image `hr` as the sensor would have seen it at `scale` times the pixel size.

    Blurs each band with a Gaussian whose MTF at the coarse Nyquist frequency is the sensor's, then samples at the
    centres of the coarse pixels. The MTF includes the detector: no box average is added.

    Args:
        hr: reflectance, (B, C, H, W), H and W multiples of `scale`.
        scale: 2, 4 or 8.
        mtf_nyquist: one value per band, (C,), or per image and band, (B, C), in (0, 1); Sentinel-2's are in
            `bands.SENTINEL2`.
        offset: of every image, (B, 2), rows and columns of coarse pixels, at most 1: how far from the centres of the
            coarse pixels to sample, as a revisit does.

    Returns:
        reflectance, (B, C, H/scale, W/scale).

    Raises:
        ValueError: sizes that `scale` does not divide, another scale, or as many MTF values as bands not given.

    Source: Wald et al. 1997 for the protocol; the Sentinel-2 data quality reports for the MTF values.
    """
    mtf = torch.as_tensor(mtf_nyquist, device=hr.device)
    _check(hr, scale, mtf.shape[-1])
    if offset is None:
        kernel = psf_kernel(mtf, scale)
        return _blur_and_sample(hr, kernel, kernel, scale)
    mtf = mtf.expand(hr.shape[:2])
    rows, cols = (
        psf_kernel(mtf, scale, along[:, None].expand(hr.shape[:2])) for along in offset.to(hr.device).unbind(1)
    )
    return _blur_and_sample(hr, rows, cols, scale)


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
