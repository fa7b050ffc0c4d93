"""`checked_image`: arrays of reflectance, checked before a model sees them."""

from typing import Any

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage


def checked_image(what: str, image: np.ndarray[Any, Any], bands: tuple[str, ...]) -> FloatImage:
    """Check an image and return it as float32 reflectance, NaN where it has no data.

    Args:
        what: name of the image in error messages.
        image: reflectance, float, (C, h, w); NaN, or masked, where there is no data.
        bands: names of the expected bands.

    Raises:
        InputError: the bands do not fit, the image is empty, or its values are integers or look like DN.
    """
    given, image = image, np.asarray(image)
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
