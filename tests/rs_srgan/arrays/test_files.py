from contextlib import ExitStack

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.arrays.files import in_memory_file

xarray = pytest.importorskip("xarray")
pytest.importorskip("rioxarray")


def test_the_raster_has_pixels_names_and_nodata_and_goes_at_the_end():
    pixels = np.arange(24, dtype=np.uint16).reshape(3, 4, 2)
    array = xarray.DataArray(pixels, dims=("y", "x", "band"), coords={"band": ["B04", "B08"]}).rio.write_nodata(7)
    array = array.rio.write_crs(32632).assign_attrs(scale_factor=1e-4, add_offset=-0.1).rename("my field")
    array = array.assign_coords(time=np.datetime64("2024-06-01"))
    with ExitStack() as files:
        name = in_memory_file(array, files)
        assert name.endswith("/my_field_2024-06-01.tif")
        with rasterio.open(name) as raster:
            assert np.array_equal(raster.read(), pixels.transpose(2, 0, 1))
            assert raster.descriptions == ("B04", "B08") and raster.nodata == 7 and raster.crs.to_epsg() == 32632
            assert raster.scales == (1e-4, 1e-4) and raster.offsets == (-0.1, -0.1)
    with pytest.raises(rasterio.errors.RasterioIOError):
        rasterio.open(name)


def test_an_array_that_no_raster_can_hold_is_refused():
    array = xarray.DataArray(np.full((1, 2, 2), "a", object), dims=("band", "y", "x"))
    with ExitStack() as files, pytest.raises(InputError, match="raster"):
        in_memory_file(array, files)
