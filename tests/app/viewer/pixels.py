"""The pixels of whole files and layers."""

import numpy as np

from app.viewer.layers import View
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN


def read(path) -> np.ndarray:
    """Return the reflectance of a whole file; NoData is NaN."""
    with open_raster(path, RGBN) as raster:
        image, valid = raster.read(Window(0, 0, raster.grid.height, raster.grid.width))
    return np.where(valid, image, np.nan)


def all_of(view: View, layer: str) -> np.ndarray:
    """Return a whole layer in SR pixels."""
    height, width = view.shape
    block = view.read(layer, Window(0, 0, height, width))
    rows, cols = np.mgrid[:height, :width] + 0.5
    return block.at(rows, cols)
