"""Reading a whole raster at once."""

from rs_srgan.pixels.windows import Window
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import RGBN, SENTINEL2


def read_all(path, bands=RGBN, sensor=SENTINEL2, **stated):
    """Return the reflectance of all pixels, and which are valid; `stated` are fields of `Stated`."""
    with open_raster(path, bands, Stated(**stated), sensor) as raster:
        return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))
