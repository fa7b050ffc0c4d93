"""`Errand`: what a visitor of the app wants, and the pixels that rs-srgan predict gives for it."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import rasterio
from affine import Affine

from app.products.sample import write_sample_product
from rs_srgan import load_model, super_resolve
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Image

# Every name of a visitor's file begins with it: no other visitor may ever read it.
CANARY = "canary"
_BANDS = ("B04", "B03", "B02", "B08")
_MODELS = ("sisr-x2-rgbn", "sisr-x4-rgbn")
_LEAST_PX, _MOST_PX = 24, 72
# A part of the sample product, which covers 3 km north of the equator and 3 km east of 3 degrees.
_AREA, _AREA_MODEL = "3.002 0.002 3.008 0.008", "sisr-x2-rgbn"


@dataclass(frozen=True)
class Errand:
    """An image or a product with an area, and the right result.

    Attributes:
        file: the file to upload.
        model: name of the model.
        area: part of the product in degrees; empty for an image.
        result: DN of the right result, (bands, height, width).
    """

    file: Path
    model: str
    area: str
    result: Image


class Errands:
    """Makes errands, each with pixels of its own.

    Args:
        folder: an empty folder for the files.
        random: what chooses the pixels and the names.
    """

    def __init__(self, folder: Path, random: Random) -> None:
        self._folder, self._random = folder, random
        self._models: dict[str, SISR | MISR] = {name: load_model(name) for name in _MODELS}
        self._product: Errand | None = None

    def image(self, size_px: int | None = None) -> Errand:
        """Make an image of land with a random size, or with `size_px` pixels along each axis, and its right result."""
        number = np.random.default_rng(self._random.getrandbits(32))
        height, width = (size_px or self._random.randint(_LEAST_PX, _MOST_PX) for _ in range(2))
        rows, cols = np.mgrid[:height, :width]
        wave = number.uniform(4, 12, 3)
        land = 900 + 500 * np.sin(rows / wave[0]) * np.cos(cols / wave[1]) + 30 * (cols // wave[2] % 9)
        dn = np.stack([land * (1 + 0.2 * band) + number.normal(0, 40, land.shape) for band in range(len(_BANDS))])
        path = self._folder / f"{CANARY}_{self._random.randbytes(8).hex()}.tif"
        place = {"crs": "EPSG:32631", "transform": Affine(10, 0, 500_000, 0, -10, 3000)}
        size = {"count": len(_BANDS), "height": height, "width": width, "dtype": "uint16"}
        with rasterio.open(path, "w", driver="GTiff", **size, **place) as dataset:
            dataset.write(dn.clip(1, 65_535).astype(np.uint16))
            dataset.descriptions = _BANDS
        return self._errand(path, self._random.choice(_MODELS), "")

    def product(self) -> Errand:
        """Return a small product with an area, the same in each call."""
        if self._product is None:
            path = write_sample_product(self._folder)
            self._product = self._errand(path, _AREA_MODEL, _AREA)
        return self._product

    def _errand(self, path: Path, model: str, area: str) -> Errand:
        target = path.with_suffix(".right.tif")
        bbox = tuple(map(float, area.split())) or None
        super_resolve(path, target, self._models[model], bbox=bbox, progress=False)
        result = read_pixels(target)
        target.unlink()
        return Errand(path, model, area, result)


def read_pixels(path: str | Path) -> Image:
    """Read all pixels of a GeoTIFF, (bands, height, width)."""
    with rasterio.open(path, driver="GTiff") as dataset:
        pixels: Image = dataset.read()
    return pixels
