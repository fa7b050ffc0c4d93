"""Opening a raster for a model: the right bands, in order, as reflectance, window by window.

A job may move from thread to thread between two windows, and GDAL's settings belong to a thread: so they are made anew
for every read, and files are closed by hand instead of by rasterio's context managers, which would keep settings.
"""

import dataclasses
import logging
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window as RasterioWindow

from rs_srgan import bands as band_table
from rs_srgan.errors import InputError
from rs_srgan.io.safe import is_product, open_product
from rs_srgan.radiometry import LARGEST_REFLECTANCE, QUANTIFICATION, Encoding, FloatImage, Image, Mask
from rs_srgan.tiling import Window

logger = logging.getLogger(__name__)

# Formats that hold pixels themselves: a VRT or a web address would let a file name other files.
# So the first bytes choose the driver, not GDAL. Sources: TIFF 6.0 and BigTIFF; ISO 15444-1 (box and codestream); PNG.
_SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\0\0\0\x0cjP  ": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
}
SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")

# A block is decoded as a whole, however little of it is wanted.
_MAX_BLOCK_BYTES = 1 << 30
_TAIL_BYTES = 64

_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


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
class _Layer:
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
                    f"({_first_line(error)}). Copy or download it again."
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

    def __init__(self, name: str, layers: Sequence[_Layer], descriptions: tuple[str, ...], encoding: Encoding) -> None:
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


@contextmanager
def open_raster(path: str | Path, band_names: tuple[str, ...], offset: float | None = None) -> Iterator[Raster]:
    """Open a GeoTIFF, JP2, PNG or NPY file, or a Sentinel-2 product, for a model.

    Bands are found by their descriptions; a file without any must have exactly the model's bands, in its order.

    Args:
        path: of the file; or of a .SAFE folder, a zip archive that holds one, or its MTD_MSIL*.xml. An .npy holds
            (C, H, W) or (H, W, C).
        band_names: of the model.
        offset: DN to add before dividing, instead of what the file's own tags say; -1000 for Sentinel-2 pixels since
            baseline 04.00 that were saved without tags.

    Raises:
        InputError: not there, not a raster, or not with the model's bands.
    """
    path = existing(path)
    if offset is not None and not math.isfinite(offset):
        raise InputError(f"The offset is {offset}; expected a number of DN, such as -1000.")
    with ExitStack() as stack:
        raster = (
            _open_product(path, band_names, offset) if is_product(path) else _open_file(path, band_names, offset, stack)
        )
        stack.callback(raster.close)
        yield raster


def existing(path: str | Path) -> Path:
    """The absolute path of something that is there: GDAL takes a relative one like "zip:a.tif" for an address.

    Raises:
        InputError: it is not there, or not to be seen.
    """
    try:
        str(path).encode()
        if not Path(path).exists():
            raise InputError(f"{path} does not exist.")
    except UnicodeEncodeError:
        raise InputError(f"The name {os.fsencode(path)!r} is no UTF-8, which GDAL needs. Rename it.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    return Path(path).absolute()


def _open_product(path: Path, band_names: tuple[str, ...], offset: float | None) -> Raster:
    product = open_product(path)
    encoding = product.encoding(band_names)
    if offset is not None:
        encoding = encoding.with_offset(offset)
    layers: list[_Layer] = []
    try:
        for image in product.image_paths(band_names):
            name = PurePosixPath(image).name
            driver = "GTiff" if name.endswith(".tif") else "JP2OpenJPEG"
            layers.append(_Layer(name, _open(image, name, driver), [1], False, None))
        return Raster(path.name, layers, band_names, encoding)
    except BaseException:
        for layer in layers:
            layer.dataset.close()
        raise


def _open_file(path: Path, band_names: tuple[str, ...], offset: float | None, stack: ExitStack) -> Raster:
    if not path.is_file():
        raise InputError(f"{path} is no regular file; expected a GeoTIFF, JP2, PNG or NPY file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes). Copy or download it again.")
    if path.suffix.lower() == ".npy":
        memory = MemoryFile()
        stack.callback(memory.close)
        _write_npy(path, memory, len(band_names))
        dataset = memory.open()
    else:
        dataset = _open(str(path), path.name, _driver(path))
    try:
        indexes = _find_bands(path, dataset, band_names)
        _refuse_huge_blocks(path, dataset)
        # where "alpha" is one of the model's bands, it is a band that a writer mislabelled
        kinds = list(enumerate(dataset.colorinterp, 1))
        alpha = next((index for index, kind in kinds if kind == ColorInterp.alpha and index not in indexes), None)
        flags = [set(dataset.mask_flag_enums[index - 1]) - {MaskFlags.all_valid} for index in indexes]
        several = len({dataset.nodatavals[index - 1] for index in indexes}) > 1
        masked = several or any(flag - {MaskFlags.nodata} and MaskFlags.alpha not in flag for flag in flags)
        if dataset.rpcs:
            logger.warning("%s is located by RPCs only, which the result does not keep.", path.name)
        pairs = zip(indexes, band_names, strict=True)
        descriptions = tuple(dataset.descriptions[index - 1] or name for index, name in pairs)
        encoding = _encoding(path, dataset, indexes, offset)
        return Raster(path.name, [_Layer(path.name, dataset, indexes, masked, alpha)], descriptions, encoding)
    except BaseException:
        dataset.close()
        raise


def _driver(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(8)
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            tail = file.read()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None
    driver = next((driver for signature, driver in _SIGNATURES.items() if start.startswith(signature)), None)
    if driver is None:
        raise InputError(f"{path.name} is no GeoTIFF, JP2, PNG or NPY file, whatever its name says.")
    if driver == "JP2OpenJPEG" and not any(tail):
        # GDAL decodes it without an error; a whole JPEG 2000 file ends in its end-of-codestream marker or in text
        raise InputError(f"{path.name} is truncated or corrupt: it ends in zeros. Copy or download it again.")
    return driver


def _refuse_huge_blocks(path: Path, dataset: DatasetReader) -> None:
    height, width = dataset.block_shapes[0]
    if height * width * np.dtype(dataset.dtypes[0]).itemsize * dataset.count > _MAX_BLOCK_BYTES:
        raise InputError(
            f"{path.name} is stored in blocks of {height} x {width} pixels, which would fill the memory. "
            "Tile it first: gdal_translate -co TILED=YES."
        )


def _open(path: str, name: str, driver: str) -> DatasetReader:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a PNG has no place on the map
            return rasterio.open(path, driver=driver)
    except RasterioIOError as error:
        raise InputError(f"{name} is truncated or corrupt ({_first_line(error)}).") from None


def _first_line(error: Exception) -> str:
    """GDAL's own words without its paths, which are no business of a visitor's."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return " ".join(Path(word.strip("',:")).name if "/" in word else word for word in line.split())


def _write_npy(path: Path, memory: MemoryFile, bands: int) -> None:
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # the header is parsed as Python: whatever it holds comes up as any exception
        raise InputError(f"{path.name} cannot be read as an NPY array ({_first_line(error)}).") from None
    if array.ndim != 3 or bands not in (array.shape[0], array.shape[2]):
        raise InputError(
            f"{path.name} has shape {array.shape}; expected ({bands}, height, width) or (height, width, {bands})."
        )
    if array.shape[0] != bands:
        array = array.transpose(2, 0, 1)
    if 0 in array.shape:
        raise InputError(f"{path.name} has shape {array.shape}: there are no pixels in it.")
    if array.dtype.name not in _DTYPES:
        raise InputError(f"{path.name} holds {array.dtype}; expected uint16 DN or float reflectance.")
    _, height, width = array.shape
    dataset = memory.open(driver="GTiff", count=bands, height=height, width=width, dtype=array.dtype)
    dataset.write(array)
    dataset.close()


def _find_bands(path: Path, dataset: DatasetReader, band_names: tuple[str, ...]) -> list[int]:
    """One-based indexes of the model's bands."""
    named = [band_table.canonical_name(description or "") for description in dataset.descriptions]
    wanted = f"{len(band_names)} bands ({', '.join(band_names)})"
    if any(named):
        twice = [band for band in band_names if named.count(band) > 1]
        if twice:
            raise InputError(f"{path.name} has {named.count(twice[0])} bands described as {twice[0]}; expected one.")
        missing = [band for band in band_names if band not in named]
        if missing:
            has = ", ".join(name or "unnamed" for name in named)
            raise InputError(
                f"Expected {wanted} but {path.name} has {has}: {', '.join(missing)} missing. "
                "Add what is missing, or choose a model for these bands: rs-srgan models."
            )
        return [named.index(band) + 1 for band in band_names]
    colours = [index for index, kind in enumerate(dataset.colorinterp, 1) if kind != ColorInterp.alpha]
    if len(colours) != len(band_names):
        alpha = " and an alpha channel, which is not a band," if len(colours) < dataset.count else ""
        raise InputError(
            f"Expected {wanted} but {path.name} has {len(colours)}{alpha} without descriptions. "
            "Give the bands in that order, or describe them (rasterio's set_band_description)."
        )
    return colours


def _encoding(path: Path, dataset: DatasetReader, indexes: list[int], offset: float | None) -> Encoding:
    dtypes = {dataset.dtypes[index - 1] for index in indexes}
    if len(dtypes) > 1 or not dtypes <= set(_DTYPES):
        raise InputError(f"{path.name} holds {', '.join(sorted(dtypes))}; expected uint16 DN or float reflectance.")
    dtype = dtypes.pop()
    gain = tuple(dataset.scales[index - 1] for index in indexes)
    bias = tuple(dataset.offsets[index - 1] for index in indexes)
    if not all(map(math.isfinite, (*gain, *bias))) or any(np.float32(value) == 0 for value in gain):
        raise InputError(
            f"{path.name} has scale tags {gain} and offset tags {bias}: they make no reflectance of any DN."
        )
    tagged = any(value != 1 for value in gain) or any(value != 0 for value in bias)
    if not tagged:  # then the type says it
        unit = {"uint8": 1 / 255, "float32": 1.0, "float64": 1.0}.get(dtype, 1 / QUANTIFICATION)
        gain = (unit,) * len(indexes)
        if dtype == "uint8":
            logger.warning("%s is 8-bit: read as display values, value / 255. The result is no reflectance.", path.name)
    values = {dataset.nodatavals[index - 1] for index in indexes}
    encoding = Encoding(dtype, gain, bias, values.pop() if len(values) == 1 else None, tagged)
    return encoding if offset is None else encoding.with_offset(offset)


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
