"""Opening whatever holds pixels for a model: the right bands, in order, and what their numbers mean."""

import logging
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader, MemoryFile

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import QUANTIFICATION, Encoding
from rs_srgan.reading.formats import find_driver
from rs_srgan.reading.gdal import driver_of, first_line, open_dataset, warn_of_sidecars
from rs_srgan.reading.paths import existing
from rs_srgan.reading.proj import require_proj
from rs_srgan.reading.raster import Layer, Raster
from rs_srgan.reading.safe import is_product, open_product
from rs_srgan.sensors import sentinel2 as band_table

logger = logging.getLogger(__name__)

SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")

# A block is decoded as a whole, however little of it is wanted.
_MAX_BLOCK_BYTES = 1 << 30

_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


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
    require_proj()
    if offset is not None:
        offset = _checked_offset(offset)
    with ExitStack() as stack:
        raster = (
            _open_product(path, band_names, offset) if is_product(path) else _open_file(path, band_names, offset, stack)
        )
        stack.callback(raster.close)
        yield raster


def _checked_offset(offset: float) -> float:
    try:
        plain = float(offset)  # also of numpy's numbers, which no note of a run could hold
    except (TypeError, ValueError):
        plain = math.nan
    if not math.isfinite(plain):
        raise InputError(f"The offset is {offset}; expected a number of DN, such as -1000.")
    return plain


def _open_product(path: Path, band_names: tuple[str, ...], offset: float | None) -> Raster:
    product = open_product(path)
    images = product.image_paths(band_names)
    encoding = product.encoding(band_names)
    if offset is not None:
        encoding = encoding.with_offset(offset)
    layers: list[Layer] = []
    try:
        for image in images:
            name = PurePosixPath(image).name
            driver = find_driver(name, *product.read_ends(image)) if product.members else driver_of(Path(image))
            layers.append(Layer(name, open_dataset(image, name, driver), [1]))
        files = [path] if product.members else [Path(image) for image in images]
        return Raster(path.name, files, layers, band_names, encoding)
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
        dataset = in_memory(_bands_first(path, npy_array(path), len(band_names)), stack)
    else:
        dataset = open_dataset(str(path), path.name, driver_of(path))
        warn_of_sidecars(path, located=not dataset.transform.is_identity or bool(dataset.gcps[0]))
    try:
        indexes = _find_bands(path, dataset, band_names)
        # where "alpha" is one of the model's bands, it is a band that a writer mislabelled
        kinds = list(enumerate(dataset.colorinterp, 1))
        alpha = next((index for index, kind in kinds if kind == ColorInterp.alpha and index not in indexes), None)
        flags = [set(dataset.mask_flag_enums[index - 1]) - {MaskFlags.all_valid} for index in indexes]
        masked = any(flag - {MaskFlags.nodata} and MaskFlags.alpha not in flag for flag in flags)
        if dataset.rpcs:
            logger.warning("%s is located by RPCs only, which the result does not keep.", path.name)
        pairs = zip(indexes, band_names, strict=True)
        descriptions = tuple(dataset.descriptions[index - 1] or name for index, name in pairs)
        encoding = _encoding(path, dataset, indexes, offset)
        refuse_huge_blocks(path.name, dataset)
        return Raster(path.name, [path], [Layer(path.name, dataset, indexes, masked, alpha)], descriptions, encoding)
    except BaseException:
        dataset.close()
        raise


def refuse_huge_blocks(name: str, dataset: DatasetReader) -> None:
    """Of blocks, one is in memory at once.

    Raises:
        InputError: one would fill it.
    """
    height, width = dataset.block_shapes[0]
    if height * width * np.dtype(dataset.dtypes[0]).itemsize * dataset.count > _MAX_BLOCK_BYTES:
        raise InputError(
            f"{name} is stored in blocks of {height} x {width} pixels, which would fill the memory. "
            "Tile it first: gdal_translate -co TILED=YES."
        )


def npy_array(path: Path) -> np.ndarray[Any, Any]:
    """The array of an NPY file, of which nothing is read before it is used.

    Raises:
        InputError: it is none.
    """
    try:
        array: np.ndarray[Any, Any] = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # the header is parsed as Python: whatever it holds comes up as any exception
        raise InputError(f"{path.name} cannot be read as an NPY array ({first_line(error)}).") from None
    return array


def in_memory(array: np.ndarray[Any, Any], stack: ExitStack) -> DatasetReader:
    """A dataset of (bands, height, width), in memory until the stack is left."""
    memory = stack.enter_context(MemoryFile())
    bands, height, width = array.shape
    with memory.open(driver="GTiff", count=bands, height=height, width=width, dtype=array.dtype) as dataset:
        dataset.write(array)
    return memory.open()


def _bands_first(path: Path, array: np.ndarray[Any, Any], bands: int) -> np.ndarray[Any, Any]:
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
    return array


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
            "Give them all, in that order, or describe which is which (rasterio's set_band_description); "
            "a near infrared that the file calls alpha must be described."
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
    if offset is not None and dtype.startswith("float"):
        raise InputError(f"{path.name} holds floats, which are reflectance: an offset is for DN. Leave it out.")
    encoding = Encoding(dtype, gain, bias, dataset.nodata, tagged)
    return encoding if offset is None else encoding.with_offset(offset)
