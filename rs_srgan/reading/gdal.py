"""Opening a raster so that GDAL decodes that file and opens no other.

GDAL looks around when it opens a file: for `.aux.xml`, `.ovr`, `.msk` and world files beside it. What it finds can name
further files and addresses, and GDAL opens those with any of its drivers. One of them, `OVERVIEW_FILE`, can also stand
in the metadata inside a GeoTIFF or JPEG 2000 file; GDAL follows it as soon as pixels are read at a smaller size. So
sidecars are switched off here, and no file that this package did not write may be read at a smaller size.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import rasterio
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.reading.formats import START_BYTES, TAIL_BYTES, find_driver

logger = logging.getLogger(__name__)

# For `rasterio.Env`, at each open and each read. Source: GDAL's list of configuration options.
WITHOUT_SIDECARS = {"GDAL_PAM_ENABLED": "NO", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}

# Elements of an .aux.xml that change what pixels mean or where they lie; statistics and histograms do not.
_MEANINGFUL = {"SRS", "GeoTransform", "GCPList", "NoDataValue", "Scale", "Offset", "Description", "ColorInterp"}
_MAX_SIDECAR_BYTES = 1_000_000
_WORLD_FILES = {".tif": (".tfw", ".tifw"), ".tiff": (".tfw", ".tiffw"), ".jp2": (".j2w",), ".png": (".pgw",)}


def open_dataset(path: str | Path, name: str, driver: str) -> DatasetReader:
    """Open a raster with one driver and without its sidecars.

    Args:
        path: absolute path of the file, or a /vsizip/ path.
        name: how error messages call the file.
        driver: GDAL's short name, from `driver_of` or `find_driver`.

    Raises:
        InputError: the file is truncated or corrupt.
    """
    try:
        with rasterio.Env(**WITHOUT_SIDECARS):
            return rasterio.open(path, driver=driver)
    except RasterioIOError as error:
        raise InputError(f"{name} is truncated or corrupt ({first_line(error)}).") from None


@contextmanager
def open_alone(path: Path) -> Iterator[DatasetReader]:
    """Open a raster as it is stored, for readers that need neither a model's bands nor reflectance.

    Raises:
        InputError: see `driver_of` and `open_dataset`.
    """
    dataset = open_dataset(path.absolute(), path.name, driver_of(path))
    try:
        with rasterio.Env(**WITHOUT_SIDECARS):
            yield dataset
    finally:
        dataset.close()


def driver_of(path: Path) -> str:
    """Return GDAL's driver for a file, judged by its first and last bytes.

    Raises:
        InputError: the file is of no supported format, cut off, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            tail = file.read()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None
    return find_driver(path.name, start, tail)


def first_line(error: Exception) -> str:
    """Return the first line of GDAL's message, without folder names, which are no business of a visitor."""
    cause = error.__cause__ or error  # rasterio's own message only points to GDAL's
    line = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return " ".join(Path(word.strip("',:")).name if "/" in word else word for word in line.split())


def warn_of_sidecars(path: Path, located: bool) -> None:
    """Log a warning if a file beside `path` says something about it that is not read.

    Args:
        path: of the raster.
        located: whether the raster itself says where it lies; else a world file is worth a warning, too.
    """
    ignored = [path.with_name(f"{path.name}.msk")]
    if not located:
        endings = (*_WORLD_FILES.get(path.suffix.lower(), ()), ".wld")
        ignored += [path.with_suffix(ending) for ending in endings]
    found = [f"{sidecar.name}" for sidecar in ignored if sidecar.is_file()]
    said = _said_by_aux_xml(path.with_name(f"{path.name}.aux.xml"))
    if said:
        found.append(f"{path.name}.aux.xml ({', '.join(sorted(said))})")
    if found:
        logger.warning(
            "%s: only what the file itself holds is read, not %s. To put it into the file: gdal_translate %s whole.tif",
            *(path.name, " and ".join(found), path.name),
        )


def _said_by_aux_xml(sidecar: Path) -> set[str]:
    """Return the names of the elements in a sidecar that change the meaning of pixels."""
    try:
        if sidecar.stat().st_size > _MAX_SIDECAR_BYTES:
            return set()
        tree = ElementTree.fromstring(sidecar.read_bytes())
    except (OSError, ElementTree.ParseError, ValueError, LookupError):  # absent, or not XML
        return set()
    return {element.tag for element in tree.iter()} & _MEANINGFUL
