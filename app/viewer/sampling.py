"""A warning if the input of a job was thinned out, or moved to another grid, by nearest neighbour."""

from functools import lru_cache
from pathlib import Path

import rasterio
from rasterio.windows import Window

from rs_srgan.pixels.aliasing import MEASURED_PX, measure_sampling


@lru_cache(maxsize=256)
def warning_of(path: Path, softened: bool = False) -> str | None:
    """Return what is wrong with the sampling of an input, with the option that helps; None if nothing is.

    Args:
        path: the input of a finished job, reflectance, NoData is NaN; the file does not change any more.
        softened: whether the job blurred the input, which helps if it was thinned out.
    """
    with rasterio.open(path, driver="GTiff") as image:
        height, width = min(image.height, MEASURED_PX), min(image.width, MEASURED_PX)
        middle = Window((image.width - width) // 2, (image.height - height) // 2, width, height)
        sampling = measure_sampling(image.read(window=middle))
    return None if softened and sampling.thinned_out else sampling.advice()
