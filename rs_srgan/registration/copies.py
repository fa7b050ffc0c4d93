"""Copies: images that are given several times as revisits. They hold no further information, so each is used once."""

from collections.abc import Sequence

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Mask

# Step between the pixels that are compared first, since two images differ nearly everywhere.
_STEP_PX = 31
# Largest difference of equal reflectance that was stored with another scale or offset: a fifth of a Sentinel-2 DN.
_ROUNDING = 2e-5


def holds_no_more(image: FloatImage, valid: Mask, other: FloatImage, other_valid: Mask) -> bool:
    """Return whether an image shows nothing that another one does not show: its valid pixels are equal there.

    Args:
        image: reflectance, (C, h, w).
        valid: where `image` holds data, (C, h, w).
        other: reflectance of the other image, (C, h, w).
        other_valid: where it holds data, (C, h, w).
    """
    if image.shape != other.shape:
        return False
    for step in (_STEP_PX, 1):
        some = np.s_[:, ::step, ::step]
        known = valid[some]
        if (known & ~other_valid[some]).any():
            return False
        if known.any() and np.abs(image[some] - other[some])[known].max() > _ROUNDING:
            return False
    return True


def varies(image: FloatImage, valid: Mask) -> bool:
    """Return whether an image holds more than a single value, without which equal pixels mean nothing."""
    return bool(valid.any() and np.ptp(image[valid]) > _ROUNDING)


def find_equal(images: Sequence[FloatImage], reference: int) -> dict[int, int]:
    """Find arrays that show nothing else than another one: the same pixels, or a part of them.

    Args:
        images: reflectance, (C, h, w) each, on one grid; NaN where there is no data.
        reference: index of the image that is always kept.

    Returns:
        for the index of each copy, the index of the image to use instead.
    """
    valid = [np.isfinite(image) for image in images]
    copies: dict[int, int] = {}
    order = [reference, *(index for index in range(len(images)) if index != reference)]
    for position, index in enumerate(order):
        if not varies(images[index], valid[index]):
            continue
        for earlier in (each for each in order[:position] if each not in copies):
            if not varies(images[earlier], valid[earlier]):
                continue
            if holds_no_more(images[index], valid[index], images[earlier], valid[earlier]):
                copies[index] = earlier
                break
            if holds_no_more(images[earlier], valid[earlier], images[index], valid[index]):
                if earlier == reference:
                    copies[index] = earlier  # outside the reference's data there is no result
                    break
                copies[earlier] = index
    for index, original in copies.items():
        while original in copies:
            original = copies[original]
        copies[index] = original
    return copies
