"""Arrays with labels as rasters, for code that reads tile by tile."""

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.io import MemoryFile

from rs_srgan.arrays.labelled import bands_first, transform_of
from rs_srgan.arrays.times import TIME_NAMES
from rs_srgan.errors import InputError
from rs_srgan.reading.gdal import without_location_warning
from rs_srgan.reading.virtual import VirtualFile

if TYPE_CHECKING:
    import xarray


def in_memory_file(image: "xarray.DataArray", files: ExitStack) -> VirtualFile:
    """Return the name of a raster in memory with the pixels, CRS, band names and nodata value of a DataArray.

    Args:
        image: a DataArray with a dimension of bands and two of space, in any order.
        files: removes the raster.

    Raises:
        InputError: the dimensions do not fit.
    """
    array, labels = bands_first(image)
    pixels = np.asarray(array.values)
    if pixels.dtype == np.float64:
        pixels = pixels.astype(np.float32)
    memory = files.enter_context(MemoryFile(filename=f"{_name_of(array)}.tif"))
    profile = {
        "count": pixels.shape[0],
        "height": pixels.shape[1],
        "width": pixels.shape[2],
        "dtype": pixels.dtype.name,
        "crs": array.rio.crs,
        "transform": transform_of(array),
        "nodata": array.rio.nodata,
    }
    try:
        with (
            rasterio.Env(GDAL_PAM_ENABLED="NO"),
            without_location_warning(),
            memory.open(driver="GTiff", **profile) as raster,
        ):
            raster.write(pixels)
            raster.descriptions = labels or [None] * len(pixels)
            gain, bias = (float(array.attrs.get(key, value)) for key, value in (("scale_factor", 1), ("add_offset", 0)))
            if (gain, bias) != (1, 0) and not np.issubdtype(pixels.dtype, np.floating):
                raster.scales, raster.offsets = [gain] * len(pixels), [bias] * len(pixels)
    except (TypeError, ValueError) as error:
        raise InputError(f"The array of {pixels.dtype} cannot be read as a raster ({error}). Convert it.") from None
    return VirtualFile(memory.name)


def _name_of(array: "xarray.DataArray") -> str:
    """Return a name for messages: that of the array, and its day if it states one."""
    times = [str(array.coords[name].values)[:10] for name in TIME_NAMES if name in array.coords]
    return re.sub(r"[^\w-]+", "_", "_".join([str(array.name or "array"), *times[:1]]))
