"""Images in a catalogue's storage, read by windows over the network, and retried."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterioWindow

from rs_srgan.catalogues.catalogue import Catalogue
from rs_srgan.catalogues.ranges import HEAD_BYTES, NoAnswer, RangeFile, RangeFiles
from rs_srgan.errors import InputError, ReadError
from rs_srgan.pixels.radiometry import Image
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import WITHOUT_SIDECARS, refuse_huge_blocks
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.proj import require_no_grid_file
from rs_srgan.reading.virtual import virtual_file

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
# Sources: GDAL's documentation of /vsis3/ and of its configuration options.
_SETTINGS = {
    **WITHOUT_SIDECARS,
    "GDAL_HTTP_MAX_RETRY": "3",
    "GDAL_HTTP_RETRY_DELAY": "0.3",
    "GDAL_HTTP_RETRY_CODES": "429,500,502,503,504",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": str(HEAD_BYTES),
    "GDAL_NUM_THREADS": "1",
    # A failure must not be remembered, or the next attempt would repeat it without asking.
    "CPL_VSIL_CURL_NON_CACHED": "/vsis3/",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "no file on any network",
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
        self._timeout_s = timeout_s
        self._files: RangeFiles | None = None
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
                    pixels = np.asarray(read(self._dataset))
                self._require_all()
            except (RasterioError, NoAnswer) as error:
                reason = self._why(error)
                status = self._status(error)
                if status is not None and 300 <= status < 400:
                    raise self._not_opened(reason, status) from None
                if attempt == _ATTEMPTS:
                    raise ReadError(
                        f"{self._name} could not be read ({reason}). Check the network and repeat."
                    ) from None
                logger.info("%s: %s; trying again.", self._name, reason)
            else:
                return pixels
            self._dataset.close()
            self._dataset = self._open()
        raise AssertionError("unreachable")

    @property
    def _name(self) -> str:
        return self._address.partition("?")[0]

    def _open(self) -> DatasetReader:
        address = self._catalogue.sign(self._address)
        # GDAL must not choose the driver: a VRT would name addresses of its own
        driver = "JP2OpenJPEG" if self._name.lower().endswith(".jp2") else "GTiff"
        try:
            dataset = self._open_ranges(address, driver) if _is_http(address) else self._open_bucket(address, driver)
        except RasterioError as error:
            raise self._not_opened(self._why(error), self._status(error)) from None
        except NoAnswer as error:
            raise self._not_opened(str(error), error.status) from None
        try:
            require_no_grid_file(dataset.crs, self._name)
            refuse_huge_blocks(self._name, dataset)
            _require_projected(dataset, self._name)
        except BaseException:
            dataset.close()
            raise
        return dataset

    def _open_ranges(self, address: str, driver: str) -> DatasetReader:
        self._files = RangeFiles(lambda: RangeFile(address, self._timeout_s))
        with rasterio.Env(**self._settings):
            # rasterio allows one opener for each name
            dataset: DatasetReader = rasterio.open(f"/{uuid4().hex}.tif", driver=driver, opener=self._files)
        try:
            self._require_all()
        except NoAnswer:
            dataset.close()
            raise
        return dataset

    def _require_all(self) -> None:
        """Check that everything came that GDAL asked for; it does not know."""
        if self._files and self._files.failure:
            raise self._files.failure

    def _open_bucket(self, address: str, driver: str) -> DatasetReader:
        name = str(virtual_file(address))
        self._settings["CPL_VSIL_CURL_ALLOWED_FILENAME"] = name  # an image must not name other files
        with rasterio.Env(**self._settings):
            dataset: DatasetReader = rasterio.open(name, driver=driver)
        return dataset

    def _why(self, error: Exception) -> str:
        """Return why something failed, in one line."""
        return str(self._files.failure) if self._files and self._files.failure else _reason(error)

    def _status(self, error: Exception) -> int | None:
        """Return the HTTP status of a failure; None if there is none."""
        if self._files and self._files.failure:
            return self._files.failure.status
        return int(found[1]) if (found := _STATUS.search(_reason(error))) else None

    def _not_opened(self, reason: str, status: int | None) -> InputError:
        if status in _REFUSED:
            return ReadError(
                f"{self._name} is refused (status {status}): a signature has expired, or access is missing. Search "
                "again, or set the credentials of the catalogue: docs/place.md."
            )
        if status is not None and 300 <= status < 400:
            return InputError(f"{self._name} is {reason}. Choose another scene or another catalogue.")
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


def _is_http(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))
