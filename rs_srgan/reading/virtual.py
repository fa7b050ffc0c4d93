"""`VirtualFile`: a raster that GDAL opens by a name, not by a path: in memory, or behind an address.

Only Python users and the command line make them. Uploads to the app are always paths.
"""

import re

import rasterio
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.reading.gdal import WITHOUT_SIDECARS, first_line, without_location_warning
from rs_srgan.reading.proj import require_no_grid_file

# Formats that need no other file; a VRT names files and addresses of its own.
_DRIVERS = ("GTiff", "JP2OpenJPEG", "PNG")
# GDAL's file systems, by the scheme of an address.
_FILE_SYSTEMS = {"http": "/vsicurl/http:", "https": "/vsicurl/https:", "s3": "/vsis3", "gs": "/vsigs", "az": "/vsiaz"}
_ZIP = re.compile(r"zip://(.+?)!/*(.+)", re.S)  # as rasterio writes it
_ADDRESS = re.compile(r"(\w+):/(/.+)", re.S)
# GDAL quotes what a server answered. It can be a page, or repeat the request with its signature.
_ANSWER = re.compile(r":? *[{<].*")


class VirtualFile(str):
    """Name of a raster in one of GDAL's virtual file systems, for example /vsimem/a.tif or /vsicurl/https://..."""

    __slots__ = ()


def virtual_file(name: str) -> VirtualFile | None:
    """Return the virtual file that a name or address means; None if it is a path.

    Args:
        name: a name that begins with /vsi, or an address: http, https, s3, gs, az, or zip://ARCHIVE!/IMAGE.
    """
    if isinstance(name, VirtualFile):
        return name
    if name.startswith("/vsi"):
        return VirtualFile(name)
    if inside := _ZIP.fullmatch(name):
        return VirtualFile(f"/vsizip/{inside[1]}/{inside[2]}")
    address = _ADDRESS.fullmatch(name)
    if address is None or address[1].lower() not in _FILE_SYSTEMS:
        return None
    system = _FILE_SYSTEMS[address[1].lower()]
    return VirtualFile(f"{system}/{address[2]}" if system.endswith(":") else f"{system}{address[2]}")


def open_virtual(name: VirtualFile) -> DatasetReader:
    """Open a virtual file without sidecars.

    Raises:
        InputError: it does not exist, cannot be read, is no GeoTIFF, JP2 or PNG, or its CRS names a grid file.
    """
    dataset = _open_with_any(name)
    try:
        for crs in (dataset.crs, dataset.gcps[1]):
            require_no_grid_file(crs, str(name))
    except BaseException:
        dataset.close()
        raise
    return dataset


def _open_with_any(name: VirtualFile) -> DatasetReader:
    reason = ""
    for driver in _DRIVERS:
        try:
            with rasterio.Env(**WITHOUT_SIDECARS), without_location_warning():
                return rasterio.open(str(name), driver=driver)
        except RasterioIOError as error:
            reason = reason or _ANSWER.sub("", first_line(error))
    raise InputError(f"{name} cannot be opened ({reason}); expected a GeoTIFF, JP2 or PNG. Check the address.")
