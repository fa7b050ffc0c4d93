"""PROJ, the library of coordinate systems: its errors, and whether it can be used at all."""

import os

import rasterio
from rasterio._err import CPLE_BaseError  # some functions of rasterio raise GDAL's own errors
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError

from rs_srgan.errors import InputError

# Errors of coordinates that a projection does not reach, and of a CRS that is not one of the Earth.
PROJECTION_ERRORS = (RasterioError, CRSError, CPLE_BaseError)

LONGITUDE_LATITUDE = CRS.from_string("OGC:CRS84")


def require_proj() -> None:
    """Check that PROJ finds its database; without it coordinates would be lost, or a later error be hard to understand.

    Raises:
        InputError: PROJ cannot read its database, usually because an environment variable names another one.
    """
    try:
        with rasterio.Env():  # else GDAL prints its own message
            CRS.from_epsg(4326)
    except CRSError:
        named = [name for name in ("PROJ_DATA", "PROJ_LIB") if os.environ.get(name)]
        where = [f"{name} is {os.environ[name]}, perhaps of another installation: unset it." for name in named]
        remedy = " ".join(where) or "Install rasterio again: pip install --force-reinstall rasterio."
        raise InputError(f"PROJ cannot use its database of coordinate systems. {remedy}") from None
