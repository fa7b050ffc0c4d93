"""What the generator is asked for: a weighted sum of named terms, in float32."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

# Below this difference Charbonnier is quadratic; about the noise of one pixel.
_CHARBONNIER_EPS = 1e-3


@dataclass(frozen=True)
class ReconstructionWeights:
    """Weight of each term; 0 leaves it out."""

    charbonnier: float = 1.0
    fft: float = 0.05
    gradient: float = 0.1
    sam: float = 0.02


def charbonnier(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean of sqrt((sr - hr)^2 + eps^2), reflectance. Source: Lai et al. 2017."""
    return torch.sqrt((sr - hr) ** 2 + _CHARBONNIER_EPS**2).mean()


def fft(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean modulus of the difference of the orthonormal spectra, reflectance. Source: Fuoli et al. 2021."""
    difference: Tensor = torch.fft.rfft2(sr - hr, norm="ortho")
    return difference.abs().mean()


def gradient(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean absolute difference of the first differences along rows and columns, reflectance per pixel."""
    error = sr - hr
    return error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()


def sam(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean spectral angle, radians. Source: Kruse et al. 1993.

    By atan2 of the cross and dot products, whose gradient stays finite where the angle is zero, unlike that of acos.
    """
    dot = (sr * hr).sum(1)
    # |a|^2 |b|^2 - (a . b)^2 = |a x b|^2; the floor keeps the root differentiable
    cross = torch.sqrt(((sr**2).sum(1) * (hr**2).sum(1) - dot**2).clamp(min=1e-10))
    return torch.atan2(cross, dot).mean()


TERMS = {"charbonnier": charbonnier, "fft": fft, "gradient": gradient, "sam": sam}


def reconstruction_terms(sr: Tensor, hr: Tensor, weights: ReconstructionWeights) -> dict[str, Tensor]:
    """The weighted terms by name; their sum is the loss.

    Args:
        sr: reflectance, (B, C, H, W).
        hr: the same shape.
        weights: of the terms.
    """
    sr, hr = sr.float(), hr.float()
    return {
        field.name: getattr(weights, field.name) * TERMS[field.name](sr, hr)
        for field in fields(weights)
        if getattr(weights, field.name)
    }
