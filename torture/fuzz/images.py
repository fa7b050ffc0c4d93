"""The way in which users read an image under attack: inspect, read, and sometimes predict."""

import zlib
from pathlib import Path

import numpy as np
import rasterio
import torch

from rs_srgan.inference.super_resolve import super_resolve
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.sisr import SISR
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import without_location_warning
from rs_srgan.reading.inspection import inspect_image
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import RGBN
from torture.fuzz.reader import Wrong, nothing_appears

# Predict takes many times as long as inspect. So one input of that many gets it, and no large one.
_PREDICTED = 12
_LARGEST_PX = 20_000
_SIDE_PX = 64


def small_model() -> SISR:
    """Return the smallest model with the bands and the scale of the default one."""
    torch.manual_seed(0)
    return SISR(SISRConfig(channels=16, blocks=1, scale=2)).eval()


class Images:
    """Reads images of four bands.

    Args:
        bands: names of the bands.
    """

    def __init__(self, bands: tuple[str, ...] = RGBN) -> None:
        self._bands = bands
        self._model = small_model()

    def read(self, path: Path) -> None:
        """Read an image in the ways of inspect and predict.

        Raises:
            InputError: the image is refused.
            Wrong: pixels that are said to be valid are not finite, or a result is there that should not be.
        """
        whole = inspect_image(path, self._bands)
        str(whole)
        whole.as_json()
        with open_raster(path, self._bands) as raster:
            height, width = raster.grid.height, raster.grid.width
            tall, wide = min(height, _SIDE_PX), min(width, _SIDE_PX)
            for row, col in ((0, 0), (height - tall, width - wide)):
                image, valid = raster.read(Window(row, col, tall, wide))
                if image.shape != (len(self._bands), tall, wide) or valid.shape != image.shape:
                    raise Wrong(f"the shape is {image.shape}, not that of the window")
                if not np.isfinite(image[valid]).all():
                    raise Wrong("pixels that count as valid are not finite")
        if height * width <= _LARGEST_PX and self._is_chosen(path):
            self.predict(path, (height, width))

    @staticmethod
    def _is_chosen(path: Path) -> bool:
        file = path if path.is_file() else next(iter(sorted(path.rglob("MTD*"))), None)
        return file is not None and zlib.crc32(file.read_bytes()) % _PREDICTED == 0

    def predict(self, path: Path, shape: tuple[int, int]) -> None:
        """Super-resolve an image of this shape (H, W), and check that the result is whole or absent.

        Raises:
            InputError: the image is refused.
            Wrong: there is a result after an error, or it has another shape.
        """
        target = path.parent / "result.tif"
        target.unlink(missing_ok=True)
        with nothing_appears(target):
            super_resolve(path, target, self._model, engine="torch", precision="fp32", progress=False)
        with without_location_warning(), rasterio.open(target) as result:
            if result.shape != (2 * shape[0], 2 * shape[1]) or result.count != len(self._bands):
                raise Wrong(f"the result has {result.count} bands of {result.shape}")
            result.read()
        target.unlink()
