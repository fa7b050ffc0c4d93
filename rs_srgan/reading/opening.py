"""Open a file or a product for a model: with the model's bands, in the model's order, as reflectance."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader

from rs_srgan.errors import InputError
from rs_srgan.reading.arrays import bands_first, in_memory, npy_array
from rs_srgan.reading.bands import find_alpha, find_bands
from rs_srgan.reading.encoding import checked_offset, find_encoding, require_dtype
from rs_srgan.reading.gdal import driver_of, open_dataset, refuse_huge_blocks, warn_of_sidecars
from rs_srgan.reading.paths import existing
from rs_srgan.reading.proj import require_proj
from rs_srgan.reading.raster import Layer, Raster
from rs_srgan.reading.safe import is_product, open_product
from rs_srgan.sensors import SENTINEL2, Sensor

logger = logging.getLogger(__name__)

SUFFIXES = (".tif", ".tiff", ".jp2", ".png", ".npy")


@contextmanager
def open_raster(
    path: str | Path, band_names: tuple[str, ...], offset: float | None = None, sensor: Sensor = SENTINEL2
) -> Iterator[Raster]:
    """Open a GeoTIFF, JP2, PNG or NPY file, or a Sentinel-2 product, for a model.

    Bands are found by their descriptions. A file without descriptions must have exactly the model's bands, in the
    model's order. Integers without scale and offset tags are decoded by the sensor's gain, bias and nodata.

    Args:
        path: path of a file, a .SAFE folder, a zip archive with one in it, or a product's MTD_MSIL*.xml. An NPY file
            holds (C, H, W) or (H, W, C).
        band_names: names of the model's bands.
        offset: DN to add before scaling, instead of the file's or the sensor's own offset; -1000 for Sentinel-2 pixels
            since baseline 04.00 that were saved without tags.
        sensor: the sensor that took the image. Products are always Sentinel-2.

    Raises:
        InputError: the path does not exist, is no raster, or lacks a band of the model.
    """
    path = existing(path)
    require_proj()
    if offset is not None:
        offset = checked_offset(offset)
    with ExitStack() as stack:
        if is_product(path):
            raster = _open_product(path, band_names, offset, sensor)
        else:
            raster = _open_file(path, band_names, offset, sensor, stack)
        stack.callback(raster.close)
        yield raster


def _open_product(path: Path, band_names: tuple[str, ...], offset: float | None, sensor: Sensor) -> Raster:
    if sensor != SENTINEL2:
        raise InputError(
            f"{path.name} can only be a Sentinel-2 product, and the sensor is {sensor.name}; expected a GeoTIFF, JP2, "
            "PNG or NPY file. Stack the bands into one GeoTIFF, or leave the sensor out."
        )
    product = open_product(path)
    images = product.image_paths(band_names)
    encoding = product.encoding(band_names)
    if offset is not None:
        encoding = encoding.with_offset(offset)
    with ExitStack() as opened:
        layers = []
        for image in images:
            dataset = product.open_image(image)
            opened.callback(dataset.close)
            layers.append(Layer(PurePosixPath(image).name, dataset, [1]))
        files = [path] if product.members else [Path(image) for image in images]
        raster = Raster(path.name, files, layers, band_names, encoding)
        opened.pop_all()  # the raster closes them now
    return raster


def _open_file(
    path: Path, band_names: tuple[str, ...], offset: float | None, sensor: Sensor, stack: ExitStack
) -> Raster:
    dataset = _open_any_dataset(path, len(band_names), stack)
    try:
        indexes = find_bands(path.name, dataset, band_names, sensor)
        flags = [set(dataset.mask_flag_enums[index - 1]) - {MaskFlags.all_valid} for index in indexes]
        masked = any(flag - {MaskFlags.nodata} and MaskFlags.alpha not in flag for flag in flags)
        if dataset.rpcs:
            logger.warning("%s is georeferenced by RPCs only, which the result does not keep.", path.name)
        pairs = zip(indexes, band_names, strict=True)
        descriptions = tuple(dataset.descriptions[index - 1] or name for index, name in pairs)
        encoding = find_encoding(path.name, dataset, indexes, sensor, offset)
        refuse_huge_blocks(path.name, dataset)
        layer = Layer(path.name, dataset, indexes, masked, find_alpha(dataset, indexes))
        return Raster(path.name, [path], [layer], descriptions, encoding)
    except BaseException:
        dataset.close()
        raise


def _open_any_dataset(path: Path, bands: int, stack: ExitStack) -> DatasetReader:
    """Open a file of any supported format as a dataset; an NPY file with `bands` bands is copied into memory."""
    if not path.is_file():
        raise InputError(f"{path} is no regular file; expected a GeoTIFF, JP2, PNG or NPY file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes); expected an image. Copy or download it again.")
    if path.suffix.lower() == ".npy":
        array = bands_first(path, npy_array(path), bands)
        require_dtype(path.name, array.dtype.name)
        return in_memory(array, stack)
    dataset = open_dataset(str(path), path.name, driver_of(path))
    warn_of_sidecars(path, located=not dataset.transform.is_identity or bool(dataset.gcps[0]))
    return dataset
