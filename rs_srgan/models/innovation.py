"""What other views of a place say of a first result: the default fusion of several revisits."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.models.edsr import ResidualBlock
from rs_srgan.physics import DEGRADE_REACH_LR_PX, OffsetDegradation, monomials

# Groups of channels, each of which trusts views in its own way.
_HEADS = 8
# What the encoder sees of an innovation depends on where it was sampled, as a polynomial of this degree.
_DEGREE = 4
# An innovation is a small share of the reflectance that the normalisation is for.
_GAIN = 5.0
_LARGEST_LOGIT = 8.0
# Differences that are even over so many pixels to each side are of the light, not of what is there.
_LOCAL_REACH = 4


class InnovationFusion(nn.Module):
    """Compares every view with what the sensor would have seen of the first result there, and corrects the result.

    The difference, the innovation of Kalman 1960, is what a view knows and the result does not: nothing if the result
    is right, whatever the view's sub-pixel position. So there is nothing to resample, and the aliased detail, which
    carries the gain, stays what it was. A shared encoder sees each innovation times the powers of its sub-pixel
    position, so that its filters are those of that position. The views are added with weights that each finds for
    itself, against a weight of 1 for no view at all, so their number and order do not matter and a view that looks like
    a cloud counts little. A few residual blocks make a correction of that, and where no view counts it is zero.

    Its result starts at zero everywhere.

    Args:
        scale: enlargement.
        mtf_nyquist: one value per band, of the blur between result and view.
        features: channels of the generator's features.
        channels: width, a multiple of 8.
        blocks: residual blocks that make the correction.
    """

    def __init__(self, scale: int, mtf_nyquist: Sequence[float], features: int, channels: int, blocks: int) -> None:
        super().__init__()
        bands = len(mtf_nyquist)
        self.sensor = OffsetDegradation(scale, mtf_nyquist)
        inputs = bands * len(_powers()) + 3 + bands
        self.encoder = nn.Sequential(
            nn.Conv2d(inputs, channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
        )
        self.trust = nn.Conv2d(channels, _HEADS, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels + _HEADS + features, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, bands * scale**2, 3, padding=1)
        self.receptive_field = DEGRADE_REACH_LR_PX + _LOCAL_REACH + 2 + 1 + 2 * blocks + 1
        for layer in (self.trust, self.tail):
            assert layer.bias is not None
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def compare(self, sr: Tensor, views: Tensor, mask: Tensor, offsets: Tensor, std: float) -> Tensor:
        """What the encoder sees of every view, always in float32, since a difference of equals is small.

        Args:
            sr: the first result, pixels as channels, (B, C * scale^2, h, w), reflectance.
            views: reflectance, (B, T, C, h, w).
            mask: where they count, (B, T, 1, h, w), 0 or 1.
            offsets: where they were sampled, see `MISR.forward`.
            std: of the normalisation.

        Returns:
            (B, T, channels, h, w), of which the first of the last three is the mask.
        """
        with torch.autocast(sr.device.type, enabled=False):
            mask, offsets = mask.float(), offsets.float()
            seen = self.sensor(sr.float(), offsets)
            # also zero where a hidden pixel holds NaN
            innovation = torch.where(mask > 0, (views.float() - seen) * (_GAIN / std), torch.zeros_like(seen))
            innovation = innovation - mask * _local_mean(innovation, mask)
            powers = monomials(offsets, _powers())
            weighted = (innovation[:, :, :, None] * powers[:, :, None]).flatten(2, 3)
            return torch.cat([weighted, mask, mask * 2 * offsets], dim=2)

    def forward(self, compared: Tensor, reference: Tensor, features: Tensor) -> Tensor:
        """The correction of the residual.

        Args:
            compared: of `compare`.
            reference: the reference view, normalised, (B, C, h, w).
            features: of the generator, (B, features, h, w).

        Returns:
            pixels as channels, (B, C * scale^2, h, w), in units of the normalisation.
        """
        encoded, trust = self._encoded(compared, reference)
        total = 1 + trust.sum(1)
        weights = (trust / total[:, None]).to(encoded.dtype)
        values = self.value(encoded).unflatten(0, trust.shape[:2]).unflatten(2, (_HEADS, -1))
        fused = (values * weights[:, :, :, None]).sum(1).flatten(1, 2)
        mixed = self.body(self.mix(torch.cat([fused, total.log().to(fused.dtype), features.to(fused.dtype)], dim=1)))
        evidence = (1 - 1 / total).mean(1, keepdim=True)
        correction: Tensor = self.tail(mixed) * evidence
        return correction

    def weights(self, compared: Tensor, reference: Tensor) -> Tensor:
        """How much of the correction each view makes, the mean over groups of channels, (B, T, h, w); at most 1 in all.

        What is left to 1 is the weight of no view, which is the first result's.
        """
        _, trust = self._encoded(compared, reference)
        return (trust / (1 + trust.sum(1, keepdim=True))).mean(2)

    def _encoded(self, compared: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
        """What the encoder makes of every view, (B * T, channels, h, w), and its trust, (B, T, heads, h, w)."""
        batch, count = compared.shape[:2]
        beside = reference[:, None].expand(-1, count, -1, -1, -1)
        encoded: Tensor = self.encoder(torch.cat([compared, beside], dim=2).flatten(0, 1))
        logits = self.trust(encoded).float().clamp(-_LARGEST_LOGIT, _LARGEST_LOGIT)
        return encoded, logits.exp().unflatten(0, (batch, count)) * compared[:, :, -3:-2]


def _local_mean(innovation: Tensor, mask: Tensor) -> Tensor:
    """Around every pixel, of what counts: light and haze, which say nothing of detail. (B, T, C, h, w)."""
    reach = (_LOCAL_REACH,) * 4
    sums, counts = (
        F.avg_pool2d(F.pad(each.flatten(0, 1), reach), 2 * _LOCAL_REACH + 1, stride=1) for each in (innovation, mask)
    )
    return (sums / counts.clamp(min=1e-3)).reshape(innovation.shape)


def _powers() -> list[tuple[int, int]]:
    """Of rows and columns."""
    return [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
