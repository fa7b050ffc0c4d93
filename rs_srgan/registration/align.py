"""Bringing revisits of a place together: which pixel of each lies where, which count, and in whose tones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.registration.shift_field import LEAST_CONFIDENCE, Read, ShiftField
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX

# What differs most between dates is change, not light: of the pixels, this share is left out when tones are compared.
_CHANGED_SHARE = 0.3
_ROUNDS = 2
_GAINS = (0.5, 2.0)
_LEAST_PIXELS = 64


@dataclass(frozen=True)
class Tones:
    """What makes a view's reflectance the reference's: `gain * view + bias`, by band."""

    gain: FloatImage
    bias: FloatImage

    @classmethod
    def of(cls, reference: FloatImage, view: FloatImage, both: Mask) -> "Tones":
        """From the pixels, (C, n), that count in both, (n,): by their spread and middle, without what changed most.

        Spread and not least squares, which noise and what is left of a shift would bias towards a gain below 1.
        """
        if both.sum() < _LEAST_PIXELS:
            return cls(np.ones((len(view), 1, 1), np.float32), np.zeros((len(view), 1, 1), np.float32))
        # quartiles first: a few white roofs may have as much variance as all the rest
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
        """(C, h, w) in the reference's tones."""
        toned: FloatImage = self.gain * view + self.bias
        return toned


def _within(wanted: FloatImage, own: FloatImage) -> FloatImage:
    gain: FloatImage = np.clip(wanted / np.maximum(own, 1e-6), *_GAINS)
    return gain


@dataclass(frozen=True)
class Stack:
    """Views of a place on the reference's grid, as `MISR.forward` takes them.

    Attributes:
        views: reflectance, (T, C, h, w), without gaps.
        mask: where they count, (T, h, w).
        offsets: how far from the reference's pixel each was sampled, (T, 2, h, w), LR pixels.
        fields: the shifts that this follows from.
        reference: index of the view that the others lie on.
    """

    views: FloatImage
    mask: Mask
    offsets: FloatImage
    fields: list[ShiftField]
    reference: int


def nearest_pixels(shift: FloatImage) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], FloatImage]:
    """Which pixel of a view lies nearest to each of the reference's, and how far from it.

    Args:
        shift: of the view against the reference, (2, h, w).

    Returns:
        steps from a pixel's own rows and columns, whole, (2, h, w), and where that one was sampled, seen from the
        reference's pixel, (2, h, w): at most half a pixel away. Nothing is resampled, so no aliased detail is lost.
    """
    steps = np.rint(shift)
    return steps.astype(np.int64), (steps - shift).astype(np.float32)


def align(images: Sequence[FloatImage], masks: Sequence[Mask] | None = None, reference: int = 0) -> Stack:
    """Register images of one place and put them on the reference's grid, to the nearest pixel.

    Args:
        images: reflectance, (C, h, w) each, of equal sizes; NaN where there is no data.
        masks: where they count, (h, w) each, such as without clouds.
        reference: index of the one that the others are to lie on.

    Raises:
        InputError: no images, other sizes, or no such reference.
    """
    if not images or any(image.ndim != 3 or image.shape != images[0].shape for image in images):
        raise InputError(f"The views have shapes {[image.shape for image in images]}; expected equal (bands, h, w).")
    if not 0 <= reference < len(images):
        raise InputError(f"The reference is view {reference} of {len(images)}; they count from 0.")
    if masks is not None and [mask.shape for mask in masks] != [image.shape[1:] for image in images]:
        raise InputError(
            f"The masks have shapes {[mask.shape for mask in masks]}; expected {images[0].shape[1:]} each."
        )
    _, height, width = images[0].shape
    whole = Window(0, 0, height, width)
    counts = [np.asarray(np.isfinite(image).all(0)) for image in images]
    if masks is not None:
        counts = [count & np.asarray(mask, bool) for count, mask in zip(counts, masks, strict=True)]
    filled = [fill_from_nearest(np.asarray(image, np.float32), np.isfinite(image), height + width) for image in images]

    def reader(at: int) -> Read:
        gray: FloatImage = filled[at].mean(0)
        return lambda window: (gray[window.slices], counts[at][window.slices])

    views, mask, offsets, fields = [], [], [], []
    rows, cols = np.mgrid[:height, :width]
    for at, image in enumerate(filled):
        field = ShiftField.find(reader(reference), reader(at), height, width)
        steps, offset = nearest_pixels(field.at(whole) * (at != reference))
        row, col = rows + steps[0], cols + steps[1]
        inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
        row, col = row.clip(0, height - 1), col.clip(0, width - 1)
        view, count = image[:, row, col], counts[at][row, col] & inside
        if at != reference:
            count &= field.confidence >= LEAST_CONFIDENCE
            both = (count & counts[reference]).ravel()
            view = Tones.of(filled[reference].reshape(len(image), -1), view.reshape(len(image), -1), both).apply(view)
        views.append(view)
        mask.append(count)
        offsets.append(offset.clip(-LARGEST_OFFSET_LR_PX, LARGEST_OFFSET_LR_PX))
        fields.append(field)
    return Stack(np.stack(views), np.stack(mask), np.stack(offsets), fields, reference)
