"""InnovationFusion: the default fusion, which corrects a first result by what other views show of it."""

from collections.abc import Iterator, Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.models.fusion.fusion import Fusion, FusionSettings, SingleImageModel
from rs_srgan.models.generators.edsr import ResidualBlock
from rs_srgan.sensors.offsets import OffsetDegradation, monomials

# Groups of channels; each group weights the views in its own way.
_HEADS = 8
# Degree of the polynomial of the sub-pixel offset that the encoder sees of an innovation.
_DEGREE = 4
# Factor of the innovations: they are a small share of the reflectance that the normalisation is made for.
_GAIN = 5.0
_LARGEST_LOGIT = 8.0
# The mean of an innovation over so many pixels to each side is removed: it is light and haze, not detail.
_LOCAL_REACH = 4


class InnovationFusion(Fusion):
    """Compares every view with what the sensor would have seen of the first result, and corrects the result.

    The difference, the innovation of Kalman 1960, is what a view knows and the result does not: it is zero if the
    result is right, whatever the view's sub-pixel offset. So nothing is resampled, and the aliased detail, which
    carries the gain, is kept. A shared encoder sees each innovation times the powers of its sub-pixel offset, so that
    its filters depend on the offset. The views are added with weights that each view finds for itself, against a weight
    of 1 for no view. So the number and the order of views do not matter, and a view that looks like a cloud counts
    little. A few residual blocks make a correction of the sum; where no view counts, the correction is zero.

    An untrained fusion corrects nothing.

    The attributes `*_reach` are the receptive fields of the steps, LR pixels. Engines that run the steps one by one
    use them to crop what later steps do not need.
    """

    compare_reach = _LOCAL_REACH
    evidence_reach = 2

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__(settings)
        bands, channels, blocks = len(settings.mtf_nyquist), settings.channels, settings.blocks
        self.std, self.largest_offset_lr_px = settings.reflectance_std, settings.largest_offset_lr_px
        self.sensor = OffsetDegradation(
            settings.scale, settings.mtf_nyquist, settings.psf_width_lr_px, settings.largest_offset_lr_px
        )
        inputs = bands * len(_powers()) + 3 + bands
        self.encoder = nn.Sequential(
            nn.Conv2d(inputs, channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.1, inplace=True),
        )
        self.trust = nn.Conv2d(channels, _HEADS, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels + _HEADS + settings.features, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, bands * settings.scale**2, 3, padding=1)
        self.expect_reach = self.sensor.reach_lr_px
        self.correct_reach = 1 + 2 * blocks + 1
        for layer in (self.trust, self.tail):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def added_reach_lr_px(self, single: SingleImageModel) -> int:
        """Return the reach of all steps and of the projection, which also makes the first result."""
        own = self.expect_reach + self.compare_reach + self.evidence_reach + self.correct_reach
        return own + single.projection.reach_lr_px

    def residual(
        self, single: SingleImageModel, views: Tensor, counts: Tensor, offsets: Tensor, reference: int
    ) -> Tensor:
        """Make the residual for the reference view, see `Fusion.residual`."""
        features, residual = self.look(single, views[:, reference])
        evidence = reduce(torch.add, self._evidence(single, residual, views, counts, offsets, reference))
        return self.correct(residual, features, evidence)

    def weights(
        self, single: SingleImageModel, views: Tensor, counts: Tensor, offsets: Tensor, reference: int
    ) -> Tensor:
        """Return the share of each view in the correction, the mean over groups of channels, see `Fusion.weights`.

        The reference has the weight of no view: that of the first result, which is made of the reference alone.
        """
        _, residual = self.look(single, views[:, reference])
        evidence = self._evidence(single, residual, views, counts, offsets, reference)
        trust = torch.stack([each[:, :_HEADS] for each in evidence], dim=1)
        others = (trust / (1 + trust.sum(1, keepdim=True))).mean(2)
        own = 1 - others.sum(1, keepdim=True)
        return torch.cat([others[:, :reference], own, others[:, reference:]], dim=1)

    def look(self, single: SingleImageModel, lr: Tensor) -> tuple[Tensor, Tensor]:
        """Return the generator's last features of the reference, and its residual.

        Args:
            single: the single-image model.
            lr: reflectance of the reference, (B, C, h, w).
        """
        features = single.generator.deepen(single.generator.head(single.normalised(lr)))
        return features, single.generator.enlarge(features)

    def expect(self, single: SingleImageModel, lr: Tensor, residual: Tensor) -> Tensor:
        """Make what all views are compared with, see `OffsetDegradation.maps`; in float32 or float64.

        Args:
            single: the single-image model.
            lr: reflectance of the reference, (B, C, h, w).
            residual: the generator's residual for it, pixels as channels, (B, C * scale^2, h, w).
        """
        first_result = single.finish(lr, residual, shuffled=False)
        with torch.autocast(first_result.device.type, enabled=False):
            return self.sensor.maps(first_result.to(self.sensor.dtype))

    def compare(self, expected: Tensor, view: Tensor, mask: Tensor, offsets: Tensor) -> Tensor:
        """Make what the encoder sees of a view; in float32, because the difference of nearly equal values is small.

        Args:
            expected: the result of `expect`.
            view: reflectance, (B, C, h, w).
            mask: where the view counts, 0 or 1, (B, 1, h, w).
            offsets: distance of the view's samples from the reference's pixels, LR pixels, (B, 2, h, w).

        Returns:
            (B, channels, h, w); the first of the last three channels is the mask.
        """
        mask = mask * (offsets.abs().amax(1, keepdim=True) <= self.largest_offset_lr_px)
        with torch.autocast(view.device.type, enabled=False):
            mask, offsets, view = (each.to(self.sensor.dtype) for each in (mask, offsets, view))
            seen = self.sensor.at(expected, offsets)
            # `where` also hides NaN, which a product with 0 does not.
            innovation = torch.where(mask > 0, (view - seen) * (_GAIN / self.std), torch.zeros_like(seen))
            innovation = innovation - mask * _local_mean(innovation, mask)
            powers = monomials(offsets, _powers())
            weighted = (innovation[:, :, None] * powers[:, None]).flatten(1, 2)
            return torch.cat([weighted, mask, mask * 2 * offsets], dim=1)

    def evidence(self, compared: Tensor, reference: Tensor) -> Tensor:
        """Make the evidence of one view: its trust, and its features times its trust. Evidence of views is added.

        Args:
            compared: the result of `compare`.
            reference: the normalised reference view, (B, C, h, w).

        Returns:
            float32 or float64, (B, heads + channels, h, w); zero where the view does not count.
        """
        encoded = self.encoder(torch.cat([compared, reference], dim=1).to(self.trust.weight.dtype))
        logits = self.trust(encoded).to(self.sensor.dtype).clamp(-_LARGEST_LOGIT, _LARGEST_LOGIT)
        trust = logits.exp() * compared[:, -3:-2]
        values = self.value(encoded).to(self.sensor.dtype).unflatten(1, (_HEADS, -1)) * trust[:, :, None]
        return torch.cat([trust, values.flatten(1, 2)], dim=1)

    def correct(self, residual: Tensor, features: Tensor, evidence: Tensor) -> Tensor:
        """Add the correction to the residual.

        Args:
            residual: the generator's residual, pixels as channels, (B, C * scale^2, h, w).
            features: the generator's last features, (B, features, h, w).
            evidence: the sum of the evidence of all views.

        Returns:
            the corrected residual, of the shape of `residual`.
        """
        trust, values = evidence[:, :_HEADS], evidence[:, _HEADS:]
        total = 1 + trust
        each = values.reshape(values.shape[0], _HEADS, -1, *values.shape[2:]) / total[:, :, None]
        fused = each.flatten(1, 2).to(features.dtype)
        mixed = self.body(self.mix(torch.cat([fused, total.log().to(features.dtype), features], dim=1)))
        correction: Tensor = self.tail(mixed) * (trust / total).mean(1, keepdim=True)
        return residual + correction

    def _evidence(
        self,
        single: SingleImageModel,
        residual: Tensor,
        views: Tensor,
        counts: Tensor,
        offsets: Tensor,
        reference: int,
    ) -> Iterator[Tensor]:
        """Yield the evidence of each view except the reference, one by one, so that memory does not grow with them."""
        lr = views[:, reference]
        expected, normalised = self.expect(single, lr, residual), single.normalised(lr)
        for view in range(views.shape[1]):
            if view != reference:
                compared = self.compare(expected, views[:, view], counts[:, view], offsets[:, view])
                yield self.evidence(compared, normalised)


def _local_mean(innovation: Tensor, mask: Tensor) -> Tensor:
    """Return the mean around every pixel of the pixels that count, (B, C, h, w): light and haze, not detail."""
    reach = (_LOCAL_REACH,) * 4
    sums, counts = (F.avg_pool2d(F.pad(each, reach), 2 * _LOCAL_REACH + 1, stride=1) for each in (innovation, mask))
    return sums / counts.clamp(min=1e-3)


def _powers() -> Sequence[tuple[int, int]]:
    """Return the exponents of the row's and of the column's offset."""
    return [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
