"""Opening a raster for a model: the right bands, in order, as reflectance, window by window."""

import dataclasses
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window as RasterioWindow

from rs_srgan import bands as band_table
from rs_srgan.errors import InputError
from rs_srgan.radiometry import LARGEST_REFLECTANCE, QUANTIFICATION, Encoding, FloatImage, Image, Mask
from rs_srgan.tiling import Window

logger = logging.getLogger(__name__)

# Formats that hold pixels themselves: a VRT or a web address would let a file name other files.
# So the first bytes choose the driver, not GDAL. Sources: TIFF 6.0 and BigTIFF; ISO 15444-1 (box and codestream); PNG.
_SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\0\0\0\x0cjP  ": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
}
SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")

_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


@dataclass(frozen=True)
class Grid:
    """Where the pixels lie."""

    height: int
    width: int
    crs: CRS | None
    transform: Affine

    def scaled(self, scale: int) -> "Grid":
        """The same footprint with `scale` times the pixels along each axis."""
        return Grid(self.height * scale, self.width * scale, self.crs, self.transform * Affine.scale(1 / scale))


class Raster:
    """An open raster, read as reflectance in a model's bands.

    Attributes:
        path: of the file.
        grid: of the pixels.
        descriptions: of the bands, in the model's order: the file's own, or the model's names.
        encoding: of the pixels in the file.
        output_encoding: what a result should be written in: the file's own, uint16 DN where it held floats.
    """

    def __init__(self, path: Path, dataset: DatasetReader, band_names: tuple[str, ...], offset: float | None) -> None:
        self.path = path
        self.grid = Grid(dataset.height, dataset.width, dataset.crs, dataset.transform)
        self.area_or_point = dataset.tags().get("AREA_OR_POINT", "Area")
        self._dataset = dataset
        self._indexes = _find_bands(path, dataset, band_names)
        flags = [dataset.mask_flag_enums[index - 1] for index in self._indexes]
        self.descriptions = tuple(
            dataset.descriptions[index - 1] or name for index, name in zip(self._indexes, band_names, strict=True)
        )
        self._masked = any(MaskFlags.per_dataset in band or MaskFlags.alpha in band for band in flags)
        self.encoding = _encoding(path, dataset, self._indexes, offset)
        self.output_encoding = _output_encoding(self.encoding, self._masked)
        if self._is_float:
            self._refuse_dn_in_floats()

    @property
    def _is_float(self) -> bool:
        return self.encoding.dtype.startswith("float")

    def read(self, window: Window) -> tuple[FloatImage, Mask]:
        """Reflectance (C, h, w) of a window inside the raster, and where it is valid.

        Raises:
            InputError: the file is truncated or corrupt there.
        """
        area = RasterioWindow(window.col, window.row, window.width, window.height)
        image, valid = self.encoding.decode(self._pixels(area))
        if self._masked:
            valid &= self._dataset.read_masks(self._indexes, window=area) > 0
            image[~valid] = 0
        return image, valid

    def _pixels(self, area: RasterioWindow) -> Image:
        try:
            pixels: Image = self._dataset.read(self._indexes, window=area)
        except RasterioError as error:
            raise InputError(
                f"{self.path.name} is truncated or corrupt: no pixels at row {area.row_off}, column {area.col_off} "
                f"({_first_line(error)}). Copy or download it again."
            ) from None
        return pixels

    def _refuse_dn_in_floats(self) -> None:
        step = max(1, max(self.grid.height, self.grid.width) // 256)
        shape = (len(self._indexes), max(1, self.grid.height // step), max(1, self.grid.width // step))
        sample, valid = self.encoding.decode(self._dataset.read(self._indexes, out_shape=shape))
        largest = np.abs(sample[valid]).max(initial=0)
        if largest > LARGEST_REFLECTANCE:
            raise InputError(
                f"{self.path.name} holds floats up to {largest:.0f}; expected reflectance, about 0..1. "
                "If they are DN, save them as uint16."
            )


@contextmanager
def open_raster(path: str | Path, band_names: tuple[str, ...], offset: float | None = None) -> Iterator[Raster]:
    """Open a GeoTIFF, JP2, PNG or NPY file for a model.

    Bands are found by their descriptions; a file without any must have exactly the model's bands, in its order.

    Args:
        path: of the file. An .npy holds (C, H, W) or (H, W, C).
        band_names: of the model.
        offset: DN to add before dividing, instead of what the file's own tags say; -1000 for Sentinel-2 pixels since
            baseline 04.00 that were saved without tags.

    Raises:
        InputError: not there, not a raster, or not with the model's bands.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a file: GeoTIFF, JP2, PNG or NPY.")
    if not path.is_file():
        raise InputError(f"{path} does not exist.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes). Copy or download it again.")
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="TRUE"):
        if path.suffix.lower() == ".npy":
            with MemoryFile() as memory:
                _write_npy(path, memory, len(band_names))
                with memory.open() as dataset:
                    yield Raster(path, dataset, band_names, offset)
        else:
            with _open(path) as dataset:
                yield Raster(path, dataset, band_names, offset)


def _open(path: Path) -> DatasetReader:
    with path.open("rb") as file:
        start = file.read(8)
    driver = next((driver for signature, driver in _SIGNATURES.items() if start.startswith(signature)), None)
    if driver is None:
        raise InputError(f"{path.name} is no GeoTIFF, JP2, PNG or NPY file, whatever its name says.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a PNG has no place on the map
            return rasterio.open(path, driver=driver)
    except RasterioIOError as error:
        raise InputError(f"{path.name} is truncated or corrupt ({_first_line(error)}).") from None


def _first_line(error: Exception) -> str:
    """GDAL's own words without its paths, which are no business of a visitor's."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return " ".join(Path(word.strip("',:")).name if "/" in word else word for word in line.split())


def _write_npy(path: Path, memory: MemoryFile, bands: int) -> None:
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as an NPY array ({_first_line(error)}).") from None
    if not isinstance(array, np.ndarray) or array.ndim != 3 or bands not in (array.shape[0], array.shape[2]):
        found = f"shape {array.shape}" if isinstance(array, np.ndarray) else "several arrays"
        raise InputError(f"{path.name} has {found}; expected ({bands}, height, width) or (height, width, {bands}).")
    if array.shape[0] != bands:
        array = array.transpose(2, 0, 1)
    if 0 in array.shape:
        raise InputError(f"{path.name} has shape {array.shape}: there are no pixels in it.")
    if array.dtype.name not in _DTYPES:
        raise InputError(f"{path.name} holds {array.dtype}; expected uint16 DN or float reflectance.")
    _, height, width = array.shape
    with memory.open(driver="GTiff", count=bands, height=height, width=width, dtype=array.dtype) as dataset:
        dataset.write(array)


def _find_bands(path: Path, dataset: DatasetReader, band_names: tuple[str, ...]) -> list[int]:
    """One-based indexes of the model's bands."""
    named = [band_table.canonical_name(description or "") for description in dataset.descriptions]
    wanted = f"{len(band_names)} bands ({', '.join(band_names)})"
    if any(named):
        missing = [band for band in band_names if band not in named]
        if missing:
            has = ", ".join(name or "unnamed" for name in named)
            raise InputError(
                f"Expected {wanted} but {path.name} has {has}: {', '.join(missing)} missing. "
                "Add what is missing, or choose a model for these bands: rs-srgan models."
            )
        return [named.index(band) + 1 for band in band_names]
    colours = [index for index, kind in enumerate(dataset.colorinterp, 1) if kind != ColorInterp.alpha]
    if len(colours) != len(band_names):
        alpha = " and an alpha channel, which is not a band" if len(colours) < dataset.count else ""
        raise InputError(
            f"Expected {wanted} but {path.name} has {len(colours)}{alpha}, without descriptions. "
            "Give the bands in that order, or describe them (gdal_edit, rasterio's set_band_description)."
        )
    return colours


def _encoding(path: Path, dataset: DatasetReader, indexes: list[int], offset: float | None) -> Encoding:
    dtypes = {dataset.dtypes[index - 1] for index in indexes}
    if len(dtypes) > 1 or not dtypes <= set(_DTYPES):
        raise InputError(f"{path.name} holds {', '.join(sorted(dtypes))}; expected uint16 DN or float reflectance.")
    dtype = dtypes.pop()
    gain = tuple(dataset.scales[index - 1] for index in indexes)
    bias = tuple(dataset.offsets[index - 1] for index in indexes)
    if any(value == 0 for value in gain):
        raise InputError(f"{path.name} has a scale tag of 0, which would make every pixel equal. Correct the tag.")
    tagged = any(value != 1 for value in gain) or any(value != 0 for value in bias)
    if not tagged:  # then the type says it
        unit = {"uint8": 1 / 255, "float32": 1.0, "float64": 1.0}.get(dtype, 1 / QUANTIFICATION)
        gain = (unit,) * len(indexes)
        if dtype == "uint8":
            logger.warning("%s is 8-bit: read as display values, value / 255. The result is no reflectance.", path.name)
    if offset is not None:
        bias, tagged = tuple(value * offset for value in gain), True
    return Encoding(dtype, gain, bias, dataset.nodata, tagged)


def _output_encoding(source: Encoding, masked: bool) -> Encoding:
    if source.dtype.startswith("float"):
        bands = len(source.gain)
        return Encoding("uint16", (1 / QUANTIFICATION,) * bands, (0.0,) * bands, 0, tagged=True)
    limits = np.iinfo(source.dtype)
    nodata = source.nodata
    if nodata is not None and not (float(nodata).is_integer() and limits.min <= nodata <= limits.max):
        nodata = None  # a value that no pixel can have
    if nodata is None and masked:
        nodata = 0
    return dataclasses.replace(source, nodata=nodata)
