"""The blur of a sensor and its sampling: one source of truth for training data, models and metrics."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

SCALES = (2, 4, 8)


# The kernel is this many coarse pixels wide: 4.5 standard deviations to each side for the blurriest band (B11), and
# a reach of just two coarse pixels, which keeps the halo of exact tiling small.
KERNEL_WIDTH_LR_PX = 5


DEGRADE_REACH_LR_PX = KERNEL_WIDTH_LR_PX // 2


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
