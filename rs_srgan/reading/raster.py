"""Rasters: open files that are read as reflectance, window by window.

A job may continue in another thread between two windows, and GDAL keeps its settings for each thread. So every read
makes its own settings, and `close` closes the files instead of rasterio's context managers, which would keep settings.
"""

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from rs_srgan.cores import usable_cores
from rs_srgan.errors import InputError, ReadError
from rs_srgan.pixels.radiometry import LARGEST_REFLECTANCE, QUANTIFICATION, Encoding, FloatImage, Image, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import WITHOUT_SIDECARS, why_unreadable
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.rights import read_rights

# Limits of the cache of decoded blocks, for each file. A band of a Sentinel-2 tile has 11 x 11 blocks of 2 MB.
CACHE_BYTES, CACHE_BLOCKS = 64_000_000, 12


class Layer:
    """Bands of one open file.

    Args:
        name: name of the file in error messages.
        dataset: the open file.
        indexes: indexes of the bands, from 1.
        masked: whether the file has a mask other than one nodata value for all bands.
        alpha: index of an alpha band, from 1, which is none of `indexes`; None without one.
    """

    def __init__(
        self, name: str, dataset: DatasetReader, indexes: list[int], masked: bool = False, alpha: int | None = None
    ) -> None:
        self.name, self.dataset, self.masked, self.alpha = name, dataset, masked, alpha
        self._indexes, self.count = indexes, len(indexes)
        self._block_height, self._block_width = dataset.block_shapes[0]
        # decoding JPEG 2000 is slow and takes whole blocks, and several windows read parts of the same block
        self._cached = dataset.driver == "JP2OpenJPEG"
        block_bytes = self._block_height * self._block_width * len(indexes) * np.dtype(dataset.dtypes[0]).itemsize
        self._block = lru_cache(max(2, min(CACHE_BLOCKS, CACHE_BYTES // block_bytes)))(self._read_block)

    def read(self, window: Window) -> tuple[Image, Mask | None]:
        """Return DN (C, h, w) of a window, and which are valid by the file's mask, (C, h, w), or None without a mask.

        Raises:
            ReadError: the file is truncated or corrupt at the window.
        """
        return self._read(window, (window.height, window.width))

    def read_small(self, window: Window, shape: tuple[int, int]) -> tuple[Image, Mask | None]:
        """Return the same at low resolution, (C, *shape): from the file's overviews, or every nth pixel.

        Raises:
            ReadError: see `read`.
            InputError: the file names another one for its overviews, which GDAL would open.
        """
        if self.dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE"):
            raise InputError(
                f"{self.name} names another file for its overviews, which is not opened. Remove the name: "
                f"rio convert {self.name} plain.tif."
            )
        return self._read(window, shape)

    def _read(self, window: Window, shape: tuple[int, int]) -> tuple[Image, Mask | None]:
        area = _area(window)
        cached = self._cached and shape == (window.height, window.width)
        # with several threads GDAL's JPEG 2000 driver loses errors: a truncated file would silently read as zeros
        with rasterio.Env(GDAL_NUM_THREADS="1", **WITHOUT_SIDECARS):
            try:
                part = {"window": area, "out_shape": (self.count, *shape)}
                pixels: Image = self._mosaic(window) if cached else self.dataset.read(self._indexes, **part)
                mask = self.dataset.read_masks(self._indexes, **part) > 0 if self.masked else None
                if self.alpha:
                    opaque = self.dataset.read(self.alpha, window=area, out_shape=shape) > 0
                    opaque = np.broadcast_to(opaque, pixels.shape)
                    mask = opaque if mask is None else mask & opaque
            except RasterioError as error:
                raise ReadError(
                    f"{self.name} {why_unreadable(error)}: no pixels at row {window.row}, column {window.col}. "
                    "If it is damaged, copy or download it again."
                ) from None
        return pixels, mask

    def _mosaic(self, window: Window) -> Image:
        """Return the pixels of a window from cached blocks."""
        top, left = window.row // self._block_height, window.col // self._block_width
        bottom = -(-(window.row + window.height) // self._block_height)
        right = -(-(window.col + window.width) // self._block_width)
        blocks = [[self._block(row, col) for col in range(left, right)] for row in range(top, bottom)]
        origin = Window(top * self._block_height, left * self._block_width, 0, 0)
        part: Image = np.block(blocks)[:, *window.relative_to(origin).slices]
        return part

    def _read_block(self, row: int, col: int) -> Image:
        whole = Window(row * self._block_height, col * self._block_width, self._block_height, self._block_width)
        block: Image = self.dataset.read(
            self._indexes, window=_area(whole.clipped(self.dataset.height, self.dataset.width))
        )
        return block


def _area(window: Window) -> RasterioWindow:
    return RasterioWindow(window.col, window.row, window.width, window.height)


class Raster:
    """An open raster, read as reflectance in a model's bands.

    Attributes:
        name: name of the file or product.
        grid: grid of the pixels.
        descriptions: description of each band, in the model's order: the file's own, or the model's name.
        encoding: encoding of the pixels in the file.
        band_names: names of the bands, in the model's order.
        named: what named the bands, for people.
        product: whether the raster is a Sentinel-2 product, whose metadata state everything.
        taken: day of the acquisition; None if neither a product nor the file's name states it.
        files: paths of the files with the pixels.
        area_or_point: "Area" or "Point": what a pixel's coordinates mean in the file.
        rights: tags of the file that state attribution, copyright or licence; a result carries them over.
    """

    def __init__(
        self,
        name: str,
        files: Sequence[Path],
        layers: Sequence[Layer],
        descriptions: tuple[str, ...],
        encoding: Encoding,
        band_names: Sequence[str] | None = None,
        named: str = "",
        product: bool = False,
        taken: date | None = None,
    ) -> None:
        self.name = name
        self.files = files
        self.descriptions = descriptions
        self.band_names = tuple(band_names or descriptions)
        self.named, self.product, self.taken = named, product, taken
        self.encoding = encoding
        self._masked = any(layer.masked or layer.alpha for layer in layers)
        grids = {Grid.of(layer.dataset) for layer in layers}
        if len(grids) > 1:
            raise InputError(f"{name} has bands on {len(grids)} different grids; expected one. Download it again.")
        (self.grid,) = grids
        self.area_or_point = layers[0].dataset.tags().get("AREA_OR_POINT", "Area")
        self.rights = read_rights(layers[0].dataset)
        self.layers = layers
        self._pool = ThreadPoolExecutor(min(len(layers), usable_cores())) if len(layers) > 1 else None

    def read(self, window: Window) -> tuple[FloatImage, Mask]:
        """Return reflectance (C, h, w) of a window inside the raster, and which values are valid, (C, h, w).

        Raises:
            ReadError: the file is truncated or corrupt at the window.
            InputError: the values are no reflectance.
        """
        return self._reflectance(self._parts(window), self.encoding)

    def read_small(self, window: Window, shape: tuple[int, int]) -> tuple[FloatImage, Mask]:
        """Return reflectance (C, *shape) of a window at low resolution, to show it, and which values are valid.

        Raises:
            ReadError: see `read`.
        """
        return self._reflectance([layer.read_small(window, shape) for layer in self.layers], self.encoding)

    def read_stored(self, window: Window) -> tuple[Image, Mask]:
        """Return values (C, h, w) of a window as they are stored, and which are valid, (C, h, w).

        Raises:
            ReadError: the file is truncated or corrupt at the window.
        """
        parts = self._parts(window)
        stored = np.concatenate([pixels for pixels, _ in parts])
        _, valid = self.encoding.decode(stored)
        return stored, _masked(valid, parts)

    def _parts(self, window: Window) -> list[tuple[Image, Mask | None]]:
        """Return values and mask of a window from every layer."""
        if self._pool is None:
            return [layer.read(window) for layer in self.layers]
        reads = [self._pool.submit(layer.read, window) for layer in self.layers]
        wait(reads)  # for all, also if one fails, so that two threads never read the same file
        return [read.result() for read in reads]

    def read_band(self, window: Window, index: int) -> tuple[FloatImage, Mask]:
        """Return reflectance (h, w) of one band in a window, and which values are valid, (h, w).

        Files of other bands are not decoded.

        Args:
            window: window inside the raster.
            index: index of the band in the model's order, from 0.

        Raises:
            ReadError: the file is truncated or corrupt at the window.
            InputError: the values are no reflectance.
        """
        at = index
        for layer in self.layers:
            if at < layer.count:
                break
            at -= layer.count
        pixels, mask = layer.read(window)
        one = slice(at, at + 1)
        image, valid = self._reflectance(
            [(pixels[one], mask if mask is None else mask[one])], self.encoding.of_band(index)
        )
        return image[0], valid[0]

    def _reflectance(self, parts: Sequence[tuple[Image, Mask | None]], encoding: Encoding) -> tuple[FloatImage, Mask]:
        """Return the reflectance of all layers, stacked, and which values are valid."""
        image, valid = encoding.decode(np.concatenate([pixels for pixels, _ in parts]))
        valid = _masked(valid, parts)
        image[~valid] = 0
        if not np.abs(image).max(initial=0) <= LARGEST_REFLECTANCE:
            raise self._no_reflectance(image)
        return image, valid

    def _no_reflectance(self, image: FloatImage) -> InputError:
        wild = image[~(np.abs(image) <= LARGEST_REFLECTANCE)]
        floats = self.encoding.dtype.startswith("float")
        remedy = "If they are DN, state the reflectance of one: --scale 0.0001."
        if floats and not self.encoding.tagged and len(np.unique(wild)) == 1:  # a nodata value is always the same
            remedy = (
                f"If {wild[0]} means nodata, state it (--nodata {wild[0]:.9g}), or declare it in the file: "
                f"rio edit-info --nodata {wild[0]} {self.name}."
            )
        return InputError(
            f"{self.name} holds values up to {np.abs(wild).max():g} "
            f"{'as floats' if floats else 'by its scale and offset tags'}; expected reflectance, about 0..1. {remedy}"
        )

    def output_encoding(self, masked: bool = False) -> Encoding:
        """Return the encoding of a result: that of the file, or uint16 DN for a file with floats.

        Args:
            masked: whether the result will have nodata pixels although the raster may have none.
        """
        if self.encoding.dtype.startswith("float"):
            bands = len(self.encoding.gain)
            return Encoding("uint16", (1 / QUANTIFICATION,) * bands, (0.0,) * bands, 0, tagged=True)
        limits = np.iinfo(self.encoding.dtype)
        nodata = self.encoding.nodata
        if nodata is not None and not (float(nodata).is_integer() and limits.min <= nodata <= limits.max):
            nodata = None  # no pixel can have this value
        if nodata is None and (masked or self._masked or self.encoding.empty):
            nodata = 0
        return dataclasses.replace(self.encoding, nodata=nodata, empty=())

    def close(self) -> None:
        """Close all files."""
        if self._pool:
            self._pool.shutdown()
        for layer in self.layers:
            layer.dataset.close()


def _masked(valid: Mask, parts: Sequence[tuple[Image, Mask | None]]) -> Mask:
    """Return which values are valid by their own value and by the masks of the layers."""
    start = 0
    for pixels, mask in parts:
        if mask is not None:
            valid[start : start + len(pixels)] &= mask
        start += len(pixels)
    return valid
