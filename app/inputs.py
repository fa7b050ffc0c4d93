"""The input of a job, kept beside its result: what the left side of every comparison shows."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window as RasterioWindow

from app.request import Request
from rs_srgan.io.geotiff import BLOCK_PX, write_cog
from rs_srgan.io.opening import open_raster
from rs_srgan.io.region import find_region
from rs_srgan.tiling import plan_tiles

# Rows and columns of blocks that are read at once.
_STEP_PX = 4 * BLOCK_PX


def write_lr(request: Request, bands: tuple[str, ...], target: Path) -> None:
    """The part of the input that is wanted, in the model's bands, as a Cloud Optimized GeoTIFF of reflectance, float32.

    NaN where there is no data. It lies where the result will, with fewer and larger pixels.

    Raises:
        InputError: the input cannot be read.
    """
    plain = target.with_suffix(".plain.tif")
    with open_raster(request.source, bands, request.offset) as raster:
        region = find_region(raster.grid, raster.name, request.bbox, request.aoi)
        grid = raster.grid.cropped(region.window)
        profile = {"driver": "GTiff", "count": len(bands), "dtype": "float32", "nodata": np.nan, "tiled": True}
        size = {"height": grid.height, "width": grid.width, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX}
        place = {"crs": grid.crs} | ({} if grid.transform.is_identity else {"transform": grid.transform})
        with rasterio.open(plain, "w", **profile, **size, **place, bigtiff="if_safer") as out:
            out.descriptions = bands
            for part in plan_tiles(grid.height, grid.width, _STEP_PX, halo=0):
                pixels, valid = raster.read(part.core.moved(region.window))
                pixels[~valid] = np.nan
                core = part.core
                inside = region.mask(grid.cropped(core))
                if inside is not None:
                    pixels[:, ~inside] = np.nan
                out.write(pixels, window=RasterioWindow(core.col, core.row, core.width, core.height))
    write_cog(plain, target, "zstd")
    plain.unlink()
