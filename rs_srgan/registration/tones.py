"""Tones: the light and haze of a view against a reference, as a gain and a bias for each band."""

from dataclasses import dataclass

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Mask

# The pixels that differ most between two dates have changed. Matching the tones leaves out this share of the pixels.
_CHANGED_SHARE = 0.3
_ROUNDS = 2
_GAINS = (0.5, 2.0)
_LEAST_PIXELS = 64


@dataclass(frozen=True)
class Tones:
    """The tones of a view against a reference: `reference = gain * view + bias` for each band.

    Attributes:
        gain: factor of each band, (C, 1, 1).
        bias: reflectance to add to each band, (C, 1, 1).
    """

    gain: FloatImage
    bias: FloatImage

    @classmethod
    def of(cls, reference: FloatImage, view: FloatImage, both: Mask) -> "Tones":
        """Estimate the tones from the spread and the mean of the pixels, without those that changed most.

        Least squares would give too small a gain, because of noise and of remaining shifts.

        Args:
            reference: reflectance, (C, n).
            view: reflectance, (C, n).
            both: which pixels count in both, (n,).
        """
        if both.sum() < _LEAST_PIXELS:
            return cls(np.ones((len(view), 1, 1), np.float32), np.zeros((len(view), 1, 1), np.float32))
        # start with quartiles: a few white roofs can have as much variance as all other pixels
        (low, middle, high), (own_low, own_middle, own_high) = (
            np.quantile(image[:, both], (0.25, 0.5, 0.75), axis=1)[..., None] for image in (reference, view)
        )
        gain = _within(high - low, own_high - own_low)
        bias = middle - gain * own_middle
        for _ in range(_ROUNDS):
            difference = np.abs(gain * view + bias - reference).mean(0)
            kept = both & (difference <= np.quantile(difference[both], 1 - _CHANGED_SHARE))
            fixed, own = reference[:, kept], view[:, kept]
            gain = _within(fixed.std(1, keepdims=True), own.std(1, keepdims=True))
            bias = fixed.mean(1, keepdims=True) - gain * own.mean(1, keepdims=True)
        return cls(gain[..., None].astype(np.float32), bias[..., None].astype(np.float32))

    def apply(self, view: FloatImage) -> FloatImage:
        """Return a view (C, h, w) in the tones of the reference."""
        toned: FloatImage = self.gain * view + self.bias
        return toned


def _within(wanted: FloatImage, own: FloatImage) -> FloatImage:
    """Return the gain from one spread to another, limited to plausible values."""
    gain: FloatImage = np.clip(wanted / np.maximum(own, 1e-6), *_GAINS)
    return gain
