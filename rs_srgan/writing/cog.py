"""Write a Cloud Optimized GeoTIFF."""

import errno
import shutil
from pathlib import Path

import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError  # rasterio.shutil raises GDAL's own errors
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterioWindow

from rs_srgan.cores import usable_cores
from rs_srgan.reading.gdal import first_line, without_location_warning
from rs_srgan.writing.blocks import LEVEL

COG_BLOCK_PX = 512

# Space while GDAL converts a file, as a share of that file: the copy, and twice its overviews, which have a third of
# the pixels (1/4 + 1/16 + ...): GDAL makes them in a temporary file and then copies them.
_SPACE = 5 / 3
_ROWS_AT_ONCE = 256


def write_cog(source: Path, target: Path, compress: str, block: int = COG_BLOCK_PX) -> None:
    """Convert a GeoTIFF into a Cloud Optimized GeoTIFF, with overviews of averaged pixels.

    libtiff prints its own messages if the disk becomes full while it writes. The check of the free space beforehand
    makes this rare.

    Args:
        source: path of the GeoTIFF.
        target: path of the Cloud Optimized GeoTIFF.
        compress: one of COMPRESSIONS.
        block: side of the blocks, pixels.

    Raises:
        OSError: the disk is full, or has too little space left.
    """
    _require_space(source, target.parent)
    options = {"compress": compress, "overview_compress": compress, "overview_resampling": "average"}
    if compress != "none":
        options |= {"level": str(LEVEL), "predictor": "yes", "overview_predictor": "yes"}
    try:
        with rasterio.Env(GDAL_NUM_THREADS=str(usable_cores())), without_location_warning():
            rasterio.shutil.copy(source, target, driver="COG", blocksize=block, bigtiff="if_safer", **options)
            _require_whole(target)
    except (RasterioError, CPLE_BaseError) as error:
        reason = f"The overviews could not be written, most likely because the disk is full ({first_line(error)})"
        raise OSError(errno.ENOSPC, reason, str(target.parent)) from error


def _require_space(source: Path, folder: Path) -> None:
    needed, free = source.stat().st_size * _SPACE, shutil.disk_usage(folder).free
    if free < needed:
        reason = f"The overviews could not be written: they need {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} are free"
        raise OSError(errno.ENOSPC, reason, str(folder))


def _require_whole(path: Path) -> None:
    """Raise RasterioError unless every block can be read; GDAL reports no error when it closes a truncated file."""
    dataset = rasterio.open(path)
    try:
        for row in range(0, dataset.height, _ROWS_AT_ONCE):
            height = min(_ROWS_AT_ONCE, dataset.height - row)
            dataset.read(window=RasterioWindow(0, row, dataset.width, height))
    finally:
        dataset.close()
