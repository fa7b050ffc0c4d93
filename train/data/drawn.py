"""Straight and gently bent lines and fields, drawn into HR crops in training.

Thin lines are rare in training images, and a network that has seen few of them breaks them into beads and field edges
into stairs where LR is aliased. A drawn line is even along its way by construction.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.errors import InputError
from rs_srgan.sensors.mtf import psf_sigma

# Standard deviation of the blur that separates the ground's detail from its brightness, LR pixels.
_GROUND_LR_PX = 2.0
# Factors on the contrast of a line, from band to band.
_COLOUR = (0.6, 1.4)
# Least reflectance of a line, in each band.
_DARKEST = 0.005


@dataclass(frozen=True)
class DrawnConfig:
    """Lines and fields that are drawn into training crops.

    Attributes:
        share: share of the crops that are drawn on, 0 to 1.
        most: greatest number of lines in a crop.
        width_lr_px: least and greatest width; wide ones are fields. The logarithm is drawn evenly.
        contrast: least and greatest difference to the mean of the crop, reflectance, brighter or darker.
        bend: greatest distance of the middle of a line from the straight way, as a share of the crop's side.
        smooth_share: share of the drawn crops whose detail is reduced, by a random factor, before the lines are drawn.
    """

    share: float = 0.0
    most: int = 3
    width_lr_px: tuple[float, float] = (0.3, 6.0)
    contrast: tuple[float, float] = (0.01, 0.12)
    bend: float = 0.1
    smooth_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("share", "smooth_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"drawn.{name} is {getattr(self, name)}; expected a share of the crops, 0 to 1.")
        for name in ("width_lr_px", "contrast"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise InputError(f"drawn.{name} is {(low, high)}; expected a least and a greatest value above 0.")
        if self.most < 1:
            raise InputError(f"drawn.most is {self.most}; expected at least 1.")


def with_lines(
    hr: Tensor, scale: int, mtf_nyquist: tuple[float, ...], drawn: DrawnConfig, generator: torch.Generator
) -> Tensor:
    """Return HR crops, a share of them with lines and fields.

    Args:
        hr: reflectance, (B, C, H, W), without NaN.
        scale: HR pixels per LR pixel along each axis.
        mtf_nyquist: MTF of the sensor at Nyquist, one value per band: lines are as sharp as it shows them on HR's grid.
        drawn: what is drawn.
        generator: random numbers, on the CPU.

    Returns:
        reflectance, (B, C, H, W).
    """
    if not drawn.share:  # draw no random numbers, so that older runs can be repeated
        return hr
    result = hr.clone()
    sigma = psf_sigma(torch.tensor(mtf_nyquist, device=hr.device), 1)
    for number in range(len(hr)):
        if _uniform(0, 1, generator) < drawn.share:
            result[number] = _drawn(hr[number], scale, sigma, drawn, generator)
    return result


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))


def _drawn(image: Tensor, scale: int, sigma: Tensor, drawn: DrawnConfig, generator: torch.Generator) -> Tensor:
    mean = image.mean((1, 2))
    if _uniform(0, 1, generator) < drawn.smooth_share:
        ground = _blurred(image, _GROUND_LR_PX * scale)
        image = ground + _uniform(0, 1, generator) * (image - ground)
    low, high = (math.log(width) for width in drawn.width_lr_px)
    for _ in range(1 + int(_uniform(0, drawn.most, generator))):
        width = math.exp(_uniform(low, high, generator)) * scale
        sign = 1 if _uniform(0, 1, generator) < 0.5 else -1
        contrast = sign * _uniform(*drawn.contrast, generator)
        colour = torch.tensor([_uniform(*_COLOUR, generator) for _ in mean]).to(image)
        brightness = (mean + contrast * colour).clamp(min=_DARKEST)
        covered = coverage(image.shape[1], image.shape[2], width, sigma, drawn.bend, generator)
        image = image + covered * (brightness[:, None, None] - image)
    return image


def coverage(height: int, width: int, line_px: float, sigma: Tensor, bend: float, generator: torch.Generator) -> Tensor:
    """Return the share of each pixel that a random line covers, seen by a Gaussian PSF, (C, H, W), 0 to 1.

    Args:
        height: rows of the crop.
        width: columns of the crop.
        line_px: width of the line, pixels.
        sigma: standard deviation of the PSF, pixels, one value per band.
        bend: greatest distance of the middle of the line from the straight way, as a share of the crop's side.
        generator: random numbers, on the CPU.
    """
    side = max(height, width)
    angle = _uniform(0, math.pi, generator)
    rows = torch.arange(height, device=sigma.device)[:, None] - _uniform(0, height - 1, generator)
    cols = torch.arange(width, device=sigma.device)[None] - _uniform(0, width - 1, generator)
    along = rows * math.sin(angle) + cols * math.cos(angle)
    distance = rows * math.cos(angle) - cols * math.sin(angle)
    distance = distance - 4 * _uniform(-bend, bend, generator) * along**2 / side
    apart = distance / (math.sqrt(2) * sigma[:, None, None])
    half = line_px / 2 / (math.sqrt(2) * sigma[:, None, None])
    covered: Tensor = (torch.erf(apart + half) - torch.erf(apart - half)) / 2
    return covered


def _blurred(image: Tensor, sigma: float) -> Tensor:
    """Return an image, (C, H, W), blurred by a Gaussian, its border repeated."""
    reach = int(3 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=image.device) / sigma) ** 2)
    kernel = (kernel / kernel.sum())[None, None]
    padded = F.pad(image[:, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel[..., None]), kernel[..., None, :])[:, 0]
