"""NPY files, and arrays as rasters in memory."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.io import DatasetReader, MemoryFile

from rs_srgan.errors import InputError
from rs_srgan.reading.gdal import first_line, without_location_warning

Array = np.ndarray[Any, Any]


def npy_array(path: Path) -> Array:
    """Open the array of an NPY file as a memory map: numpy reads only the elements that are used.

    Raises:
        InputError: the file is no NPY array.
    """
    try:
        with np.errstate(over="ignore"):  # sizes of a hostile header, which numpy then refuses
            array: Array = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # numpy parses the header as Python, so a bad one raises any exception
        raise InputError(f"{path.name} cannot be read as an NPY array ({first_line(error)}).") from None
    return array


def bands_first(path: Path, array: Array, bands: int) -> Array:
    """Return an image of `bands` bands as (C, H, W), given as (C, H, W) or (H, W, C).

    Raises:
        InputError: the array has another shape, or no pixels.
    """
    if array.ndim != 3 or bands not in (array.shape[0], array.shape[2]):
        raise InputError(
            f"{path.name} has shape {array.shape}; expected ({bands}, height, width) or (height, width, {bands})."
        )
    if 0 in array.shape:
        raise InputError(f"{path.name} has shape {array.shape}; expected at least one pixel.")
    return array if array.shape[0] == bands else array.transpose(2, 0, 1)


def in_memory(array: Array, stack: ExitStack) -> DatasetReader:
    """Return a dataset in memory that contains an array.

    Args:
        array: pixels (C, H, W).
        stack: the stack that frees the memory when it closes.
    """
    memory = stack.enter_context(MemoryFile())
    bands, height, width = array.shape
    with without_location_warning():
        with memory.open(driver="GTiff", count=bands, height=height, width=width, dtype=array.dtype) as dataset:
            dataset.write(array)
        return memory.open()
