"""Masks of clear sky: which pixels of an image show the ground, by a scene classification or a mask."""

import re
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from rasterio.io import DatasetReader
from scipy import ndimage

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.arrays import Array, in_memory, npy_array
from rs_srgan.reading.gdal import driver_of, open_dataset, refuse_huge_blocks
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.raster import Layer
from rs_srgan.reading.safe import SafeProduct
from rs_srgan.sensors import Sensor

# Clouds have soft edges: pixels this close to a cloud or its shadow, in pixels of the classification, are hidden, too.
_GROWTH_PX = 2
# The largest class of Sentinel-2's scene classification. Source: Sentinel-2 L2A product specification.
_LAST_CLASS = 11
# "scl" as a word of its own: not in "muscle.tif".
_CLASSES = re.compile(r"(?<![a-z])scl(?![a-z])", re.IGNORECASE)
_INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32")


class ClearSky:
    """A mask of the pixels that show the ground, on the grid of an image or on a coarser one.

    Args:
        layer: band of the open mask file.
        factor: pixels of the image per pixel of the mask, along each axis.
        sensor: the sensor whose classes the mask holds; None for a mask in which 0 means hidden. The file's own nodata
            value means hidden in both.
    """

    def __init__(self, layer: Layer, factor: int, sensor: Sensor | None) -> None:
        self.layer, self.factor, self.sensor = layer, factor, sensor

    @property
    def classes(self) -> bool:
        """True if the mask holds a scene classification."""
        return self.sensor is not None

    def read(self, window: Window) -> Mask:
        """Return which pixels of a window of the image show the ground, (h, w)."""
        clear, coarse = self._read_coarse(window)
        fine = clear.repeat(self.factor, axis=0).repeat(self.factor, axis=1)
        inside: Mask = fine[window.relative_to(coarse.scaled(self.factor)).slices]
        return inside

    def share(self, window: Window) -> float:
        """Return the clear share of a window of the image, 0 to 1."""
        return float(self._read_coarse(window)[0].mean())

    def _read_coarse(self, window: Window) -> tuple[Mask, Window]:
        """Return the mask on its own grid, and the window that it covers there."""
        factor, dataset = self.factor, self.layer.dataset
        top, left = window.row // factor, window.col // factor
        bottom, right = -(-(window.row + window.height) // factor), -(-(window.col + window.width) // factor)
        coarse = Window(top, left, bottom - top, right - left)
        around = coarse.grown(_GROWTH_PX if self.sensor else 0).clipped(dataset.height, dataset.width)
        return self._clear(self.layer.read(around)[0][0])[coarse.relative_to(around).slices], coarse

    def _clear(self, values: np.ndarray[tuple[int, ...], np.dtype[np.integer[Any]]]) -> Mask:
        nothing = values == self.layer.dataset.nodata  # nowhere, if the file has no nodata value
        if self.sensor is None:
            return np.asarray((values != 0) & ~nothing)
        clouds = np.isin(values, self.sensor.cloud_classes)
        if clouds.any():
            clouds = ndimage.binary_dilation(clouds, np.ones((3, 3), bool), _GROWTH_PX)
        return np.asarray(~clouds & ~np.isin(values, self.sensor.hidden_classes) & ~nothing & (values <= _LAST_CLASS))


def open_classification(product: SafeProduct, image: str, grid: Grid, sensor: Sensor, stack: ExitStack) -> ClearSky:
    """Open the scene classification of a product.

    Args:
        product: the product.
        image: path of its scene classification, for GDAL.
        grid: grid of the product's image.
        sensor: the sensor whose classes it holds.
        stack: the stack that closes the file.

    Raises:
        InputError: the file is corrupt, or is not on the image's grid.
    """
    return _clear_sky(PurePosixPath(image).name, product.open_image(image), grid, sensor, stack)


def open_mask(file: Path, grid: Grid, sensor: Sensor, stack: ExitStack) -> ClearSky:
    """Open a mask: a raster of one band, or an NPY file of (h, w).

    It holds the sensor's classes, if the sensor has any, when "SCL" is a word of the band's description, or a word of
    the file's name and the name does not end with "mask". Otherwise pixels other than 0 are clear.

    Args:
        file: path of the mask.
        grid: grid of the image.
        sensor: the sensor whose classes the mask may hold.
        stack: the stack that closes the file.

    Raises:
        InputError: the file cannot be read, is no mask, or is not on the image's grid.
    """
    if not file.is_file():
        raise InputError(f"{file} is no regular file; expected a mask, a raster of one band.")
    known = bool(sensor.cloud_classes)
    classes = known and bool(_CLASSES.search(file.stem)) and not file.stem.lower().endswith("mask")
    if file.suffix.lower() == ".npy":
        dataset = in_memory(_mask_array(file, grid, classes), stack)
    else:
        dataset = open_dataset(str(file), file.name, driver_of(file))
    classes = classes or (known and any(_CLASSES.search(each or "") for each in dataset.descriptions))
    return _clear_sky(file.name, dataset, grid, sensor if classes else None, stack)


def _mask_array(file: Path, grid: Grid, classes: bool) -> Array:
    """Return the mask in an NPY file as bytes, (1, h, w)."""
    array = npy_array(file)
    if array.ndim != 2 or array.dtype.kind not in "bui":
        raise InputError(f"{file.name} holds {array.dtype} of shape {array.shape}; expected integers, (height, width).")
    if array.size == 0 or array.size > grid.height * grid.width:  # before it is copied into memory
        raise _misplaced(file.name, array.shape[1], array.shape[0], grid)
    mask: Array = (np.clip(array, 0, 255) if classes else array != 0).astype(np.uint8)
    return mask[None]


def _clear_sky(name: str, dataset: DatasetReader, grid: Grid, sensor: Sensor | None, stack: ExitStack) -> ClearSky:
    stack.callback(dataset.close)
    if dataset.count != 1 or dataset.dtypes[0] not in _INTEGERS:
        raise InputError(
            f"{name} has {dataset.count} bands of {dataset.dtypes[0]}; expected a mask, one band of integers. "
            "Convert it: gdal_translate -b 1 -ot Byte."
        )
    refuse_huge_blocks(name, dataset)
    own = Grid.of(dataset)
    factor = max(1, round(grid.width / own.width))
    size = -(-grid.height // factor), -(-grid.width // factor)
    elsewhere = own.crs and grid.crs and (own.crs != grid.crs or not _same_place(own, grid, factor))
    if (own.height, own.width) != size or elsewhere:
        raise _misplaced(name, own.width, own.height, grid)
    return ClearSky(Layer(name, dataset, [1]), factor, sensor)


def _misplaced(name: str, width: int, height: int, grid: Grid) -> InputError:
    return InputError(
        f"{name} has {width} x {height} pixels, which are not on the grid of its image, {grid.width} x {grid.height}; "
        "expected the same footprint. Give a mask with pixels of the image's size or a whole multiple of it."
    )


def _same_place(own: Grid, image: Grid, factor: int) -> bool:
    """Return whether the corners of a mask are those of its image, to a tenth of the image's pixel."""
    pixel = abs(image.transform.a)
    corners = ((0.0, 0.0), (float(own.width), 0.0), (0.0, float(own.height)))
    pairs = [(own.place(col, row), image.place(col * factor, row * factor)) for col, row in corners]
    return all(abs(a - b) <= pixel / 10 for pair in pairs for a, b in zip(*pair, strict=True))
