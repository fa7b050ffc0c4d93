"""Borders: what `forward` sees beyond an image, and what it leaves out of the result."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.errors import InputError


def check_margin(margin: int, height: int, width: int) -> None:
    """Check the number of LR pixels to leave out of a result.

    Args:
        margin: LR pixels along every border.
        height: height of the image, LR pixels.
        width: width of the image, LR pixels.

    Raises:
        InputError: the margin is negative, is no whole number, or leaves no pixel.
    """
    if isinstance(margin, bool) or not isinstance(margin, int) or margin < 0:
        raise InputError(f"The margin is {margin!r}; expected a whole number of LR pixels, 0 or more.")
    if margin and 2 * margin >= min(height, width):
        raise InputError(
            f"A margin of {margin} leaves nothing of {height} x {width} pixels. Give a larger image, or a smaller "
            "margin."
        )


def check_tensor(what: str, image: object) -> None:
    """Check that `forward` is given a tensor.

    Args:
        what: name of the image in error messages.
        image: what a user gave.

    Raises:
        InputError: it is something else, for example an array of NumPy.
    """
    if not isinstance(image, Tensor):
        raise InputError(
            f"{what} is a {type(image).__name__}; expected a tensor. Use torch.from_numpy(array)[None], or "
            "model.predict(array)."
        )


def check_reflectance(what: str, image: Tensor) -> None:
    """Check that a tensor holds floating-point values, at least one.

    Args:
        what: name of the tensor in error messages.
        image: the tensor.

    Raises:
        InputError: the tensor holds integers, or it is empty.
    """
    if not image.is_floating_point():
        raise InputError(
            f"{what} holds {str(image.dtype).removeprefix('torch.')}; expected reflectance as floating point, about "
            "0 to 1: (dn + offset) / 10000, where offset is -1000 for Sentinel-2 products since baseline 04.00, else 0."
        )
    # a size that an exporter leaves free cannot be compared
    if not torch.compiler.is_compiling() and 0 in image.shape:
        raise InputError(f"{what} has shape {tuple(image.shape)}, which holds no pixel. Give at least one.")


def repeat_border(image: Tensor, pixels: int) -> Tensor:
    """Add pixels on every side of (..., H, W) by repeating the outermost ones."""
    if not pixels:
        return image
    flat = image.reshape(-1, *image.shape[-3:]) if image.dim() > 4 else image
    padded = F.pad(flat, (pixels,) * 4, mode="replicate")
    return padded.reshape(*image.shape[:-2], *padded.shape[-2:])
