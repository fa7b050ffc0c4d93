"""A revisit as it lies on the disk: its pixels, its date, and which of them show the ground."""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from rasterio.io import DatasetReader
from scipy import ndimage

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.formats import find_driver
from rs_srgan.reading.gdal import driver_of, open_dataset
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import in_memory, npy_array, open_raster, refuse_huge_blocks
from rs_srgan.reading.paths import existing
from rs_srgan.reading.raster import Layer, Raster
from rs_srgan.reading.safe import SafeProduct, is_product, open_product

# Of the scene classification, Sentinel-2 L2A product specification: cloud shadow, cloud of medium and of high
# probability, thin cirrus; they have soft edges, so what is next to them does not count either.
_CLOUDS = (3, 8, 9, 10)
_GROWTH_PX = 2
# No data, saturated or defective, snow or ice.
_HIDDEN = (0, 1, 11)
_LAST_CLASS = 11
# What registration looks at, where there is such a band: near infrared sees through haze, so its shifts scatter less
# than those of the mean of all bands; and a product then has one image to decode, not four.
_COMPARED = "B08"
# In a mask, for "this file has none".
NO_MASK = "-"
_CLASSES = re.compile(r"(?<![a-z])scl(?![a-z])", re.IGNORECASE)
_INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32")
_DATE = re.compile(r"(?<!\d)(20\d\d|19\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")


class ClearSky:
    """Which pixels of an image show the ground, by a scene classification or a mask on the same or a coarser grid.

    Args:
        layer: of the open file.
        factor: pixels of the image in one of it, along each axis.
        classes: it holds Sentinel-2's scene classification; else what is not zero counts. The file's own nodata value
            does in neither.
    """

    def __init__(self, layer: Layer, factor: int, classes: bool) -> None:
        self.layer, self.factor, self.classes = layer, factor, classes

    def read(self, window: Window) -> Mask:
        """Of a window of the image, (h, w)."""
        clear, coarse = self._coarse(window)
        fine = clear.repeat(self.factor, axis=0).repeat(self.factor, axis=1)
        inside: Mask = fine[window.relative_to(coarse.scaled(self.factor)).slices]
        return inside

    def share(self, window: Window) -> float:
        """Of a window of the image."""
        return float(self._coarse(window)[0].mean())

    def _coarse(self, window: Window) -> tuple[Mask, Window]:
        """On its own grid, and what window that is there."""
        factor, dataset = self.factor, self.layer.dataset
        top, left = window.row // factor, window.col // factor
        bottom, right = -(-(window.row + window.height) // factor), -(-(window.col + window.width) // factor)
        coarse = Window(top, left, bottom - top, right - left)
        around = coarse.grown(_GROWTH_PX * self.classes).clipped(dataset.height, dataset.width)
        return self._clear(self.layer.read(around)[0][0])[coarse.relative_to(around).slices], coarse

    def _clear(self, values: np.ndarray[tuple[int, ...], np.dtype[np.integer[Any]]]) -> Mask:
        nothing = values == self.layer.dataset.nodata  # of None nowhere
        if not self.classes:
            return np.asarray((values != 0) & ~nothing)
        clouds = np.isin(values, _CLOUDS)
        if clouds.any():
            clouds = ndimage.binary_dilation(clouds, np.ones((3, 3), bool), _GROWTH_PX)
        return np.asarray(~clouds & ~np.isin(values, _HIDDEN) & ~nothing & (values <= _LAST_CLASS))


@dataclass(frozen=True)
class Revisit:
    """One view of a place.

    Attributes:
        raster: its pixels.
        taken: the day; None where neither the product nor the file's name says it.
        clear: which of them count; all that have data, if it is None.
        files: that decide on that, beside those of the raster.
        compared: index of the band that registration looks at; the mean of all, if it is None.
    """

    raster: Raster
    taken: date | None
    clear: ClearSky | None
    files: Sequence[Path]
    compared: int | None

    def read(self, window: Window) -> tuple[FloatImage, Mask]:
        """Reflectance (C, h, w) of a window inside the raster, and where it shows the ground, (h, w)."""
        image, valid = self.raster.read(window)
        return image, valid.all(0) & self.usable(window)

    def read_gray(self, window: Window) -> tuple[FloatImage, Mask]:
        """The same in one band, (h, w), for registration."""
        if self.compared is None:
            image, counts = self.read(window)
            return image.mean(0), counts
        gray, valid = self.raster.read_band(window, self.compared)
        return gray, valid & self.usable(window)

    def usable(self, window: Window) -> Mask:
        """Of a window inside the raster, without looking for data, (h, w)."""
        if self.clear is None:
            return np.ones((window.height, window.width), bool)
        return self.clear.read(window)


@contextmanager
def open_revisit(
    path: str | Path, band_names: tuple[str, ...], offset: float | None = None, mask: str | Path | None = None
) -> Iterator[Revisit]:
    """Open what `open_raster` opens, and beside it what says where the ground is seen.

    Args:
        path: see `open_raster`.
        band_names: see `open_raster`.
        offset: see `open_raster`.
        mask: a raster of one band on the same grid or a coarser one: Sentinel-2's scene classification where "SCL" is
            a word of the band's description, or of the file's name, if that does not end with "mask"; else what is not
            zero counts. An .npy holds (h, w). By default a product's own scene classification, where it has one.

    Raises:
        InputError: see `open_raster`; or a mask that cannot be read or lies elsewhere.
    """
    with ExitStack() as stack:
        raster = stack.enter_context(open_raster(path, band_names, offset))
        path = Path(path)
        product = open_product(path.absolute()) if is_product(path) else None
        taken = product.sensed.date() if product and product.sensed else _date_in(path.name)
        if mask is not None:
            file = existing(mask)
            clear, files = _from_file(file, raster.grid, stack), [file]
        elif product and product.scene_classification:
            clear, files = _from_product(product, product.scene_classification, raster.grid, stack), []
        else:
            clear, files = None, []
        compared = band_names.index(_COMPARED) if _COMPARED in band_names else None
        yield Revisit(raster, taken, clear, files, compared)


def _date_in(name: str) -> date | None:
    for found in _DATE.finditer(name):
        try:
            return date(*map(int, found.groups()))
        except ValueError:  # digits that are no date
            continue
    return None


def _from_product(product: SafeProduct, image: str, grid: Grid, stack: ExitStack) -> ClearSky:
    name = PurePosixPath(image).name
    driver = find_driver(name, *product.read_ends(image)) if product.members else driver_of(Path(image))
    return _clear_sky(name, open_dataset(image, name, driver), grid, stack, classes=True)


def _from_file(file: Path, grid: Grid, stack: ExitStack) -> ClearSky:
    if not file.is_file():
        raise InputError(f"{file} is no regular file; expected a mask, a raster of one band.")
    classes = bool(_CLASSES.search(file.stem)) and not file.stem.lower().endswith("mask")
    if file.suffix.lower() == ".npy":
        dataset = in_memory(_mask_array(file, grid, classes), stack)
    else:
        dataset = open_dataset(str(file), file.name, driver_of(file))
    return _clear_sky(file.name, dataset, grid, stack, classes)


def _mask_array(file: Path, grid: Grid, classes: bool) -> np.ndarray[Any, Any]:
    """(1, h, w), of bytes."""
    array = npy_array(file)
    if array.ndim != 2 or array.dtype.kind not in "bui":
        raise InputError(f"{file.name} holds {array.dtype} of shape {array.shape}; expected integers, (height, width).")
    if array.size == 0 or array.size > grid.height * grid.width:  # before it is in memory
        raise _elsewhere(file.name, array.shape[1], array.shape[0], grid)
    bytes_: np.ndarray[Any, Any] = (np.clip(array, 0, 255) if classes else array != 0).astype(np.uint8)
    return bytes_[None]


def _clear_sky(name: str, dataset: DatasetReader, grid: Grid, stack: ExitStack, classes: bool) -> ClearSky:
    stack.callback(dataset.close)
    if dataset.count != 1 or dataset.dtypes[0] not in _INTEGERS:
        raise InputError(
            f"{name} has {dataset.count} bands of {dataset.dtypes[0]}; expected a mask, one band of integers. "
            "Save it as such: gdal_translate -b 1 -ot Byte."
        )
    refuse_huge_blocks(name, dataset)
    own = Grid.of(dataset)
    factor = max(1, round(grid.width / own.width))
    size = -(-grid.height // factor), -(-grid.width // factor)
    elsewhere = own.crs and grid.crs and (own.crs != grid.crs or not _same_place(own, grid, factor))
    if (own.height, own.width) != size or elsewhere:
        raise _elsewhere(name, own.width, own.height, grid)
    return ClearSky(Layer(name, dataset, [1]), factor, classes or bool(_CLASSES.search(dataset.descriptions[0] or "")))


def _elsewhere(name: str, width: int, height: int, grid: Grid) -> InputError:
    return InputError(
        f"{name} has {width} x {height} pixels, which are not where the {grid.width} x {grid.height} of "
        "its image are. Give a mask of the same footprint, with pixels as large or a whole number of times larger."
    )


def _same_place(own: Grid, image: Grid, factor: int) -> bool:
    """Whether the corners of a mask lie where they should, to a tenth of the image's pixel."""
    pixel = abs(image.transform.a)
    corners = ((0, 0), (own.width, 0), (0, own.height))
    pairs = [(own.transform * corner, image.transform * (corner[0] * factor, corner[1] * factor)) for corner in corners]
    return all(abs(a - b) <= pixel / 10 for pair in pairs for a, b in zip(*pair, strict=True))
