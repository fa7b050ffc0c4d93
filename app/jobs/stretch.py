"""The stretch of an image, also of one without data."""

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Stretch

# Reflectance of bright land. Pixels without data are not shown, so that any other value would do.
_BRIGHT = 0.3


def stretch_of(image: FloatImage, cut: float, gamma: float) -> Stretch:
    """Return the stretch of an image as `Stretch.of`; from 0 to bright land if a band has no data.

    Args:
        image: reflectance, (C, H, W), NaN where there is no data.
        cut: share of pixels that saturates at each end, in per cent.
        gamma: exponent of the brightness.
    """
    if np.isfinite(image).any((1, 2)).all():
        return Stretch.of(image, cut, gamma)
    return Stretch((0.0,) * len(image), (_BRIGHT,) * len(image), gamma)
