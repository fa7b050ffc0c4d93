"""How far off a result may be: a small network beside the generator, which it leaves as it is."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Share of the pixels whose true value lies within the interval that is given out.
INTERVAL_SHARE = 0.8
# Half the interval of a Laplace distribution that holds this share, in units of its scale.
HALF_WIDTH_PER_SCALE = -math.log(1 - INTERVAL_SHARE)

_CHANNELS = 32
_CONVOLUTIONS = 3
# exp of these, in units of the model's normalisation: 0.1 DN to 10 times the whole range.
_LOG_LIMITS = (-9.5, 2.3)
_LOG_START = -3.0


class UncertaintyHead(nn.Module):
    """From what went into a generator and what came out to the half-width of the interval that holds 80 % of the truth.

    The errors of a generator are taken to be Laplace distributed with a scale for each pixel and band, as in Kendall
    and Gal 2017; what is left of being over- or underconfident, band by band, is one factor, from calibration.

    Args:
        inputs: number of channels that the generator sees.
        bands: number of channels that it makes.
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
            last = self.layers[-1]
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            last.weight.mul_(0.1)
            last.bias.fill_(_LOG_START)

    def forward(self, seen: Tensor, residual: Tensor) -> Tensor:
        """Logarithm of the half-width before calibration, all in units of the normalisation.

        Args:
            seen: by the generator, (B, inputs, h, w).
            residual: of the generator, pixels as channels, (B, C * scale^2, h, w).

        Returns:
            pixels as channels, (B, C * scale^2, h, w).
        """
        logarithm: Tensor = self.layers(torch.cat([seen, residual], dim=1))
        return logarithm

    def finish(self, logarithm: Tensor, std: float, margin: int = 0) -> Tensor:
        """The calibrated half-width, reflectance, float32 (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale)."""
        with torch.autocast(logarithm.device.type, enabled=False):
            half_width = std * logarithm.float().clamp(*_LOG_LIMITS).exp()
            if margin:
                half_width = half_width[..., margin:-margin, margin:-margin]
            return F.pixel_shuffle(half_width, self.scale) * self.factor[:, None, None]
