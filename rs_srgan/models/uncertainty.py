"""UncertaintyHead: a small network that estimates the error of a generator's result, and does not change it."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Share of the pixels whose true value lies within the interval.
INTERVAL_SHARE = 0.8
# Half the width of the interval that holds this share of a Laplace distribution, in units of its scale.
HALF_WIDTH_PER_SCALE = -math.log(1 - INTERVAL_SHARE)

_CHANNELS = 32
_CONVOLUTIONS = 3
# Limits of the logarithm; exp of them, in units of the model's normalisation, is 0.1 DN to 10 times the whole range.
_LOG_LIMITS = (-9.5, 2.3)
_LOG_START = -3.0


class UncertaintyHead(nn.Module):
    """Estimates half the width of the interval around a result that holds the true value for 80 % of the pixels.

    It sees the generator's input and its result. The errors are assumed to be Laplace distributed with a scale for each
    pixel and band, as in Kendall and Gal 2017. One factor per band, from calibration, corrects the remaining over- or
    underconfidence.

    Args:
        inputs: number of channels that the generator sees.
        bands: number of bands that the generator makes.
        scale: enlargement.
    """

    receptive_field = _CONVOLUTIONS

    factor: Tensor

    def __init__(self, inputs: int, bands: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.layers = nn.Sequential(
            nn.Conv2d(inputs + bands * scale**2, _CHANNELS, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Conv2d(_CHANNELS, bands * scale**2, 3, padding=1),
        )
        self.register_buffer("factor", torch.ones(bands))
        with torch.no_grad():
            weight, bias = self.layers[-1].parameters()
            weight.mul_(0.1)
            bias.fill_(_LOG_START)

    def forward(self, seen: Tensor, residual: Tensor) -> Tensor:
        """Estimate the logarithm of the half-width before calibration, in units of the normalisation.

        Args:
            seen: the generator's input, (B, inputs, h, w).
            residual: the generator's result, pixels as channels, (B, C * scale^2, h, w).

        Returns:
            pixels as channels, (B, C * scale^2, h, w).
        """
        logarithm: Tensor = self.layers(torch.cat([seen, residual], dim=1))
        return logarithm

    def finish(self, logarithm: Tensor, std: float, margin: int = 0) -> Tensor:
        """Make the calibrated half-width.

        Args:
            logarithm: the result of `forward`.
            std: reflectance that the normalisation divides by.
            margin: LR pixels along every border to leave out of the result.

        Returns:
            reflectance, float32, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale).
        """
        with torch.autocast(logarithm.device.type, enabled=False):
            logarithm = logarithm.to(torch.promote_types(logarithm.dtype, torch.float32))
            half_width = std * logarithm.clamp(*_LOG_LIMITS).exp()
            if margin:
                half_width = half_width[..., margin:-margin, margin:-margin]
            return F.pixel_shuffle(half_width, self.scale) * self.factor[:, None, None]
