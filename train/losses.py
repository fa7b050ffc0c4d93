"""Reconstruction losses: a weighted sum of named terms, in float32."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.errors import InputError
from train.lines import changes, lines_of

# Charbonnier is quadratic below this difference of reflectance, which is about the noise of one pixel.
_CHARBONNIER_EPS = 1e-3
# Side of the window of the local variance in `ldl`, pixels.
_LDL_WINDOW_PX = 7
# Length of a reflectance spectrum below which its direction is mostly noise.
_DARK = 0.01
# Smallest angle above noise, radians.
_ANGLE_FLOOR = 3e-5


@dataclass(frozen=True)
class ReconstructionWeights:
    """Weight of each reconstruction term, 0 or more; 0 leaves the term out. Functions of these names compute them."""

    charbonnier: float = 1.0
    l1: float = 0.0
    mse: float = 0.0
    fft: float = 0.05
    gradient: float = 0.1
    sam: float = 0.02
    tv: float = 0.0
    ldl: float = 0.0
    lines: float = 0.0

    def __post_init__(self) -> None:
        for name, weight in vars(self).items():
            if not weight >= 0:
                raise InputError(f"weights.{name} is {weight}; expected 0 or more.")


def require_a_loss(weights: ReconstructionWeights) -> None:
    """Check that at least one weight is above 0.

    Raises:
        InputError: all weights are 0.
    """
    if not any(vars(weights).values()):
        raise InputError("All weights of the loss are 0, so nothing is learned; give one, for example l1: 1.0.")


def charbonnier(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean of sqrt((sr - hr)^2 + eps^2), reflectance. Source: Lai et al. 2017."""
    return torch.sqrt((sr - hr) ** 2 + _CHARBONNIER_EPS**2).mean()


def l1(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean absolute difference, reflectance."""
    return (sr - hr).abs().mean()


def mse(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean square difference, reflectance squared."""
    return ((sr - hr) ** 2).mean()


def fft(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean modulus of the difference of orthonormal spectra, reflectance. Source: Fuoli et al. 2021."""
    difference: Tensor = torch.fft.rfft2(sr - hr, norm="ortho")
    return difference.abs().mean()


def gradient(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean absolute difference of first differences along rows and columns, reflectance per pixel."""
    return tv(sr - hr, hr)


def tv(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the total variation of SR, reflectance per pixel. Source: Rudin et al. 1992."""
    return sr.diff(dim=2).abs().mean() + sr.diff(dim=3).abs().mean()


def sam(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean spectral angle, radians. Source: Kruse et al. 1993.

    The angle is computed between spectra of length one, by half-angles (Kahan). It is exact for small angles, its
    gradient is finite at zero, and it does not pull dark pixels towards brightness.
    """
    a, b = (image / image.norm(dim=1, keepdim=True).clamp(min=_DARK) for image in (sr, hr))
    apart = torch.sqrt(((a - b) ** 2).sum(1) + _ANGLE_FLOOR**2)
    return 2 * torch.atan2(apart, (a + b).norm(dim=1).clamp(min=_ANGLE_FLOOR)).mean()


def ldl(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the absolute difference, weighted by its variance: artifacts cost more than missing detail.

    The weight is the local variance of the difference as a share of its maximum in the image, multiplied by the fifth
    root of the variance in the whole image. Source: Liang et al. 2022, without their second, averaged generator.
    """
    residual = (sr - hr).abs()
    with torch.no_grad():
        mean_of_error = residual.mean(1, keepdim=True)
        pad = (_LDL_WINDOW_PX // 2,) * 4
        padded = F.pad(mean_of_error, pad, mode="reflect")
        local = F.avg_pool2d(padded**2, _LDL_WINDOW_PX, 1) - F.avg_pool2d(padded, _LDL_WINDOW_PX, 1) ** 2
        weight = local.clamp(min=0) / local.amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
        weight = weight * mean_of_error.var((1, 2, 3), keepdim=True) ** 0.2
    return (weight * residual).mean()


def lines(sr: Tensor, hr: Tensor) -> Tensor:
    """Return the mean absolute change of the difference along the lines and straight edges of HR, per pixel.

    A line that is too bright or too dark all along costs nothing; beads do.
    """
    strength, direction = lines_of(hr)
    rows, cols = changes(sr - hr)
    along = rows * direction[:, :1] + cols * direction[:, 1:]
    return (strength * along.abs()).mean()


TERMS = {
    "charbonnier": charbonnier,
    "l1": l1,
    "mse": mse,
    "fft": fft,
    "gradient": gradient,
    "sam": sam,
    "tv": tv,
    "ldl": ldl,
    "lines": lines,
}


def reconstruction_terms(sr: Tensor, hr: Tensor, weights: ReconstructionWeights) -> dict[str, Tensor]:
    """Return the weighted terms by name; their sum is the loss.

    Args:
        sr: reflectance, (B, C, H, W).
        hr: the truth, of the same shape.
        weights: weight of each term.
    """
    sr, hr = sr.float(), hr.float()
    return {
        field.name: getattr(weights, field.name) * TERMS[field.name](sr, hr)
        for field in fields(weights)
        if getattr(weights, field.name)
    }
