"""The blur of a sensor and its sampling. Training data, models and metrics all use this one model.

A band at `scale` times the pixel size is the sharp image, blurred by a Gaussian whose modulation transfer at the coarse
Nyquist frequency is the sensor's, and sampled at the centres of the coarse pixels.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

SCALES = (2, 4, 8)
# Width of the blur's kernel, coarse pixels: 4.5 standard deviations to each side for the blurriest band (B11). The
# kernel reaches two coarse pixels beyond the centre pixel, which keeps the halo of exact tiling small.
KERNEL_WIDTH_LR_PX = 5
DEGRADE_REACH_LR_PX = KERNEL_WIDTH_LR_PX // 2


def psf_sigma(mtf_nyquist: Tensor, scale: int) -> Tensor:
    """Return the standard deviation, fine pixels, of the Gaussian with an MTF at the coarse Nyquist frequency.

    The Fourier transform of a Gaussian is exp(-2 pi^2 sigma^2 f^2); the coarse Nyquist frequency is f = 1 / (2 scale).
    """
    return scale * torch.sqrt(-2 * torch.log(mtf_nyquist)) / math.pi


def wald_mtf(mtf_nyquist: Sequence[float], scale: int) -> tuple[float, ...]:
    """Return the MTF to degrade a fine image with that the same sensor took, and has already blurred once.

    Variances add: the missing blur is sigma(coarse)^2 - sigma(fine)^2. For the MTF this is the power 1 - 1/scale^2.

    Args:
        mtf_nyquist: MTF of the sensor at Nyquist, one value per band, in (0, 1).
        scale: pixel size of the coarse image over that of the fine image.

    Source: Wald et al. 1997, the protocol of reduced resolution.
    """
    return tuple(mtf ** (1 - 1 / scale**2) for mtf in mtf_nyquist)


def psf_kernel(
    mtf_nyquist: Tensor, scale: int, offset: Tensor | float = 0.0, width_lr_px: int = KERNEL_WIDTH_LR_PX
) -> Tensor:
    """Return one-dimensional blur kernels on the fine grid, each with the sum 1.

    Taps are at half-integer distances from the centre of a coarse pixel, because `scale` is even.

    Args:
        mtf_nyquist: MTF at the coarse Nyquist frequency, any shape (...), values in (0, 1).
        scale: 2, 4 or 8.
        offset: distance of the blur's centre from the pixel's centre, coarse pixels, at most 1: a number or (...).
        width_lr_px: width of the kernel, coarse pixels, an odd number.

    Returns:
        weights of the fine pixels, (..., width_lr_px * scale).
    """
    size = width_lr_px * scale
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
    """Blur with one kernel per axis and sample; the border is repeated.

    Args:
        hr: reflectance, (B, C, H, W).
        rows: kernels along the rows' axis, (C, K) for all images or (B, C, K).
        cols: kernels along the columns' axis, of the same shape.
        scale: 2, 4 or 8.
    """
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
    """Return the image `hr` as the sensor would have seen it at `scale` times the pixel size.

    Blurs each band with a Gaussian whose MTF at the coarse Nyquist frequency is the sensor's, then samples at the
    centres of the coarse pixels. The MTF includes the detector: no box average is added.

    Args:
        hr: reflectance, (B, C, H, W), H and W multiples of `scale`.
        scale: 2, 4 or 8.
        mtf_nyquist: MTF at the coarse Nyquist frequency, one value per band, (C,), or per image and band, (B, C), in
            (0, 1); see `Sensor.mtf_nyquist`.
        offset: distance of the samples from the centres of the coarse pixels, rows and columns, coarse pixels, at most
            1, (B, 2). Revisits are sampled at such offsets.

    Returns:
        reflectance, (B, C, H/scale, W/scale).

    Raises:
        ValueError: `scale` does not divide the sizes, the scale is unknown, or the number of MTF values is not that of
            the bands.

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
