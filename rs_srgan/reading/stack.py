"""Stacks: files with one band each, which are read as one raster."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.safe import is_product
from rs_srgan.reading.stated import Stated
from rs_srgan.reading.virtual import virtual_file
from rs_srgan.sensors import SENTINEL2, Sensor


@contextmanager
def open_stack(
    paths: Sequence[str | Path], band_names: tuple[str, ...], stated: Stated = Stated(), sensor: Sensor = SENTINEL2
) -> Iterator[Raster]:
    """Open files with one band each as one raster.

    The names that the user states for the files decide which band each holds; else the names of the files do, all
    together.

    Args:
        paths: paths of the files, in any order; files of other bands are not opened.
        band_names: names of the model's bands.
        stated: what the user states; its names are those of the files, in their order.
        sensor: the sensor that took the images.

    Raises:
        InputError: a file is no raster of one band, a band is missing or given twice, or grids or data types differ.
    """
    files = [Path(path) for path in paths]
    names = [path.stem for path in files] if stated.band_names is None else list(stated.band_names)
    if len(names) != len(files):
        raise InputError(
            f"There are {len(files)} files to stack, and --band-names states {len(names)}; expected one for each file."
        )
    products = [path.name for path in files if is_product(path)]
    if products:
        raise InputError(f"{products[0]} is a product, which needs no stacking. Give it alone, without --stack.")
    found = sensor.bands_named(names)
    chosen = []
    for band in band_names:
        places = [path for path, name in zip(paths, found, strict=True) if name == band]
        if len(places) != 1:
            has = ", ".join(f"{path.name} ({name or 'unknown'})" for path, name in zip(files, found, strict=True))
            raise InputError(
                f"Expected one file of {band} but {len(places)} of these are: {has}. Give one file for each of "
                f"{', '.join(band_names)}, or state the bands in the files' order: --band-names. Of several dates, "
                "stack the files of each date (rio stack), then give the stacks as revisits, without --stack."
            )
        chosen.append(places[0])
    with ExitStack() as stack:
        rasters = []
        for path, band in zip(chosen, band_names, strict=True):
            alone = Stated(stated.offset, stated.scale, stated.nodata, (band,))
            image = virtual_file(str(path)) or path
            rasters.append(stack.enter_context(open_raster(image, (band,), alone, sensor)))
        raster = _together(rasters, band_names, "by the files' names" if stated.band_names is None else "as stated")
        stack.callback(raster.close)
        yield raster


def _together(rasters: Sequence[Raster], band_names: tuple[str, ...], named: str) -> Raster:
    """Return one raster of all layers; the first file's grid and data type must be those of all."""
    first = rasters[0]
    for other in rasters[1:]:
        if other.grid != first.grid:
            raise InputError(
                f"{other.name} has {other.grid.width} x {other.grid.height} pixels and {first.name} "
                f"{first.grid.width} x {first.grid.height}, or lie elsewhere; expected the same grid. Resample one."
            )
        if (other.encoding.dtype, other.encoding.nodata) != (first.encoding.dtype, first.encoding.nodata):
            raise InputError(
                f"{other.name} holds {other.encoding.dtype} with nodata {other.encoding.nodata}, {first.name} "
                f"{first.encoding.dtype} with {first.encoding.nodata}; expected the same. Convert one."
            )
    gain = tuple(raster.encoding.gain[0] for raster in rasters)
    bias = tuple(raster.encoding.bias[0] for raster in rasters)
    tagged = any(raster.encoding.tagged for raster in rasters)
    encoding = Encoding(first.encoding.dtype, gain, bias, first.encoding.nodata, tagged, first.encoding.empty)
    files = [file for raster in rasters for file in raster.files]
    layers = [layer for raster in rasters for layer in raster.layers]
    days = {raster.taken for raster in rasters}
    taken = first.taken if len(days) == 1 else None
    return Raster(f"{first.name} and others", files, layers, band_names, encoding, band_names, named, taken=taken)
