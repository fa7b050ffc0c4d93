"""Inspections: what a model would read of a file or a product, for people and for programs."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.warp import transform_bounds

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding, FloatImage, Stretch
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import without_location_warning
from rs_srgan.reading.grid import Grid
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.proj import LONGITUDE_LATITUDE, PROJECTION_ERRORS
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.safe import SafeProduct, is_product, open_product
from rs_srgan.reading.stack import open_stack
from rs_srgan.reading.stated import Stated
from rs_srgan.reading.survey import BandFigures, Survey, find_faults, survey
from rs_srgan.reading.virtual import virtual_file
from rs_srgan.sensors import SENTINEL2, Sensor
from rs_srgan.whole_files import whole_file

# A product stores its images in blocks of that many pixels along each axis. One is decoded for the figures.
_BLOCK_PX = 1024
# Side of a picture, pixels, and rows that are read at once for it.
_PICTURE_PX, _ROWS = 512, 1024


@dataclass(frozen=True)
class Inspection:
    """What a model would read of a file or a product.

    Attributes:
        name: name of the file or product.
        kind: format of the file; level and baseline of the product.
        width: number of columns, LR pixels.
        height: number of rows, LR pixels.
        pixel_size: width and height of a pixel, in units of the CRS; None without georeference.
        crs: CRS as text; None without one.
        footprint: west, south, east, north in degrees, west > east across 180 degrees; None without georeference.
        date: day of the acquisition in ISO 8601; None if nothing states it.
        tile: tile of the military grid of a product; None otherwise.
        cloud_percent: cloud cover that a product states, 0 to 100; None otherwise.
        named: what named the bands.
        data_type: numpy's name of the data type.
        reflectance: formula from a stored value to reflectance, of the first band.
        display: whether the values are for display, 8-bit, and no reflectance.
        gain: reflectance of one DN, for each band.
        bias: reflectance at DN 0, for each band.
        nodata: what counts as no data.
        bands: figures of each band.
        sampled: share of the pixels that the figures come from, 0 to 1.
        warnings: what may be wrong, with the option that mends it.
    """

    name: str
    kind: str
    width: int
    height: int
    pixel_size: tuple[float, float] | None
    crs: str | None
    footprint: tuple[float, float, float, float] | None
    date: str | None
    tile: str | None
    cloud_percent: float | None
    named: str
    data_type: str
    reflectance: str
    display: bool
    gain: tuple[float, ...]
    bias: tuple[float, ...]
    nodata: str
    bands: tuple[BandFigures, ...]
    sampled: float
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the facts as plain values; None instead of NaN, which JSON does not have."""
        facts = asdict(self)
        facts["bands"] = [
            {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in band.items()}
            for band in facts["bands"]
        ]
        return facts

    def __str__(self) -> str:
        """Return the facts as lines for people."""
        place = "not georeferenced"
        if self.footprint is not None:
            place = " ".join(f"{value:.4f}" for value in self.footprint) + f" (W S E N), {self.crs}"
        size = f"{self.width} x {self.height} pixels"
        if self.pixel_size is not None:
            size += f" of {self.pixel_size[0]:g} x {self.pixel_size[1]:g}"
        clouds = "" if self.cloud_percent is None else f", clouds {self.cloud_percent:.3g} %"
        lines = [
            f"{self.name}: {self.kind}",
            f"size        {size}",
            f"footprint   {place}",
            f"date        {self.date or 'unknown'}{f', tile {self.tile}' if self.tile else ''}{clouds}",
            f"bands       {', '.join(band.name for band in self.bands)} {self.named}",
            f"values      {self.data_type}, {self.reflectance}",
            f"nodata      {self.nodata}",
            "",
            f"{'band':<6}{'valid':>8}{'min':>9}{'1 %':>9}{'median':>9}{'mean':>9}{'99 %':>9}{'max':>9}",
            *map(_line, self.bands),
            "reflectance, of all pixels" if self.sampled == 1 else f"reflectance, of {self.sampled:.2%} of the pixels",
        ]
        return "\n".join([*lines, *(f"warning: {warning}" for warning in self.warnings)])


def _line(band: BandFigures) -> str:
    figures = (band.minimum, band.low, band.median, band.mean, band.high, band.maximum)
    return f"{band.name:<6}{band.valid:>8.1%}" + "".join(f"{value:>9.4f}" for value in figures)


def inspect_image(
    path: str | Path | Sequence[str | Path],
    band_names: tuple[str, ...],
    stated: Stated = Stated(),
    sensor: Sensor = SENTINEL2,
    picture: Path | None = None,
) -> Inspection:
    """Return what a model would read of a file or a product.

    Args:
        path: path of a raster or a product, see `open_raster`; or the paths of files with one band each, see
            `open_stack`.
        band_names: names of the model's bands.
        stated: what the user states about the image.
        sensor: the sensor that took the image.
        picture: PNG file to write, with the image at most 512 pixels wide and high; None for no picture.

    Raises:
        InputError: see `open_raster` and `open_stack`; or the picture exists already, or has no folder.
    """
    if picture is not None and picture.exists():
        raise InputError(f"{picture} exists already. Choose another name for the picture, or remove the file.")
    if picture is not None and not picture.parent.is_dir():
        raise InputError(f"The folder {picture.parent} does not exist. Create it first.")
    if isinstance(path, str | Path):
        opened = open_raster(virtual_file(str(path)) or path, band_names, stated, sensor)
    else:
        opened = open_stack(path, band_names, stated, sensor)
    with gather_warnings() as warnings, opened as raster:
        product = None
        if isinstance(path, str | Path) and is_product(Path(path)):
            product = open_product(Path(path).absolute())
        found = inspect_raster(raster, warnings, product=product)
        if picture is not None:
            _draw(raster, sensor, picture)
        return found


def inspect_raster(
    raster: Raster, warnings: Sequence[str] = (), part: Window | None = None, product: SafeProduct | None = None
) -> Inspection:
    """Return what a model would read of an open raster.

    Args:
        raster: the open raster.
        warnings: what the reader warned of while it opened the raster, see `gather_warnings`.
        part: the wanted part of a product, from which one block is decoded; None for all of it. Of other images the
            figures come from samples of the whole.
        product: the product, if `raster` is one and its metadata are wanted, too.

    Raises:
        ReadError: the file is truncated or corrupt where it is sampled.
        InputError: the values are no reflectance.
    """
    whole = Window(0, 0, raster.grid.height, raster.grid.width)
    found = survey(raster, _one_block(raster, part or whole) if raster.product else None)
    return _describe(product, raster, found, (*warnings, *find_faults(raster, found)))


def summarise(found: Inspection) -> str:
    """Return what was read and what may be wrong, in sentences without the last full stop."""
    parts = [
        f"{', '.join(band.name for band in found.bands)} {found.named}".rstrip(),
        found.reflectance,
        f"no data: {found.nodata}",
    ]
    about = [f"The image has {found.width} x {found.height} pixels"]
    if found.date:
        about.append(f"is of {found.date}")
    medians = [f"{band.median:.3f} in {band.name}" for band in found.bands if band.valid]
    if medians and not found.display:
        about.append(f"has a median reflectance of {', '.join(medians)}")
    shown = " and ".join(about) if len(about) < 3 else f"{about[0]}, {about[1]} and {about[2]}"
    return ". ".join([", ".join(parts), *(warning.rstrip(".") for warning in found.warnings), shown])


@contextmanager
def gather_warnings() -> Iterator[list[str]]:
    """Yield a list that takes the warnings of this package, which are then logged nowhere else."""
    found: list[str] = []

    class Gather(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                found.append(record.getMessage())

    package, handler = logging.getLogger("rs_srgan"), Gather()
    before, level = package.propagate, package.level
    package.addHandler(handler)
    package.propagate = False
    package.setLevel(min(package.getEffectiveLevel(), logging.WARNING))
    try:
        yield found
    finally:
        package.setLevel(level)
        package.propagate = before
        package.removeHandler(handler)


def _one_block(raster: Raster, part: Window) -> list[Window]:
    """Return what of one block lies in a part of a product: of the block nearest to its middle that holds data."""
    for down, right in ((0.5, 0.5), (0.25, 0.25), (0.75, 0.75), (0.25, 0.75), (0.75, 0.25)):
        row = int(part.row + down * part.height) // _BLOCK_PX * _BLOCK_PX
        col = int(part.col + right * part.width) // _BLOCK_PX * _BLOCK_PX
        block = Window(row, col, _BLOCK_PX, _BLOCK_PX).relative_to(part)
        window = block.clipped(part.height, part.width).moved(part)
        if raster.read_stored(window)[1].any():  # decoded once: layers keep their blocks
            return [window]
    return [window]


def _describe(product: SafeProduct | None, raster: Raster, found: Survey, warnings: tuple[str, ...]) -> Inspection:
    grid, encoding = raster.grid, raster.encoding
    located = not grid.transform.is_identity
    driver = raster.layers[0].dataset.driver
    size = (abs(grid.transform.a), abs(grid.transform.e)) if located else None
    return Inspection(
        name=raster.name,
        kind=f"Sentinel-2 {product.level}, baseline {product.baseline}" if product else driver,
        width=grid.width,
        height=grid.height,
        pixel_size=size,
        crs=grid.crs.to_string() if grid.crs else None,
        footprint=_footprint(grid) if located else None,
        date=raster.taken.isoformat() if raster.taken else None,
        tile=product.tile or None if product else None,
        cloud_percent=product.cloud_percent if product else None,
        named=raster.named,
        data_type=encoding.dtype,
        reflectance="display value / 255, no reflectance" if encoding.display else str(encoding),
        display=encoding.display,
        gain=encoding.gain,
        bias=encoding.bias,
        nodata=_nodata(raster, encoding),
        bands=found.bands,
        sampled=found.sampled,
        warnings=warnings,
    )


def _nodata(raster: Raster, encoding: Encoding) -> str:
    parts = []
    if encoding.nodata is not None:
        parts.append(f"{encoding.nodata:g} in each band")
    if encoding.empty:
        parts.append(f"{' or '.join(f'{value:g}' for value in encoding.empty)} in all bands, not declared")
    if encoding.dtype.startswith("float"):
        parts.append("NaN")
    if any(layer.masked or layer.alpha for layer in raster.layers):
        parts.append("by the file's mask")
    return ", ".join(parts) or "none"


def _footprint(grid: Grid) -> tuple[float, float, float, float] | None:
    if grid.crs is None:
        return None
    xs, ys = zip(*grid.corners, strict=True)
    try:
        with rasterio.Env():  # else GDAL prints its own message
            box = transform_bounds(grid.crs, LONGITUDE_LATITUDE, min(xs), min(ys), max(xs), max(ys))
    except PROJECTION_ERRORS:
        return None
    west, south, east, north = (round(float(value), 6) for value in box)
    return (west, south, east, north) if np.isfinite(box).all() else None


def _draw(raster: Raster, sensor: Sensor, picture: Path) -> None:
    """Write a small picture of a raster: averages of whole blocks of pixels, since GDAL must not shrink the file."""
    shown = sensor.display_bands(raster.band_names)
    indexes = [raster.band_names.index(band) for band in shown]
    height, width = raster.grid.height, raster.grid.width
    step = -(-max(height, width) // _PICTURE_PX)
    rows = max(1, _ROWS // step) * step
    strips = [_average(raster, indexes, top, min(rows, height - top), step) for top in range(0, height, rows)]
    small = np.concatenate(strips, axis=1)
    display = Stretch.of(small, percent=1, gamma=1.3).apply(small).transpose(2, 0, 1)
    with (
        whole_file(picture) as fresh,
        without_location_warning(),
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(
            fresh, "w", driver="PNG", count=3, height=display.shape[1], width=display.shape[2], dtype="uint8"
        ) as out,
    ):
        out.write(display)


def _average(raster: Raster, indexes: Sequence[int], top: int, height: int, step: int) -> FloatImage:
    image, valid = raster.read(Window(top, 0, height, raster.grid.width))
    image, valid = image[list(indexes)], valid[list(indexes)]
    image[~valid] = np.nan
    count, tall, wide = image.shape
    padded = np.full((count, -(-tall // step) * step, -(-wide // step) * step), np.nan, np.float32)
    padded[:, :tall, :wide] = image
    blocks = padded.reshape(count, padded.shape[1] // step, step, padded.shape[2] // step, step)
    known = np.isfinite(blocks).sum((2, 4))
    mean: FloatImage = np.where(known > 0, np.nansum(blocks, (2, 4)) / np.maximum(known, 1), np.nan).astype(np.float32)
    return mean
