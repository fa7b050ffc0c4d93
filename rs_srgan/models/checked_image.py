"""`checked_image`: arrays of reflectance, checked before a model sees them."""

from typing import Any

import numpy as np
import torch

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage


def checked_image(what: str, image: np.ndarray[Any, Any] | torch.Tensor, bands: tuple[str, ...]) -> FloatImage:
    """Check an image and return it as float32 reflectance, NaN where it has no data.

    Args:
        what: name of the image in error messages.
        image: reflectance, float, (C, h, w); NaN, or masked, where there is no data; or a tensor.
        bands: names of the expected bands.

    Raises:
        InputError: the bands do not fit, the image is empty, or its values are integers or look like DN.
    """
    if isinstance(image, torch.Tensor):
        image = image.detach().cpu()
        image = (image.float() if image.dtype == torch.bfloat16 else image).numpy()  # numpy has no bfloat16
    given, image = image, plain_array(what, image)
    if image.ndim != 3 or image.shape[0] != len(bands) or 0 in image.shape:
        raise InputError(
            f"The {what} has shape {image.shape}; expected ({len(bands)}, height, width) "
            f"with the bands {', '.join(bands)}."
        )
    if not np.issubdtype(image.dtype, np.floating):
        raise InputError(
            f"The {what} holds {image.dtype}; expected reflectance as float: (dn + offset) / 10000, "
            "where offset is -1000 for Sentinel-2 products since baseline 04.00, else 0."
        )
    image = np.asarray(np.ma.filled(given, np.nan))
    # Clouds and sun glint have reflectances of 2 to 3; a median above 10 can only be DN.
    if np.isfinite(image).any() and np.nanmedian(np.abs(image[np.isfinite(image)])) > 10:
        raise InputError(f"The {what}'s values look like DN; expected reflectance, about 0 to 1: divide by 10000.")
    return image.astype(np.float32)


def plain_array(what: str, image: object) -> np.ndarray[Any, Any]:
    """Return an image as an array, for example of nested lists.

    Args:
        what: name of the image in error messages.
        image: what a user gave.

    Raises:
        InputError: lists of different lengths.
    """
    try:
        return np.asarray(image)
    except (TypeError, ValueError) as error:  # lists of different lengths
        reason = " ".join(str(error).split())
        raise InputError(f"The {what} is no array ({reason:.100}); expected (bands, height, width).") from None
