"""Alignment: put revisits of a place that are in memory on one grid, and in the tones of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.nodata import fill_from_nearest
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.registration.shift_field import ShiftField
from rs_srgan.registration.view import Pixels, Reference, SamePositions, View


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


def align(
    images: Sequence[FloatImage],
    masks: Sequence[Mask] | None = None,
    reference: int = 0,
    known: Sequence[ShiftField] | None = None,
) -> Stack:
    """Register images of one place and put them on the grid of a reference, to the nearest pixel.

    Args:
        images: reflectance of each image, (C, h, w), of equal sizes; NaN means nodata.
        masks: which pixels of each image count, (h, w), for example those without clouds; all if left out.
        reference: index of the reference.
        known: shift field of each image against the reference, if they are known; by default they are found.

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

    sources = [_in_memory(image, count) for image, count in zip(filled, counts, strict=True)]
    first = Reference(sources[reference])
    views, mask, offsets, fields = [], [], [], []
    for at, source in enumerate(sources):
        field = None if known is None else known[at]
        view = View(source, SamePositions(), first, whole, samples=[whole], field=field)
        if at == reference:
            pixels = filled[at], counts[at], np.zeros((2, height, width), np.float32)
        else:
            pixels = view.pixels(whole)
        views.append(pixels[0])
        mask.append(pixels[1] & (view.registered or at == reference))
        offsets.append(pixels[2])
        fields.append(view.field)
    return Stack(np.stack(views), np.stack(mask), np.stack(offsets), fields, reference)


def _in_memory(image: FloatImage, counts: Mask) -> Pixels:
    """Return the pixels of an image without gaps, (C, h, w), that counts where `counts` is True, (h, w)."""
    gray: FloatImage = image.mean(0)
    return Pixels(
        lambda window: (image[:, *window.slices], counts[window.slices]),
        lambda window: (gray[window.slices], counts[window.slices]),
        *image.shape,
    )
