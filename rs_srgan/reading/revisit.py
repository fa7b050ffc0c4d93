"""Revisits: the pixels of one view of a place, its date, and which pixels show the ground."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.clear_sky import ClearSky, open_classification, open_mask
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.paths import existing
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.safe import is_product, open_product
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import SENTINEL2, Sensor

# In a list of masks, the entry of a revisit without a mask.
NO_MASK = "-"


@dataclass(frozen=True)
class Revisit:
    """One view of a place.

    Attributes:
        raster: pixels of the view.
        taken: day of the acquisition; None if neither the product nor the file's name states it.
        clear: mask of the pixels that show the ground; None if all pixels with data count.
        files: files of the mask that the user gave.
        compared: index of the band that registration compares; None to compare the mean of all bands.
    """

    raster: Raster
    taken: date | None
    clear: ClearSky | None
    files: Sequence[Path]
    compared: int | None

    def read(self, window: Window) -> tuple[FloatImage, Mask]:
        """Return reflectance (C, h, w) of a window inside the raster, and which pixels show the ground, (h, w)."""
        image, valid = self.raster.read(window)
        return image, valid.all(0) & self.usable(window)

    def read_gray(self, window: Window) -> tuple[FloatImage, Mask]:
        """Return one band of a window for registration, (h, w), and which pixels show the ground, (h, w)."""
        if self.compared is None:
            image, counts = self.read(window)
            return image.mean(0), counts
        gray, valid = self.raster.read_band(window, self.compared)
        return gray, valid & self.usable(window)

    def usable(self, window: Window) -> Mask:
        """Return which pixels of a window show the ground by the mask alone, (h, w); nodata is not considered."""
        if self.clear is None:
            return np.ones((window.height, window.width), bool)
        return self.clear.read(window)


@contextmanager
def open_revisit(
    path: str | Path,
    band_names: tuple[str, ...],
    stated: Stated = Stated(),
    mask: str | Path | None = None,
    sensor: Sensor = SENTINEL2,
) -> Iterator[Revisit]:
    """Open one view of a place, with its date and its mask.

    Args:
        path: path of a raster or a product; see `open_raster`.
        band_names: names of the model's bands.
        stated: what the user states about the image; see `open_raster`.
        mask: path of a mask on the image's grid or a coarser one; see `open_mask`. Without it, a product's own scene
            classification is the mask.
        sensor: the sensor that took the image.

    Raises:
        InputError: see `open_raster` and `open_mask`.
    """
    with ExitStack() as stack:
        raster = stack.enter_context(open_raster(path, band_names, stated, sensor))
        path = Path(path)
        product = open_product(path.absolute()) if is_product(path) else None
        clear, files = None, []
        if mask is not None:
            file = existing(mask)
            clear, files = open_mask(file, raster.grid, sensor, stack), [file]
        elif product and product.scene_classification:
            clear = open_classification(product, product.scene_classification, raster.grid, sensor, stack)
        compared = band_names.index(sensor.registration_band) if sensor.registration_band in band_names else None
        yield Revisit(raster, raster.taken, clear, files, compared)
