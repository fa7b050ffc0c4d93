"""Kinds of images that Python users hold: what they are, and their pixels."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import numpy as np
import rasterio
from rasterio.io import DatasetReader, MemoryFile
from rasterio.vrt import WarpedVRT

from rs_srgan.errors import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.virtual import VirtualFile, virtual_file
from rs_srgan.sensors import Sensor

# A raster that is not in memory as an array: a path, an address, or what rasterio has opened.
Opened: TypeAlias = str | Path | DatasetReader | MemoryFile | WarpedVRT


def is_opened(image: object) -> TypeGuard[Opened]:
    """Return whether an image is a path, an address, or a raster that rasterio has opened."""
    return isinstance(image, str | Path | DatasetReader | MemoryFile | WarpedVRT)


def named(image: Opened, files: ExitStack) -> str | Path:
    """Return the name by which a raster can be opened once more, so that other threads do not share its handle.

    Args:
        image: a path, an address, or an open raster.
        files: closes what has to be made for it.

    Raises:
        InputError: the raster is closed.
    """
    match image:
        case Path():
            return image
        case str():
            return virtual_file(image) or image
        case MemoryFile():
            return VirtualFile(image.name)
        case WarpedVRT():
            return _copied(image, files)
    if image.closed:
        raise InputError(f"{image.name} is closed; expected an open raster. Open it again.")
    return virtual_file(image.name) or Path(image.name)


def files_of(image: Opened) -> list[str]:
    """Return the names of the files that an open raster is read from; none of a path, an address or a memory file."""
    if isinstance(image, str | Path | MemoryFile):
        return []
    return [str(name) for name in (image.src_dataset if isinstance(image, WarpedVRT) else image).files]


def _copied(image: WarpedVRT, files: ExitStack) -> VirtualFile:
    """Copy a raster that has no name into memory."""
    memory = files.enter_context(MemoryFile(ext=".tif"))
    profile = {key: image.profile[key] for key in ("count", "height", "width", "dtype", "crs", "transform", "nodata")}
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), memory.open(driver="GTiff", BIGTIFF="IF_SAFER", **profile) as copy:
        copy.write(image.read())
        copy.descriptions = image.descriptions
        copy.scales, copy.offsets = image.scales, image.offsets
    return VirtualFile(memory.name)


def read_reflectance(image: Opened, bands: tuple[str, ...], sensor: Sensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Read the whole of a raster as reflectance.

    Args:
        image: a path, an address, or an open raster.
        bands: names of the bands.
        sensor: the sensor that took the image.

    Returns:
        reflectance, (C, H, W); NaN where the raster has no data.

    Raises:
        InputError: the raster cannot be read, or lacks a band.
    """
    with ExitStack() as files:
        raster = files.enter_context(open_raster(named(image, files), bands, sensor=sensor))
        reflectance, valid = raster.read(Window(0, 0, raster.grid.height, raster.grid.width))
        return np.where(valid, reflectance, np.float32(np.nan))
