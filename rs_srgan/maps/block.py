"""`Block`: pixels of a window of an image, which may be coarser than those of the image."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage


@dataclass(frozen=True)
class Block:
    """Pixels of an image in a window.

    Attributes:
        pixels: reflectance (C, h, w); NoData is NaN.
        top: first row, pixels of the image.
        left: first column, pixels of the image.
        unit: height and width of each pixel of the block, pixels of the image.
    """

    pixels: FloatImage
    top: float
    left: float
    unit: tuple[float, float]

    def at(self, rows: np.ndarray[Any, Any], cols: np.ndarray[Any, Any]) -> FloatImage:
        """Return the pixels that contain some places of the image, (C, *shape), NaN outside of the block."""
        _, height, width = self.pixels.shape
        # 5e-4 is far smaller than a pixel and far larger than rounding errors
        down = np.floor((rows - self.top) / self.unit[0] + 5e-4).astype(np.int64)
        right = np.floor((cols - self.left) / self.unit[1] + 5e-4).astype(np.int64)
        outside = (down < 0) | (down >= height) | (right < 0) | (right >= width)
        found: FloatImage = self.pixels[:, down.clip(0, height - 1), right.clip(0, width - 1)]
        found[:, outside] = np.nan
        return found
