"""`MapImage`: a file or an array that is drawn as tiles of a web map."""

import math
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import rasterio
from affine import Affine

from rs_srgan.arrays.files import in_memory_file
from rs_srgan.arrays.kinds import Opened, is_opened, named
from rs_srgan.arrays.labelled import is_labelled
from rs_srgan.errors import InputError
from rs_srgan.maps.block import Block
from rs_srgan.maps.web_tiles import Bounds, earth_places, has_place, lon_lat_bounds, native_zoom
from rs_srgan.pixels.radiometry import FloatImage, Stretch
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid, composed
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.proj import LONGITUDE_LATITUDE
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.virtual import VirtualFile
from rs_srgan.sensors import Sensor

if TYPE_CHECKING:
    import xarray

# What users hold: a file or an open raster, an array with labels, or pixels (C, H, W) or (H, W).
Source: TypeAlias = "Opened | xarray.DataArray | np.ndarray[Any, Any]"
Picture = np.ndarray[Any, np.dtype[np.uint8]]

# Bands that are shown of an image without natural colours: those of the 20 m models.
_OTHERS = ("B12", "B8A", "B05")
# Statistics come from an overview with at most that many pixels along its longer side.
_OVERVIEW_PX = 1024
# Where an array without a place is shown: pixels of that size at 0 degrees north, 0 degrees east.
_GSD_DEGREES = 10 / 111_320


class MapImage:
    """An image on a web map: its place, and its tiles. Several threads may draw at the same time.

    Args:
        source: the image; an array holds reflectance, NaN without data.
        bands: names of the bands for red, green and blue, or of one band; None for the natural colours of the sensor,
            or for the first bands of an array.
        sensor: the sensor that took the image.

    Raises:
        InputError: the image cannot be read, or lacks a band.
    """

    def __init__(self, source: Source, bands: tuple[str, ...] | None, sensor: Sensor) -> None:
        self._files, self._lock = ExitStack(), Lock()
        try:
            self._raster = self._open(self._name(source, sensor), bands, sensor)
        except BaseException:
            self._files.close()
            raise
        self._shown = 3 if len(self._raster.band_names) >= 3 else 1
        self.grid = self._raster.grid
        self.name = self._raster.name

    def _name(self, source: Source, sensor: Sensor) -> str | Path:
        if is_opened(source):
            return named(source, self._files)
        if is_labelled(source):
            return in_memory_file(source, self._files)
        return _pixels_in_memory(np.asarray(source), _natural(sensor), self._files)

    def _open(self, name: str | Path, bands: tuple[str, ...] | None, sensor: Sensor) -> Raster:
        """Open a file with the bands that were asked for, the natural colours, or others that the file has."""
        # a file without names must have exactly the bands of a model, so ask for these, too
        single = [(each,) for each in sensor.band_names]
        errors = []
        for tried in [bands] if bands else [_natural(sensor), sensor.default_bands, _OTHERS, *single]:
            try:
                return self._files.enter_context(open_raster(name, tried, sensor=sensor))
            except InputError as error:
                errors.append(error)
        raise errors[0]  # it says which of the first bands are missing

    def put_at(self, bounds: Bounds) -> None:
        """Give an image without a place the extent of west, south, east and north in degrees."""
        west, south, east, north = bounds
        height, width = self.grid.height, self.grid.width
        across, down = (east - west) / width, (north - south) / height
        self.grid = Grid(height, width, LONGITUDE_LATITUDE, Affine(across, 0, west, 0, -down, north))

    def put_on(self, other: Grid) -> None:
        """Give an image without a place the extent of another grid."""
        across, down = other.width / self.grid.width, other.height / self.grid.height
        transform = composed(other.transform, Affine.scale(across, down))
        self.grid = Grid(self.grid.height, self.grid.width, other.crs, transform)

    def put_at_origin(self) -> None:
        """Give an image without a place one at 0 degrees north, 0 degrees east, with pixels of 10 m."""
        half_height, half_width = (size * _GSD_DEGREES / 2 for size in (self.grid.height, self.grid.width))
        self.put_at((-half_width, -half_height, half_width, half_height))

    @property
    def has_place(self) -> bool:
        """True if the image can be shown on a web map."""
        return has_place(self.grid)

    @property
    def bounds(self) -> Bounds:
        """West, south, east and north, degrees."""
        return lon_lat_bounds(self.grid)

    @property
    def zoom(self) -> float:
        """The zoom at which a tile's pixels are as large as those of the image."""
        return native_zoom(self.bounds, self.grid.height)

    @cached_property
    def _overview(self) -> Block:
        return self._read(Window(0, 0, self.grid.height, self.grid.width), self._overview_step)

    @property
    def _overview_step(self) -> float:
        return max(1.0, max(self.grid.height, self.grid.width) / _OVERVIEW_PX)

    def stretch(self, cut: float, gamma: float) -> Stretch:
        """Return the display stretch that fits this image; see `Stretch.of`."""
        return Stretch.of(self._overview.pixels, cut, gamma)

    def tile(self, z: int, x: int, y: int, stretch: Stretch) -> Picture | None:
        """Return a tile of the web map, (256, 256, 4), transparent without data; None if it shows nothing."""
        places = earth_places(self.grid, z, x, y)
        finite = np.isfinite(places.rows) & np.isfinite(places.cols)
        if not finite.any():
            return None
        rows, cols = places.rows[finite], places.cols[finite]
        top, left = max(0, math.floor(rows.min())), max(0, math.floor(cols.min()))
        bottom = min(self.grid.height, math.floor(rows.max()) + 1)
        right = min(self.grid.width, math.floor(cols.max()) + 1)
        if top >= bottom or left >= right:
            return None
        if places.step >= self._overview_step > 1:
            block = self._overview
        else:
            shrink = 1 << max(0, math.floor(math.log2(places.step) + 0.25))
            block = self._read(Window(top, left, bottom - top, right - left), shrink)
        pixels = block.at(np.where(finite, places.rows, -1e9), np.where(finite, places.cols, -1e9))
        valid = np.isfinite(pixels).all(0)
        if not valid.any():
            return None
        shown = stretch.apply(np.nan_to_num(pixels))
        shown = shown if shown.shape[2] == 3 else shown.repeat(3, axis=2)
        return np.dstack([shown, np.where(valid, 255, 0).astype(np.uint8)])

    def _read(self, window: Window, step: float) -> Block:
        """Return reflectance of a window; about `step` pixels along each side become one."""
        shape = (max(1, round(window.height / step)), max(1, round(window.width / step)))
        with self._lock:  # GDAL's files are for one thread at a time
            if step == 1:
                pixels, valid = self._raster.read(window)
            else:
                pixels, valid = self._raster.read_small(window, shape)
        shown: FloatImage = np.where(valid, pixels, np.float32(np.nan))[: self._shown]
        unit = (window.height / shown.shape[1], window.width / shown.shape[2])
        return Block(shown, window.row, window.col, unit)

    def close(self) -> None:
        """Close the file."""
        self._files.close()


def _natural(sensor: Sensor) -> tuple[str, ...]:
    """Return the bands of a sensor for red, green and blue."""
    return tuple(sensor.band_named(colour) or "" for colour in ("RED", "GREEN", "BLUE"))


def _pixels_in_memory(pixels: np.ndarray[Any, Any], natural: tuple[str, ...], files: ExitStack) -> VirtualFile:
    """Return the name of a raster in memory with the first three bands of an array, or its first one."""
    if pixels.ndim == 2:
        pixels = pixels[None]
    if pixels.ndim != 3 or 0 in pixels.shape or not np.issubdtype(pixels.dtype, np.floating):
        raise InputError(
            f"The array is {pixels.dtype} {pixels.shape}; expected reflectance as floats, (C, H, W) or (H, W)."
        )
    shown = pixels[: 3 if len(pixels) >= 3 else 1]
    memory = files.enter_context(rasterio.MemoryFile(ext=".tif"))
    count, height, width = shown.shape
    size = {"count": count, "height": height, "width": width, "dtype": "float32", "nodata": np.nan}
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), memory.open(driver="GTiff", **size) as raster:
        raster.write(shown.astype(np.float32))
        raster.descriptions = natural[:count]
    return VirtualFile(memory.name)
