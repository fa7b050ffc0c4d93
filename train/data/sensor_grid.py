"""Sampling on the sensor's own grid, and resampling to the grid of the product.

A product's grid points north; the sensor's grid is turned by the direction of its orbit, and every band has its own
sub-pixel position. Products are resampled from one to the other by cubic convolution. What the sensor samples too
coarsely, for example a thin road, shows as beads. Their period belongs to the sensor's grid, not to the product's.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.sensors.mtf import psf_sigma

# Variance of white noise after cubic convolution, averaged over all sub-pixel positions. The correlation of neighbours
# is then 0.16, and that of every second pixel -0.04.
NOISE_VARIANCE = 0.663
# Reach of the blur in standard deviations, and margin of the sensor's grid around the image, LR pixels.
_BLUR_REACH, _MARGIN_LR_PX = 4.0, 3


def observe(
    hr: Tensor,
    scale: int,
    mtf_nyquist: Tensor,
    angle: Tensor,
    phase: Tensor,
    offset: Tensor | None = None,
    noise: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Return LR images that were sampled on a turned grid and resampled to the grid of the product.

    The blur is a Gaussian, so turning it changes nothing. Beyond the border of `hr`, its outermost pixels are repeated.

    Args:
        hr: reflectance, (B, C, H, W), H and W multiples of `scale`.
        scale: HR pixels per LR pixel along each axis: 2, 4 or 8.
        mtf_nyquist: MTF of the blur before the resampling, at the coarse Nyquist frequency, (B, C), in (0, 1).
        angle: angle between the two grids, degrees, (B,).
        phase: position of the sensor's grid, rows and columns, LR pixels, (B, C, 2).
        offset: distance of the product's samples from the centres of the LR pixels, LR pixels, rows and columns,
            (B, 2).
        noise: takes the samples of the sensor, (B, C, h', w'), and returns them with noise.

    Returns:
        reflectance, (B, C, H/scale, W/scale).
    """
    batch, channels, height, width = hr.shape
    size = torch.tensor([height // scale, width // scale], device=hr.device)
    middle = (size - 1) / 2
    turn = _rotation(torch.deg2rad(angle))
    # The sensor's grid covers the diagonal of the image, at whichever angle.
    sides = (torch.linalg.vector_norm(size.float()) * torch.ones(2)).ceil().long() + 2 * _MARGIN_LR_PX
    if (angle.abs() <= 45).all():
        steep = torch.deg2rad(angle.abs().max()).cpu()
        sides = (size.cpu() * steep.cos() + size.cpu().flip(0) * steep.sin()).ceil().long() + 2 * _MARGIN_LR_PX
    centre = ((sides - 1) / 2).to(hr.device)
    lattice = _lattice(sides, hr.device) - centre
    places = torch.einsum("bij,hwj->bhwi", turn, lattice)[:, None] + middle + phase[:, :, None, None]
    samples = cubic(_blurred(hr, psf_sigma(mtf_nyquist, scale)), (places + 0.5) * scale - 0.5)
    if noise is not None:
        samples = noise(samples)
    wanted = (_lattice(size, hr.device) - middle).expand(batch, channels, -1, -1, -1) - phase[:, :, None, None]
    if offset is not None:
        wanted = wanted + offset[:, None, None, None]
    return cubic(samples, torch.einsum("bji,bchwj->bchwi", turn, wanted) + centre)


def cubic(image: Tensor, places: Tensor) -> Tensor:
    """Return an image at any places, by cubic convolution; the border is repeated.

    Args:
        image: (B, C, H, W).
        places: rows and columns, pixels, whole numbers are the centres of pixels, (B, C, h, w, 2).

    Returns:
        (B, C, h, w).

    Source: Keys 1981, with a = -0.5.
    """
    height, width = image.shape[-2:]
    whole = places.floor()
    rows, cols = (_weights(part) for part in (places - whole).unbind(-1))
    top, left = (part.long() for part in whole.unbind(-1))
    flat = image.flatten(2)
    result = torch.zeros_like(places[..., 0])
    for r in range(4):
        row = (top + r - 1).clamp(0, height - 1) * width
        line = torch.zeros_like(result)
        for c in range(4):
            place = row + (left + c - 1).clamp(0, width - 1)
            line += cols[c] * flat.gather(2, place.flatten(2)).view_as(line)
        result += rows[r] * line
    return result


def _weights(share: Tensor) -> list[Tensor]:
    """Return the weights of the four pixels around a place, by its distance from the second one."""

    def near(x: Tensor) -> Tensor:
        return (1.5 * x - 2.5) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((-0.5 * x + 2.5) * x - 4) * x + 2

    return [far(1 + share), near(share), near(1 - share), far(2 - share)]


def _rotation(angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def _lattice(size: Tensor, device: torch.device) -> Tensor:
    rows, cols = (torch.arange(int(side), device=device, dtype=torch.float32) for side in size)
    return torch.stack(torch.meshgrid(rows, cols, indexing="ij"), -1)


def _blurred(hr: Tensor, sigma: Tensor) -> Tensor:
    """Blur every band of every image by a Gaussian of its own width, HR pixels, (B, C); the border is repeated."""
    batch, channels, height, width = hr.shape
    reach = int(_BLUR_REACH * sigma.max()) + 1
    distance = torch.arange(-reach, reach + 1, device=hr.device, dtype=hr.dtype)
    kernel = torch.exp(-0.5 * (distance / sigma.flatten()[:, None]) ** 2)
    kernel = (kernel / kernel.sum(-1, keepdim=True))[:, None, None]
    image = F.pad(hr, (reach,) * 4, mode="replicate").reshape(
        1, batch * channels, *(s + 2 * reach for s in (height, width))
    )
    image = F.conv2d(image, kernel, groups=batch * channels)
    image = F.conv2d(image, kernel.transpose(-1, -2), groups=batch * channels)
    return image.view_as(hr)
