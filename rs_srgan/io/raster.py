"""An open raster: where its pixels lie, and reflectance by the window.

A job may move from thread to thread between two windows, and GDAL's settings belong to a thread: so they are made anew
for every read, and files are closed by hand instead of by rasterio's context managers, which would keep settings.
"""

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from rs_srgan.errors import InputError
from rs_srgan.radiometry import LARGEST_REFLECTANCE, QUANTIFICATION, Encoding, FloatImage, Image, Mask
from rs_srgan.tiling import Window


@dataclass(frozen=True)
class Grid:
    """Where the pixels lie."""

    height: int
    width: int
    crs: CRS | None  # of the transform, or of the control points
    transform: Affine  # the identity where there is none
    control_points: tuple[tuple[float, float, float, float, float], ...] = ()  # row, col, x, y, z

    @classmethod
    def of(cls, dataset: DatasetReader) -> "Grid":
        """That of an open file."""
        points, points_crs = dataset.gcps
        kept = tuple((point.row, point.col, point.x, point.y, point.z or 0.0) for point in points)
        return cls(dataset.height, dataset.width, dataset.crs or points_crs, dataset.transform, kept)

    def scaled(self, scale: int) -> "Grid":
        """The same footprint with `scale` times the pixels along each axis."""
        transform = self.transform if self.transform.is_identity else self.transform * Affine.scale(1 / scale)
        points = tuple((row * scale, col * scale, x, y, z) for row, col, x, y, z in self.control_points)
        return Grid(self.height * scale, self.width * scale, self.crs, transform, points)


@dataclass(frozen=True)
class Layer:
    """Bands of one open file."""

    name: str
    dataset: DatasetReader
    indexes: list[int]
    masked: bool  # by something other than one nodata value for all bands
    alpha: int | None  # index of a band that says where there is data, and is none of `indexes`

    def read(self, area: RasterioWindow) -> tuple[Image, Mask | None]:
        """DN (C, h, w), and where the file's own mask lets them count, if it has one."""
        # With threads of its own the JPEG 2000 driver loses errors: a truncated file would read as zeros, silently.
        with rasterio.Env(GDAL_NUM_THREADS="1"):
            try:
                pixels: Image = self.dataset.read(self.indexes, window=area)
                mask = self.dataset.read_masks(self.indexes, window=area) > 0 if self.masked else None
                if self.alpha:
                    opaque = np.broadcast_to(self.dataset.read(self.alpha, window=area) > 0, pixels.shape)
                    mask = opaque if mask is None else mask & opaque
            except RasterioError as error:
                raise InputError(
                    f"{self.name} is truncated or corrupt: no pixels at row {area.row_off}, column {area.col_off} "
                    f"({first_line(error)}). Copy or download it again."
                ) from None
        return pixels, mask


class Raster:
    """An open raster, read as reflectance in a model's bands.

    Attributes:
        name: of the file or product, for people.
        grid: of the pixels.
        descriptions: of the bands, in the model's order: the file's own, or the model's names.
        encoding: of the pixels in the file.
        output_encoding: what a result should be written in: the file's own, uint16 DN where it held floats.
        area_or_point: what the file says a pixel's coordinates stand for, "Area" or "Point".
    """

    def __init__(self, name: str, layers: Sequence[Layer], descriptions: tuple[str, ...], encoding: Encoding) -> None:
        self.name = name
        self.descriptions = descriptions
        self.encoding = encoding
        self.output_encoding = _output_encoding(encoding, any(layer.masked or layer.alpha for layer in layers))
        grids = {Grid.of(layer.dataset) for layer in layers}
        if len(grids) > 1:
            raise InputError(f"{name} has bands on {len(grids)} different grids; expected one. Download it again.")
        (self.grid,) = grids
        self.area_or_point = layers[0].dataset.tags().get("AREA_OR_POINT", "Area")
        self._layers = layers
        self._pool = ThreadPoolExecutor(len(layers)) if len(layers) > 1 else None

    def read(self, window: Window) -> tuple[FloatImage, Mask]:
        """Reflectance (C, h, w) of a window inside the raster, and where it is valid.

        Raises:
            InputError: the file is truncated or corrupt there, or what it holds is no reflectance.
        """
        area = RasterioWindow(window.col, window.row, window.width, window.height)
        if self._pool:
            parts = list(self._pool.map(lambda layer: layer.read(area), self._layers))
        else:
            parts = [layer.read(area) for layer in self._layers]
        image, valid = self.encoding.decode(np.concatenate([pixels for pixels, _ in parts]))
        start = 0
        for pixels, mask in parts:
            if mask is not None:
                valid[start : start + len(pixels)] &= mask
            start += len(pixels)
        image[~valid] = 0
        largest = np.abs(image).max(initial=0)
        if not largest <= LARGEST_REFLECTANCE:
            what = "as floats" if self.encoding.dtype.startswith("float") else "by its scale and offset tags"
            raise InputError(
                f"{self.name} holds values up to {largest:.0f} {what}; expected reflectance, about 0..1. "
                "Save DN as uint16, with a scale of 0.0001 if it has tags."
            )
        return image, valid

    def close(self) -> None:
        """Close all files."""
        if self._pool:
            self._pool.shutdown()
        for layer in self._layers:
            layer.dataset.close()


def _output_encoding(source: Encoding, masked: bool) -> Encoding:
    if source.dtype.startswith("float"):
        bands = len(source.gain)
        return Encoding("uint16", (1 / QUANTIFICATION,) * bands, (0.0,) * bands, 0, tagged=True)
    limits = np.iinfo(source.dtype)
    nodata = source.nodata
    if nodata is not None and not (float(nodata).is_integer() and limits.min <= nodata <= limits.max):
        nodata = None  # a value that no pixel can have
    if nodata is None and masked:
        nodata = 0
    return dataclasses.replace(source, nodata=nodata)


def first_line(error: Exception) -> str:
    """GDAL's own words without its paths, which are no business of a visitor's."""
    cause = error.__cause__ or error  # rasterio's own words only point to GDAL's
    line = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return " ".join(Path(word.strip("',:")).name if "/" in word else word for word in line.split())
