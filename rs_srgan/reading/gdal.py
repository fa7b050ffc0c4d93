"""Open a raster so that GDAL decodes this file and opens no other.

When GDAL opens a file, it looks for sidecars: `.aux.xml`, `.ovr`, `.msk` and world files beside it. A sidecar can name
further files and addresses, and GDAL opens those with any of its drivers. One such name, `OVERVIEW_FILE`, can also be
in the metadata inside a GeoTIFF or JPEG 2000 file; GDAL follows it as soon as pixels are read at a smaller size. So
this module switches sidecars off, and files that this package did not write are never read at a smaller size.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.io import DatasetReader

from rs_srgan.addresses import without_secrets
from rs_srgan.errors import InputError
from rs_srgan.reading.formats import START_BYTES, TAIL_BYTES, find_driver
from rs_srgan.reading.proj import require_no_grid_file

logger = logging.getLogger(__name__)

# Options for `rasterio.Env` at each open and each read. Source: GDAL's list of configuration options.
WITHOUT_SIDECARS = {"GDAL_PAM_ENABLED": "NO", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}

# Elements of an .aux.xml that change the meaning or the location of pixels, unlike statistics and histograms.
_MEANINGFUL = {"SRS", "GeoTransform", "GCPList", "NoDataValue", "Scale", "Offset", "Description", "ColorInterp"}
# Messages of GDAL and libtiff about a compression that they were built without.
_NO_CODEC = re.compile(r"codec|compression (scheme|method|algorithm)|not configured|compression support", re.IGNORECASE)
_MAX_SIDECAR_BYTES = 1_000_000
# GDAL decodes whole blocks, however few of their pixels are read.
_MAX_BLOCK_BYTES = 1 << 30
_WORLD_FILES = {".tif": (".tfw", ".tifw"), ".tiff": (".tfw", ".tiffw"), ".jp2": (".j2w",), ".png": (".pgw",)}


def open_dataset(path: str | Path, name: str, driver: str) -> DatasetReader:
    """Open a raster with one driver and without its sidecars.

    Args:
        path: absolute path of the file, or a /vsizip/ path.
        name: name of the file in error messages.
        driver: GDAL's short name of the format, from `driver_of` or `find_driver`.

    Raises:
        InputError: the file is truncated or corrupt, or its CRS names a grid file.
    """
    try:
        with rasterio.Env(**WITHOUT_SIDECARS), without_location_warning():
            dataset = rasterio.open(path, driver=driver)
    except RasterioIOError as error:
        raise InputError(f"{name} {why_unreadable(error)}.") from None
    try:
        for crs in (dataset.crs, dataset.gcps[1]):
            require_no_grid_file(crs, name)
    except BaseException:
        dataset.close()
        raise
    return dataset


@contextmanager
def without_location_warning() -> Iterator[None]:
    """Silence rasterio's warning about a raster without georeference, which is a valid input and a valid result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


@contextmanager
def open_alone(path: Path) -> Iterator[DatasetReader]:
    """Open a raster as it is stored, for callers that need neither a model's bands nor reflectance.

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
    """Return GDAL's driver for a file, found from its first and last bytes.

    Raises:
        InputError: the file has no supported format, is truncated, or cannot be read.
    """
    start = start_of(path)
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            tail = file.read()
    except OSError as error:
        raise _unreadable(path, error) from None
    return find_driver(path.name, start, tail)


def start_of(path: Path) -> bytes:
    """Return the first START_BYTES bytes of a file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(START_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path.name} cannot be read: {error.strerror}.")


def refuse_huge_blocks(name: str, dataset: DatasetReader) -> None:
    """Check that one block of a dataset fits into memory.

    Raises:
        InputError: a block is larger than 1 GiB.
    """
    height, width = dataset.block_shapes[0]
    if height * width * np.dtype(dataset.dtypes[0]).itemsize * dataset.count > _MAX_BLOCK_BYTES:
        raise InputError(
            f"{name} is stored in blocks of {height} x {width} pixels, which would fill the memory; expected at most "
            "1 GiB. Tile it first: gdal_translate -co TILED=YES."
        )


def why_unreadable(error: Exception) -> str:
    """Return what is wrong with a file that GDAL cannot decode, as the rest of a sentence without its full stop."""
    line = first_line(error)
    if _NO_CODEC.search(line):
        return (
            f"is compressed by a codec that this GDAL lacks ({line}); rewrite it: gdal_translate -co COMPRESS=DEFLATE"
        )
    return f"is truncated or corrupt ({line})"


def first_line(error: Exception) -> str:
    """Return the first line of GDAL's message without secrets and folder names, which a visitor must not see."""
    cause = error.__cause__ or error  # rasterio's own message only points to GDAL's
    line = without_secrets(str(cause).splitlines()[0]) if str(cause) else type(cause).__name__
    return " ".join(Path(word.strip("',:")).name if "/" in word else word for word in line.split())


def warn_of_sidecars(path: Path, located: bool) -> None:
    """Log a warning if a sidecar of a raster contains something that matters and is not read.

    Args:
        path: path of the raster.
        located: whether the raster itself is georeferenced; if not, a world file matters, too.
    """
    ignored = [path.with_name(f"{path.name}.msk")]
    if not located:
        endings = (*_WORLD_FILES.get(path.suffix.lower(), ()), ".wld")
        ignored += [path.with_suffix(ending) for ending in endings]
    found = [f"{sidecar.name}" for sidecar in ignored if sidecar.is_file()]
    meaningful = _meaningful_elements(path.with_name(f"{path.name}.aux.xml"))
    if meaningful:
        found.append(f"{path.name}.aux.xml ({', '.join(sorted(meaningful))})")
    if found:
        logger.warning(
            "%s is read without %s. To copy its content into the file: gdal_translate %s whole.tif",
            *(path.name, " and ".join(found), path.name),
        )


def _meaningful_elements(sidecar: Path) -> set[str]:
    """Return the names of the elements of an .aux.xml that change the meaning or location of pixels."""
    try:
        if sidecar.stat().st_size > _MAX_SIDECAR_BYTES:
            return set()
        tree = ElementTree.fromstring(sidecar.read_bytes())  # nosec B314  # expat bounds entities
    except (OSError, ElementTree.ParseError, ValueError, LookupError):  # absent, or not XML
        return set()
    return {element.tag for element in tree.iter()} & _MEANINGFUL
