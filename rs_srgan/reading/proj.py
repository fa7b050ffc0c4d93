"""PROJ, the library of coordinate systems: its errors, whether it can be used, and what a CRS may make it open."""

import os
import re
from contextlib import suppress

import rasterio
from rasterio._err import CPLE_BaseError  # some functions of rasterio raise GDAL's own errors
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError

from rs_srgan.errors import InputError

# Errors of coordinates that a projection does not reach, and of a CRS that is not one of the Earth.
PROJECTION_ERRORS = (RasterioError, CRSError, CPLE_BaseError)

LONGITUDE_LATITUDE = CRS.from_string("OGC:CRS84")

# Names of a CRS that only look something up in PROJ's database. GDAL also takes paths and addresses for names, and
# opens them.
_OGC = r"https?://www\.opengis\.net/def/crs"
_EPSG_NAME = re.compile(rf"(?:EPSG:|urn:ogc:def:crs:EPSG:[\d.]*:|{_OGC}/EPSG/[\d.]+/)(\d{{4,6}})", re.IGNORECASE)
_CRS84_NAME = re.compile(rf"(?:OGC:|urn:ogc:def:crs:OGC:[\d.]*:|{_OGC}/OGC/[\d.]+/)?CRS84", re.IGNORECASE)
# Grid files that a CRS names: PROJ opens them for a transformation, wherever they lie. "@null" stands for none.
_GRID_FILE = re.compile(
    r"""(?:grids=|PROJ4_GRIDS"\s*,\s*"|PARAMETERFILE\s*\[\s*"[^"]*"\s*,\s*")(?!@?null\b)([^\s"',]+)""", re.IGNORECASE
)


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


def crs_by_name(name: object) -> CRS | None:
    """Return the CRS that a name of the EPSG registry or "CRS84" stands for, None for any other name.

    Raises:
        CRSError: PROJ knows no such EPSG code.
    """
    if not isinstance(name, str):
        return None
    if found := _EPSG_NAME.fullmatch(name.strip()):
        return CRS.from_epsg(int(found[1]))
    return LONGITUDE_LATITUDE if _CRS84_NAME.fullmatch(name.strip()) else None


def require_no_grid_file(crs: CRS | None, name: str) -> None:
    """Check that the CRS of a file names no grid file, which PROJ would open.

    Raises:
        InputError: it names one, or cannot be written as text.
    """
    if crs is None:
        return
    texts = []
    for version in ("WKT1_GDAL", "WKT2_2019"):
        # a CRS that cannot be written in one of them may be valid
        with suppress(*PROJECTION_ERRORS):
            texts.append(crs.to_wkt(version=version))
    if not texts or any(map(_GRID_FILE.search, texts)):
        raise InputError(
            f"The CRS of {name} names a grid file, which is not opened, or is damaged; expected a CRS of the EPSG "
            f"registry. Assign one: gdal_edit.py -a_srs EPSG:CODE {name}"
        )
