"""What other views of a place say of a first result: the default fusion of several revisits."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.models.generators.edsr import ResidualBlock
from rs_srgan.sensors.mtf import DEGRADE_REACH_LR_PX
from rs_srgan.sensors.offsets import OffsetDegradation, monomials

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

    How far each of its parts looks, in LR pixels, is said for those who leave out what later parts do not need.

    Args:
        scale: enlargement.
        mtf_nyquist: one value per band, of the blur between result and view.
        features: channels of the generator's features.
        channels: width, a multiple of 8.
        blocks: residual blocks that make the correction.
    """

    expect_reach = DEGRADE_REACH_LR_PX
    compare_reach = _LOCAL_REACH
    evidence_reach = 2

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
        self.correct_reach = 1 + 2 * blocks + 1
        self.receptive_field = self.expect_reach + self.compare_reach + self.evidence_reach + self.correct_reach
        for layer in (self.trust, self.tail):
            assert layer.bias is not None
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def expect(self, sr: Tensor) -> Tensor:
        """What any view is compared with, see `OffsetDegradation.maps`; in float32, as is the comparison.

        Args:
            sr: the first result, pixels as channels, (B, C * scale^2, h, w), reflectance.
        """
        with torch.autocast(sr.device.type, enabled=False):
            return self.sensor.maps(sr.float())

    def compare(self, expected: Tensor, view: Tensor, mask: Tensor, offsets: Tensor, std: float) -> Tensor:
        """What the encoder sees of a view, always in float32, since a difference of equals is small.

        Args:
            expected: of `expect`.
            view: reflectance, (B, C, h, w).
            mask: where it counts, (B, 1, h, w), 0 or 1.
            offsets: where it was sampled, (B, 2, h, w), see `MISR.forward`.
            std: of the normalisation.

        Returns:
            (B, channels, h, w), of which the first of the last three is the mask.
        """
        with torch.autocast(view.device.type, enabled=False):
            mask, offsets = mask.float(), offsets.float()
            seen = self.sensor.at(expected, offsets)
            # also zero where a hidden pixel holds NaN
            innovation = torch.where(mask > 0, (view.float() - seen) * (_GAIN / std), torch.zeros_like(seen))
            innovation = innovation - mask * _local_mean(innovation, mask)
            powers = monomials(offsets, _powers())
            weighted = (innovation[:, :, None] * powers[:, None]).flatten(1, 2)
            return torch.cat([weighted, mask, mask * 2 * offsets], dim=1)

    def evidence(self, compared: Tensor, reference: Tensor) -> Tensor:
        """What a view says: its trust, and its features times that. That of several views is the sum.

        Args:
            compared: of `compare`.
            reference: the reference view, normalised, (B, C, h, w).

        Returns:
            float32, (B, heads + channels, h, w); zero where it does not count.
        """
        encoded = self.encoder(torch.cat([compared, reference], dim=1))
        logits = self.trust(encoded).float().clamp(-_LARGEST_LOGIT, _LARGEST_LOGIT)
        trust = logits.exp() * compared[:, -3:-2]
        values = self.value(encoded).float().unflatten(1, (_HEADS, -1)) * trust[:, :, None]
        return torch.cat([trust, values.flatten(1, 2)], dim=1)

    def forward(self, evidence: Tensor, features: Tensor) -> Tensor:
        """The correction of the residual.

        Args:
            evidence: of all views, the sum.
            features: of the generator, (B, features, h, w).

        Returns:
            pixels as channels, (B, C * scale^2, h, w), in units of the normalisation.
        """
        trust, values = evidence[:, :_HEADS], evidence[:, _HEADS:]
        total = 1 + trust
        each = values.reshape(values.shape[0], _HEADS, -1, *values.shape[2:]) / total[:, :, None]
        fused = each.flatten(1, 2).to(features.dtype)
        mixed = self.body(self.mix(torch.cat([fused, total.log().to(features.dtype), features], dim=1)))
        correction: Tensor = self.tail(mixed) * (trust / total).mean(1, keepdim=True)
        return correction

    @staticmethod
    def weights(evidence: Sequence[Tensor]) -> Tensor:
        """How much of the correction each view makes, the mean over groups of channels, (B, T, h, w); at most 1 in all.

        What is left to 1 is the weight of no view, which is the first result's.
        """
        trust = torch.stack([each[:, :_HEADS] for each in evidence], dim=1)
        return (trust / (1 + trust.sum(1, keepdim=True))).mean(2)


def _local_mean(innovation: Tensor, mask: Tensor) -> Tensor:
    """Around every pixel, of what counts: light and haze, which say nothing of detail. (B, C, h, w)."""
    reach = (_LOCAL_REACH,) * 4
    sums, counts = (F.avg_pool2d(F.pad(each, reach), 2 * _LOCAL_REACH + 1, stride=1) for each in (innovation, mask))
    return sums / counts.clamp(min=1e-3)


def _powers() -> list[tuple[int, int]]:
    """Of rows and columns."""
    return [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
