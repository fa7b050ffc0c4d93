"""Alignment: put revisits of a place on one grid, to the nearest pixel, and in the tones of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.registration.shift_field import LEAST_CONFIDENCE, Read, ShiftField
from rs_srgan.sensors.offsets import LARGEST_OFFSET_LR_PX

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


@dataclass(frozen=True)
class Stack:
    """Views of a place on the grid of a reference: the input of `MISR.forward`.

    Attributes:
        views: reflectance, (T, C, h, w), with nodata filled.
        mask: which pixels count, (T, h, w).
        offsets: distance of each sample from the reference's pixel in rows and columns, (T, 2, h, w), LR pixels.
        fields: shift field of each view against the reference.
        reference: index of the reference.
    """

    views: FloatImage
    mask: Mask
    offsets: FloatImage
    fields: list[ShiftField]
    reference: int


def nearest_pixels(shift: FloatImage) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], FloatImage]:
    """Return the pixel of a view nearest to each pixel of the reference, and its distance.

    Choosing pixels instead of resampling keeps aliased detail.

    Args:
        shift: shift of the view against the reference, rows and columns, (2, h, w), pixels.

    Returns:
        the steps from the reference's pixel to the view's pixel, whole rows and columns, (2, h, w); and the position
        where that pixel was sampled, relative to the reference's pixel, (2, h, w), within half a pixel.
    """
    steps = np.rint(shift)
    return steps.astype(np.int64), (steps - shift).astype(np.float32)


def align(images: Sequence[FloatImage], masks: Sequence[Mask] | None = None, reference: int = 0) -> Stack:
    """Register images of one place and put them on the grid of a reference, to the nearest pixel.

    Args:
        images: reflectance of each image, (C, h, w), of equal sizes; NaN means nodata.
        masks: which pixels of each image count, (h, w), for example those without clouds; all if left out.
        reference: index of the reference.

    Raises:
        InputError: there are no images, their sizes differ, or there is no such reference.
    """
    if not images or any(image.ndim != 3 or image.shape != images[0].shape for image in images):
        raise InputError(f"The views have shapes {[image.shape for image in images]}; expected equal (bands, h, w).")
    if not 0 <= reference < len(images):
        raise InputError(f"The reference is view {reference} of {len(images)}; expected 0 to {len(images) - 1}.")
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
