"""Signs of aliasing in an open raster."""

from rs_srgan.errors import ReadError
from rs_srgan.pixels.aliasing import MEASURED_PX, Sampling, measure_sampling
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.raster import Raster


def read_sampling(raster: Raster, window: Window | None = None) -> Sampling | None:
    """Measure how the middle of a raster was sampled; see `Sampling.advice`.

    Args:
        raster: the raster, which may be large: at most MEASURED_PX along each axis are read.
        window: the part that counts, pixels, inside the raster; None for all of it.

    Returns:
        what was measured, or None if the file is damaged there.
    """
    part = window or Window(0, 0, raster.grid.height, raster.grid.width)
    height, width = min(part.height, MEASURED_PX), min(part.width, MEASURED_PX)
    middle = Window(part.row + (part.height - height) // 2, part.col + (part.width - width) // 2, height, width)
    try:
        pixels, valid = raster.read(middle)
    except ReadError:  # whoever reads all of the raster reports it
        return None
    pixels[~valid] = float("nan")
    return measure_sampling(pixels)
