"""Images in a catalogue's storage, read by windows over the network, and retried."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterioWindow

from rs_srgan.catalogues.catalogue import Catalogue
from rs_srgan.errors import InputError, ReadError
from rs_srgan.pixels.radiometry import Image
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import WITHOUT_SIDECARS, refuse_huge_blocks
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import require_no_grid_file
from rs_srgan.reading.virtual import virtual_file

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
# Sources: GDAL's documentation of /vsicurl/ and of its configuration options.
_SETTINGS = {
    **WITHOUT_SIDECARS,
    "GDAL_HTTP_MAX_RETRY": "3",
    "GDAL_HTTP_RETRY_DELAY": "0.3",
    "GDAL_HTTP_RETRY_CODES": "429,500,502,503,504",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",  # the directory of a large COG in one request
    "GDAL_NUM_THREADS": "1",
    # A failure must not be remembered, or the next attempt would repeat it without asking.
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/:/vsis3/",
}
_STATUS = re.compile(r"(?:response code|error code|status)\D{0,3}(\d{3})")
_REFUSED = (401, 403)

# Reads pixels of an open dataset.
Read = Callable[[DatasetReader], Image]


class RemoteImage:
    """An open image, one band or a picture. One thread at a time may use it.

    Args:
        catalogue: the catalogue that names the image.
        address: its address, not signed.
        timeout_s: seconds without an answer after which a request is repeated.

    Attributes:
        grid: grid of the pixels.
        block_height: rows of the blocks in which the file is stored.

    Raises:
        InputError: the address is elsewhere than the catalogue's images, does not exist, or is no image.
        ReadError: the storage does not answer, or refuses access.
    """

    def __init__(self, catalogue: Catalogue, address: str, timeout_s: float) -> None:
        if not catalogue.allows(address):
            raise InputError(f"{address} is not among the images of {catalogue.title}: {' or '.join(catalogue.hosts)}.")
        self._catalogue, self._address = catalogue, address
        self._settings = {**_SETTINGS, "GDAL_HTTP_TIMEOUT": f"{timeout_s:g}", **catalogue.settings}
        self._dataset = self._open()
        self.grid = Grid.of(self._dataset)
        self.block_height = int(self._dataset.block_shapes[0][0])

    def read(self, window: Window) -> Image:
        """Return the pixels of a window inside the image, (bands, h, w).

        Raises:
            ReadError: the storage did not send them, also when asked again.
        """
        area = RasterioWindow(window.col, window.row, window.width, window.height)
        return self._again(lambda dataset: dataset.read(window=area))

    def read_at(self, grid: Grid) -> Image:
        """Return the pixels nearest to those of a grid with another CRS, (bands, h, w); 0 outside of the image.

        Raises:
            ReadError: see `read`.
        """

        def warped(dataset: DatasetReader) -> Image:
            place = {"crs": grid.crs, "transform": grid.transform, "width": grid.width, "height": grid.height}
            with WarpedVRT(dataset, resampling=Resampling.nearest, nodata=0, src_nodata=0, **place) as vrt:
                pixels: Image = vrt.read()
            return pixels

        return self._again(warped)

    def _again(self, read: Read) -> Image:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with rasterio.Env(**self._settings):
                    return np.asarray(read(self._dataset))
            except RasterioError as error:
                reason = _reason(error)
                if attempt == _ATTEMPTS:
                    raise ReadError(
                        f"{self._name} could not be read ({reason}). Check the network and repeat."
                    ) from None
                logger.info("%s: %s; trying again.", self._name, reason)
            self._dataset.close()
            self._dataset = self._open()
        raise AssertionError("unreachable")

    @property
    def _name(self) -> str:
        return self._address.partition("?")[0]

    def _open(self) -> DatasetReader:
        name = virtual_file(self._catalogue.sign(self._address))
        self._settings["CPL_VSIL_CURL_ALLOWED_FILENAME"] = str(name)  # an image must not name other files
        try:
            with rasterio.Env(**self._settings):
                # GDAL must not choose the driver: a VRT would name addresses of its own
                driver = "JP2OpenJPEG" if self._name.lower().endswith(".jp2") else "GTiff"
                dataset: DatasetReader = rasterio.open(str(name), driver=driver)
        except RasterioError as error:
            raise self._not_opened(_reason(error)) from None
        try:
            require_no_grid_file(dataset.crs, self._name)
            refuse_huge_blocks(self._name, dataset)
            _require_projected(dataset, self._name)
        except BaseException:
            dataset.close()
            raise
        return dataset

    def _not_opened(self, reason: str) -> InputError:
        status = int(found[1]) if (found := _STATUS.search(reason)) else 0
        if status in _REFUSED:
            return ReadError(
                f"{self._name} is refused (status {status}): a signature has expired, or access is missing. Search "
                "again, or set the credentials of the catalogue: docs/place.md."
            )
        if status == 404 or "does not exist" in reason:
            return InputError(f"{self._name} does not exist (404). Choose another date, or search again.")
        if "not recognized" in reason:
            return InputError(
                f"{self._name} is no GeoTIFF or JP2, perhaps a web page. Check the address and the access."
            )
        return ReadError(f"{self._name} could not be opened ({reason}). Check the network and repeat.")

    def close(self) -> None:
        """Close the file."""
        self._dataset.close()


@contextmanager
def open_remote(catalogue: Catalogue, address: str, timeout_s: float) -> Iterator[RemoteImage]:
    """Open an image within a `with` block; see `RemoteImage`."""
    image = RemoteImage(catalogue, address, timeout_s)
    try:
        yield image
    finally:
        image.close()


def _require_projected(dataset: DatasetReader, name: str) -> None:
    if dataset.crs is None or not dataset.crs.is_projected:
        raise InputError(f"{name} has no projected CRS; expected a Sentinel-2 tile in UTM. Choose another scene.")


def _reason(error: Exception) -> str:
    """Return the first line of GDAL's message without addresses, which may hold a signature."""
    cause = error.__cause__ or error
    line = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return re.sub(r"'?/vsi\S+|\S+\?\S+", "it", line)[:200]
