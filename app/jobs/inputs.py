"""The input of a job as reflectance, kept beside the result: the viewer compares both."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window as RasterioWindow

from app.jobs.request import Request
from rs_srgan import SISRConfig
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.pixels.windows import Window, plan_tiles
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.region import Region, find_region
from rs_srgan.sensors import find_sensor
from rs_srgan.writing.cog import write_cog
from rs_srgan.writing.geotiff import BLOCK_PX

# Side of the squares that are read at once.
_STEP_PX = 4 * BLOCK_PX

Read = Callable[[Window], tuple[FloatImage, Mask]]


def write_lr(request: Request, config: SISRConfig, target: Path) -> None:
    """Write the wanted part of the input as a Cloud Optimized GeoTIFF of reflectance, float32, NoData is NaN.

    It has the bands of the model, the footprint of the result, and the pixel size of the input.

    Raises:
        InputError: the input cannot be read.
    """
    with open_raster(request.source, config.bands, request.stated, find_sensor(config.sensor)) as raster:
        region = find_region(raster.grid, raster.name, request.bbox, request.aoi)
        write_reflectance(raster, region, config.bands, target, raster.read)


def write_reflectance(raster: Raster, region: Region, bands: tuple[str, ...], target: Path, read: Read) -> None:
    """Write a region of a raster's grid as a Cloud Optimized GeoTIFF: reflectance, float32, NoData is NaN.

    Args:
        raster: the raster with this grid, whose rights the file states.
        region: part of the grid to write.
        bands: names of the bands, in the order of the pixels.
        target: path of the file.
        read: function that returns the pixels of a window of the grid, (C, h, w), and where they are valid, (C, h, w).
    """
    plain = target.with_suffix(".plain.tif")
    part = raster.grid.cropped(region.window)
    profile = {"driver": "GTiff", "count": len(bands), "dtype": "float32", "nodata": np.nan, "tiled": True}
    size = {"height": part.height, "width": part.width, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX}
    place = {"crs": part.crs} | ({} if part.transform.is_identity else {"transform": part.transform})
    with rasterio.open(plain, "w", **profile, **size, **place, bigtiff="if_safer") as out:
        out.descriptions = bands
        out.update_tags(**raster.rights)
        for tile in plan_tiles(part.height, part.width, _STEP_PX, halo=0):
            core = tile.core
            pixels, valid = read(core.moved(region.window))
            pixels[~valid] = np.nan
            inside = region.mask(part.cropped(core))
            if inside is not None:
                pixels[:, ~inside] = np.nan
            out.write(pixels, window=RasterioWindow(core.col, core.row, core.width, core.height))
    write_cog(plain, target, "zstd")
    plain.unlink()
